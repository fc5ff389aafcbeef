"""One scale for all channels.

Loses: test_weights, test_weights_hidden, test_budget, test_budget_hidden
"""


# %% solution_weights
def quantize_weights(weights, bits=8):
    rows = np.asarray(weights, dtype=float).reshape(len(weights), -1)
    scales = np.array([affine_parameters(rows.min(), rows.max(), bits, symmetric=True)[0] for _ in rows])
    values = quantize(rows, scales[:, None], 0, bits, symmetric=True)
    return values.reshape(np.shape(weights)), scales
