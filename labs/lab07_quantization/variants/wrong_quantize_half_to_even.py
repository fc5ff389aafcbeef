"""Rounds as numpy does, halves to the even neighbour.

Loses: test_affine, test_affine_hidden, test_weights, test_weights_hidden
"""


# %% solution_quantize
def quantize(x, scale, zero_point, bits=8, symmetric=False):
    steps = np.asarray(x, dtype=float) / scale
    whole = np.round(steps) + zero_point
    top = 2 ** (bits - 1) - 1
    return np.clip(whole, -top if symmetric else -top - 1, top).astype(int)


def dequantize(q, scale, zero_point):
    return (np.asarray(q, dtype=float) - zero_point) * scale
