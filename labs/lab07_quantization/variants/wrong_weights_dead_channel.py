"""Divides a dead channel by its own largest value, zero.

Loses: test_weights, test_weights_hidden
"""


# %% solution_weights
def quantize_weights(weights, bits=8):
    rows = np.asarray(weights, dtype=float).reshape(len(weights), -1)
    scales = np.abs(rows).max(axis=1) / (2 ** (bits - 1) - 1)
    with np.errstate(all="ignore"):
        values = quantize(np.nan_to_num(rows), scales[:, None], 0, bits, symmetric=True)
    return values.reshape(np.shape(weights)), scales
