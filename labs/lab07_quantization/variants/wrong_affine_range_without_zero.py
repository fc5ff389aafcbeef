"""Spreads the range as it came, so that zero may have no integer.

Loses: test_affine, test_affine_hidden
"""


# %% solution_affine
def affine_parameters(low, high, bits=8, symmetric=False):
    if low == high == 0:
        return 1.0, 0
    if symmetric:
        return max(-low, high) / (2 ** (bits - 1) - 1), 0
    step = (high - low) / (2**bits - 1)
    lift = -(2 ** (bits - 1)) - low / step
    return step, int(math.copysign(math.floor(abs(lift) + 0.5), lift))
