"""Divides the range by 256 cells instead of 255 steps.

Loses: test_affine, test_affine_hidden
"""


# %% solution_affine
def affine_parameters(low, high, bits=8, symmetric=False):
    low, high = min(0.0, low), max(0.0, high)
    if low == high:
        return 1.0, 0
    if symmetric:
        return max(-low, high) / (2 ** (bits - 1) - 1), 0
    step = (high - low) / 2**bits
    lift = -(2 ** (bits - 1)) - low / step
    return step, int(math.copysign(math.floor(abs(lift) + 0.5), lift))
