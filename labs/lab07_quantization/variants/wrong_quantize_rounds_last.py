"""Adds the zero point before it rounds, which turns some halves the other way.

Loses: test_affine, test_affine_hidden
"""


# %% solution_quantize
def quantize(x, scale, zero_point, bits=8, symmetric=False):
    steps = np.asarray(x, dtype=float) / scale
    steps = steps + zero_point
    whole = np.sign(steps) * np.floor(np.abs(steps) + 0.5)
    top = 2 ** (bits - 1) - 1
    return np.clip(whole, -top if symmetric else -top - 1, top).astype(int)


def dequantize(q, scale, zero_point):
    return (np.asarray(q, dtype=float) - zero_point) * scale
