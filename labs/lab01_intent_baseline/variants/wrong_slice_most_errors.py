"""Picks the slice with the most errors, which is mostly the largest slice.

Loses: test_slice, test_slice_hidden
"""


# %% solution_slice
def worst_slice(y_true, y_pred, slices, min_rows):
    errors = {}
    for name, mask in slices.items():
        if sum(mask) >= min_rows:
            errors[name] = sum(inside and actual != answer for inside, actual, answer in zip(mask, y_true, y_pred))
    return max(errors, key=errors.get) if errors else None
