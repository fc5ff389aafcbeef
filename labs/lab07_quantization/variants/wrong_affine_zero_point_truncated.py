"""Cuts the zero point instead of rounding it.

Loses: test_affine_hidden
"""


# %% solution_affine
def affine_parameters(low, high, bits=8, symmetric=False):
    low, high = min(0.0, low), max(0.0, high)
    if low == high:
        return 1.0, 0
    if symmetric:
        return max(-low, high) / (2 ** (bits - 1) - 1), 0
    step = (high - low) / (2**bits - 1)
    lift = -(2 ** (bits - 1)) - low / step
    return step, int(lift)
