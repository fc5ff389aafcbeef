"""Where the windows of a convolution or a pooling lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Windows:
    """Windows over a picture: size, stride, dilation, and the border that SAME padding adds.

    Padding that is off by one shifts every picture by a pixel: the model still works, a little worse.

    Examples
    --------
    >>> same = Windows.of((48, 48), (24, 24), (5, 5), {"padding": 0, "strideH": 2, "strideW": 2})
    >>> same.top, same.left
    (1, 1)
    """

    rows: int
    """Windows from top to bottom."""
    columns: int
    """Windows from left to right."""
    height: int
    """Values of a window from top to bottom."""
    width: int
    """Values of a window from left to right."""
    stride: tuple[int, int]
    """Steps down and right between windows."""
    dilation: tuple[int, int]
    """Steps down and right inside a window."""
    top: int
    """Rows of padding above the picture; below there may be one more."""
    left: int
    """Columns of padding left of the picture."""

    @classmethod
    def of(
        cls, tall_wide: tuple[int, int], outputs: tuple[int, int], size: tuple[int, int], options: dict[str, Any]
    ) -> Windows:
        """Read them from the options of an operator; half of the padding, rounded down, lies above and left.

        A ValueError tells of outputs that these windows do not give.
        """
        stride = (int(options["strideH"]), int(options["strideW"]))
        dilation = (int(options.get("dilationHFactor", 1)), int(options.get("dilationWFactor", 1)))
        if min(*stride, *dilation, *size) < 1 or options["padding"] not in (0, 1):
            raise ValueError(f"windows of size {size}, stride {stride}, dilation {dilation}")
        border = [0, 0]
        for side in range(2):
            window = (size[side] - 1) * dilation[side] + 1
            room = tall_wide[side] if options["padding"] == 0 else tall_wide[side] - window + 1
            if outputs[side] != -(-room // stride[side]) or outputs[side] < 1 or window > 2 * tall_wide[side] + 256:
                raise ValueError(
                    f"windows of {window} with stride {stride[side]} over {tall_wide[side]} values do not give "
                    f"{outputs[side]}"
                )
            if options["padding"] == 0:  # SAME
                border[side] = max((outputs[side] - 1) * stride[side] + window - tall_wide[side], 0) // 2
        return cls(*outputs, *size, stride, dilation, *border)

    def cut(self, x: np.ndarray, fill: int) -> np.ndarray:
        """The values under every window, shape (n, rows, columns, height, width, channels)."""
        (down, right), (dy, dx) = self.stride, self.dilation
        below = max((self.rows - 1) * down + (self.height - 1) * dy + 1 - self.top - x.shape[1], 0)
        beside = max((self.columns - 1) * right + (self.width - 1) * dx + 1 - self.left - x.shape[2], 0)
        padded = np.pad(x, ((0, 0), (self.top, below), (self.left, beside), (0, 0)), constant_values=fill)
        y = (np.arange(self.rows) * down)[:, None] + np.arange(self.height) * dy
        z = (np.arange(self.columns) * right)[:, None] + np.arange(self.width) * dx
        return padded[:, y[:, None, :, None], z[None, :, None, :]]

    @property
    def numbers(self) -> tuple[int, ...]:
        """Height, width, strides, dilations, top and left, as the compiled loops take them."""
        return (self.height, self.width, *self.stride, *self.dilation, self.top, self.left)
