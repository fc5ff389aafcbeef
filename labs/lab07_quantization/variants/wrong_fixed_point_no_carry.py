"""Leaves a mantissa of 2**31, which no int32 holds.

Loses: test_multiply, test_multiply_hidden
"""


# %% solution_multiply
def fixed_point(real):
    fraction, exponent = np.frexp(np.asarray(real, dtype=float))
    mantissa = np.floor(fraction * 2**31 + 0.5).astype(np.int64)
    carried = mantissa > 2**31
    return np.where(carried, 2**30, mantissa), exponent.astype(np.int64) + carried


def multiply(accumulator, mantissa, shift):
    first = (np.asarray(accumulator, dtype=np.int64) * mantissa + 2**30) >> 31
    places = -np.asarray(shift)
    half = (1 << places) >> 1
    return np.sign(first) * ((np.abs(first) + half) >> places)
