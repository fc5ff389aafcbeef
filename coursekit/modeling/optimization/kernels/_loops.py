"""The compiled loops: gathering of windows, requantization, depthwise sums, maxima."""

from __future__ import annotations

import numpy as np

from coursekit.compiling import compiled


@compiled
def requantize(sums, bias, multiplier, shift, half_up, zero_point, low, high, out):  # type: ignore[no-untyped-def]
    """int8 of sums (rows, channels), exact whole numbers in float; a multiplier and a way of halves per channel."""
    rows, channels = sums.shape
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    half = (1 << right) >> 1
    down = (right > 0) & ~half_up
    for row in range(rows):
        for channel in range(channels):
            x = (np.int64(sums[row, channel]) + bias[channel]) << left[channel]
            high_half = (x * multiplier[channel] + (1 << 30)) >> 31
            # a half goes up, or, below zero and away from it, down
            y = (high_half + half[channel] - (down[channel] & (high_half < 0))) >> right[channel]
            out[row, channel] = min(max(y + zero_point, low), high)


@compiled
def windows(x, zero_point, height, width, stride_y, stride_x, dilation_y, dilation_x, top, left, rows, columns, out):  # type: ignore[no-untyped-def]
    """Inputs minus zero point of every window, (n * rows * columns, height * width * channels); outside lies 0."""
    n, tall, wide, channels = x.shape
    for image in range(n):
        for row in range(rows):
            for column in range(columns):
                at = (image * rows + row) * columns + column
                place = 0
                for ky in range(height):
                    y = row * stride_y - top + ky * dilation_y
                    for kx in range(width):
                        z = column * stride_x - left + kx * dilation_x
                        if 0 <= y < tall and 0 <= z < wide:
                            for channel in range(channels):
                                out[at, place + channel] = int(x[image, y, z, channel]) - zero_point
                        else:
                            for channel in range(channels):
                                out[at, place + channel] = 0
                        place += channels


@compiled
def depthwise(x, weight, zero_point, times, stride_y, stride_x, dilation_y, dilation_x, top, left, out):  # type: ignore[no-untyped-def]
    """Sums of products of each channel with its own filter, int32 of shape (n, rows, columns, channels * times)."""
    n, tall, wide, channels = x.shape
    height, width, _ = weight.shape
    rows, columns = out.shape[1], out.shape[2]
    for image in range(n):
        for row in range(rows):
            for column in range(columns):
                sums = out[image, row, column]
                sums[:] = 0
                for ky in range(height):
                    y = row * stride_y - top + ky * dilation_y
                    if 0 <= y < tall:
                        for kx in range(width):
                            z = column * stride_x - left + kx * dilation_x
                            if 0 <= z < wide:
                                pixel, kernel = x[image, y, z], weight[ky, kx]
                                if times == 1:
                                    for channel in range(channels):
                                        sums[channel] += (int(pixel[channel]) - zero_point) * kernel[channel]
                                else:
                                    for channel in range(channels):
                                        value = int(pixel[channel]) - zero_point
                                        for copy in range(channel * times, (channel + 1) * times):
                                            sums[copy] += value * kernel[copy]


@compiled
def maxima(x, height, width, stride_y, stride_x, top, left, low, high, out):  # type: ignore[no-untyped-def]
    """Largest value of each window, within the limits."""
    n, tall, wide, channels = x.shape
    rows, columns = out.shape[1], out.shape[2]
    for image in range(n):
        for row in range(rows):
            for column in range(columns):
                best = out[image, row, column]
                best[:] = -128
                for y in range(max(row * stride_y - top, 0), min(row * stride_y - top + height, tall)):
                    for z in range(max(column * stride_x - left, 0), min(column * stride_x - left + width, wide)):
                        pixel = x[image, y, z]
                        for channel in range(channels):
                            best[channel] = max(best[channel], pixel[channel])
                for channel in range(channels):
                    best[channel] = min(max(best[channel], low), high)


@compiled
def averages(x, height, width, stride_y, stride_x, top, left, low, high, out):  # type: ignore[no-untyped-def]
    """Mean of each window, halves away from zero, over the values that lie inside."""
    n, tall, wide, channels = x.shape
    rows, columns = out.shape[1], out.shape[2]
    for image in range(n):
        for row in range(rows):
            for column in range(columns):
                y0, y1 = max(row * stride_y - top, 0), min(row * stride_y - top + height, tall)
                z0, z1 = max(column * stride_x - left, 0), min(column * stride_x - left + width, wide)
                count = (y1 - y0) * (z1 - z0)
                for channel in range(channels):
                    total = 0
                    for y in range(y0, y1):
                        for z in range(z0, z1):
                            total += int(x[image, y, z, channel])
                    mean = (total + count // 2) // count if total > 0 else -((count // 2 - total) // count)
                    out[image, row, column, channel] = min(max(mean, low), high)
