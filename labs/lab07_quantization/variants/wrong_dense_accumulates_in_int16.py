"""Adds up in sixteen bits.

Loses: test_dense, test_dense_hidden
"""


# %% solution_dense
def int8_dense(x, weights, bias, multipliers, input_zero, output_zero):
    total = (x.astype(np.int16) - np.int16(input_zero)) @ weights.T.astype(np.int16) + bias
    scaled = total * np.asarray(multipliers, dtype=float)
    nearest = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled).astype(int)
    return np.clip(nearest + output_zero, -128, 127)
