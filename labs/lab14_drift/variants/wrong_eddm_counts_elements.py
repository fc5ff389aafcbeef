"""Begins to judge after n_min elements, not after n_min errors.

Loses: test_eddm, test_eddm_hidden
"""


# %% solution_eddm
def eddm_drifts(errors, n_min=30):
    drifts, gaps, last, widest, start = [], [], -1, 0.0, -1
    for position, error in enumerate(errors):
        if error == 1:
            gaps.append(position - last)
            last = position
            width = np.mean(gaps) + 2 * np.std(gaps)
            widest = max(widest, width)
            if position - start >= n_min and width < 0.9 * widest:
                drifts.append(position)
                gaps, widest, start = [], 0.0, position
    return drifts
