"""Rounds the whole product once: closer to the truth, and not what the kernel does.

Loses: test_multiply, test_multiply_hidden, test_conv, test_conv_hidden
"""


# %% solution_multiply
def fixed_point(real):
    fraction, exponent = np.frexp(np.asarray(real, dtype=float))
    mantissa = np.floor(fraction * 2**31 + 0.5).astype(np.int64)
    carried = mantissa == 2**31
    return np.where(carried, 2**30, mantissa), exponent.astype(np.int64) + carried


def multiply(accumulator, mantissa, shift):
    product = np.asarray(accumulator, dtype=np.int64) * mantissa
    places = 31 - np.asarray(shift)
    return np.sign(product) * ((np.abs(product) + (1 << (places - 1))) >> places)
