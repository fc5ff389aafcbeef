"""Rounds as numpy does, halves to the even neighbour.

Loses: test_dense
"""


# %% solution_dense
def int8_dense(x, weights, bias, multipliers, input_zero, output_zero):
    total = (x.astype(np.int64) - input_zero) @ weights.T.astype(np.int64) + bias
    scaled = total * np.asarray(multipliers, dtype=float)
    nearest = np.round(scaled).astype(int)
    return np.clip(nearest + output_zero, -128, 127)
