"""Begins with two bits everywhere and widens what calms the scores most for a byte; causes by ratios."""


# %% solution_weights
def quantize_weights(weights, bits=8):
    weights = np.asarray(weights, dtype=np.float64)
    top, others = 2 ** (bits - 1) - 1, tuple(range(1, weights.ndim))
    scales = np.abs(weights).max(axis=others) / top
    scales[scales == 0] = 1.0
    steps = (weights.T / scales).T
    return np.clip(np.trunc(steps + np.copysign(0.5, steps)), -top, top).astype(np.int8), scales


# %% solution_bytes
def packed_bytes(network, bits):
    total = 0
    for name, layer in network.items():
        total += (layer["weights"].size * bits[name] + 7) // 8 + 8 * len(layer["weights"])
    return total


# %% solution_budget
def choose_bits(network, images, labels, max_bytes, max_loss):
    widths, plain = [2, 3, 4, 6, 8], margins(network, images)
    kept, moved = {}, {}
    for name in network:
        for width in widths:
            values, scales = quantize_weights(network[name]["weights"], width)
            kept[name, width] = {"weights": (values.T * scales).T, "bias": network[name]["bias"]}
            found = margins({**network, name: kept[name, width]}, images)
            moved[name, width] = np.square(found - plain).mean()
    bits = dict.fromkeys(network, 2)
    if packed_bytes(network, bits) > max_bytes:
        return None
    while True:
        wider = [(name, width) for name in network for width in widths if width > bits[name]]
        gains = []
        for name, width in wider:
            more = packed_bytes(network, {**bits, name: width}) - packed_bytes(network, bits)
            if packed_bytes(network, bits) + more <= max_bytes:
                gains.append(((moved[name, bits[name]] - moved[name, width]) / more, name, width))
        if not gains or max(gains)[0] <= 0:
            break
        _, name, width = max(gains)
        bits[name] = width
    answers = margins({name: kept[name, bits[name]] for name in network}, images) > 0
    return bits if ((plain > 0) == labels).mean() - (answers == labels).mean() <= max_loss else None


# %% solution_diagnose
def diagnose(calibration_peaks, line_peaks):
    calibration, line = np.sort(calibration_peaks), np.sort(line_peaks)
    ratio = calibration[len(calibration) // 2] / line[len(line) // 2]
    if abs(math.log10(ratio)) > 1:
        return "units"
    if calibration[-1] / calibration[int(0.9 * len(calibration))] > 10:
        return "sample"
    return ("sound", "light")[int((line > calibration[-1]).mean() > 0.5)]
