"""Lets what is out of range wrap around instead of saturating.

Loses: test_affine, test_affine_hidden
"""


# %% solution_quantize
def quantize(x, scale, zero_point, bits=8, symmetric=False):
    steps = np.asarray(x, dtype=float) / scale
    whole = np.sign(steps) * np.floor(np.abs(steps) + 0.5) + zero_point
    top = 2 ** (bits - 1) - 1
    return ((whole + top + 1) % (2 * top + 2) - top - 1).astype(int)


def dequantize(q, scale, zero_point):
    return (np.asarray(q, dtype=float) - zero_point) * scale
