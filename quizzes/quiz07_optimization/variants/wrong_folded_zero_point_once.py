"""Subtracts the zero point once, as if it were not multiplied by each weight.

Loses: test_folded
"""


# %% answer_folded
def folded_bias(bias, weights, scale_x, zero_x, scale_w):
    return round(bias / (scale_x * scale_w)) - zero_x
