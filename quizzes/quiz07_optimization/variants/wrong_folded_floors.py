"""Rounds down: right for positive fractions below a half alone.

Loses: test_folded
"""


# %% answer_folded
def folded_bias(bias, weights, scale_x, zero_x, scale_w):
    return bias // (scale_x * scale_w) - zero_x * sum(weights)
