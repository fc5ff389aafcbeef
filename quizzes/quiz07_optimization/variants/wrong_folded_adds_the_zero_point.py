"""Corrects for the zero point in the wrong direction.

Loses: test_folded
"""


# %% answer_folded
def folded_bias(bias, weights, scale_x, zero_x, scale_w):
    return round(bias / (scale_x * scale_w)) + zero_x * sum(weights)
