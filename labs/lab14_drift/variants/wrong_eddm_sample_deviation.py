"""Divides the squares by k - 1, as pandas and statistics do by default.

Loses: test_eddm_hidden
"""


# %% solution_eddm
def eddm_drifts(errors, n_min=30):
    drifts, gaps, last, widest = [], [], -1, 0.0
    for position, error in enumerate(errors):
        if error == 1:
            gaps.append(position - last)
            last = position
            spread = np.std(gaps, ddof=1) if len(gaps) > 1 else 0.0
            width = np.mean(gaps) + 2 * spread
            widest = max(widest, width)
            if len(gaps) >= n_min and width < 0.9 * widest:
                drifts.append(position)
                gaps, widest = [], 0.0
    return drifts
