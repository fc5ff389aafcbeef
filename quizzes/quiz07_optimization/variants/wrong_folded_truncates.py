"""Cuts the fraction off instead of rounding.

Loses: test_folded
"""


# %% answer_folded
def folded_bias(bias, weights, scale_x, zero_x, scale_w):
    return int(bias / (scale_x * scale_w)) - zero_x * sum(weights)
