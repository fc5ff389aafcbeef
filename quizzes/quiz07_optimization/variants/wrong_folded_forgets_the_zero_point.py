"""Takes the integers of the input for its values: the zero point is left out.

Loses: test_folded
"""


# %% answer_folded
def folded_bias(bias, weights, scale_x, zero_x, scale_w):
    return round(bias / (scale_x * scale_w))
