"""Rounds twice as the convolution does.

Loses: test_dense, test_dense_hidden
"""


# %% solution_dense
def int8_dense(x, weights, bias, multipliers, input_zero, output_zero):
    total = (x.astype(np.int64) - input_zero) @ weights.T.astype(np.int64) + bias
    nearest = multiply(total, *fixed_point(multipliers))
    return np.clip(nearest + output_zero, -128, 127)
