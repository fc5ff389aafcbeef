"""Ignores min_rows, so that a slice of one unlucky query is the worst.

Loses: test_slice_hidden
"""


# %% solution_slice
def worst_slice(y_true, y_pred, slices, min_rows):
    correct = np.array(y_true) == np.array(y_pred)
    accuracy = {name: correct[np.array(mask)].mean() for name, mask in slices.items() if any(mask)}
    return min(accuracy, key=accuracy.get) if accuracy else None
