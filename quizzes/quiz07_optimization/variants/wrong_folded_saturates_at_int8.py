"""Squeezes the bias into int8 like the weights.

Loses: test_folded
"""


# %% answer_folded
def folded_bias(bias, weights, scale_x, zero_x, scale_w):
    whole = round(bias / (scale_x * scale_w))
    return max(-128, min(127, whole)) - zero_x * sum(weights)
