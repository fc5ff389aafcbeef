"""Takes the last axis for the output channels.

Loses: test_weights, test_weights_hidden, test_budget, test_budget_hidden
"""


# %% solution_weights
def quantize_weights(weights, bits=8):
    flat = np.asarray(weights, dtype=float).reshape(-1, np.shape(weights)[-1])
    rows = np.resize(flat.T, (len(weights), flat.size // len(weights)))
    scales = np.array([affine_parameters(row.min(), row.max(), bits, symmetric=True)[0] for row in rows])
    values = quantize(rows, scales[:, None], 0, bits, symmetric=True)
    return values.reshape(np.shape(weights)), scales
