"""Subtracts the zero point within int8, where it overflows.

Loses: test_affine, test_affine_hidden
"""


# %% solution_quantize
def quantize(x, scale, zero_point, bits=8, symmetric=False):
    steps = np.asarray(x, dtype=float) / scale
    whole = np.sign(steps) * np.floor(np.abs(steps) + 0.5) + zero_point
    top = 2 ** (bits - 1) - 1
    return np.clip(whole, -top if symmetric else -top - 1, top).astype(int)


def dequantize(q, scale, zero_point):
    return (q.astype(np.int8) - np.array(zero_point).astype(np.int8)) * float(scale)
