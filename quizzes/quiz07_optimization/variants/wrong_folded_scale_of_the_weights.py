"""Writes the bias in the scale of the weights, not in that of the accumulator.

Loses: test_folded
"""


# %% answer_folded
def folded_bias(bias, weights, scale_x, zero_x, scale_w):
    return round(bias / scale_w) - zero_x * sum(weights)
