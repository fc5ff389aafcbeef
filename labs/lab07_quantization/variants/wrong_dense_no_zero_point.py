"""Multiplies the integers as they are, without the input's zero point.

Loses: test_dense, test_dense_hidden
"""


# %% solution_dense
def int8_dense(x, weights, bias, multipliers, input_zero, output_zero):
    total = x.astype(np.int64) @ weights.T.astype(np.int64) + bias
    scaled = total * np.asarray(multipliers, dtype=float)
    nearest = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled).astype(int)
    return np.clip(nearest + output_zero, -128, 127)
