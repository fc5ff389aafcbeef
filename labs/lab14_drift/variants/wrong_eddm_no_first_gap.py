"""Counts gaps between errors only, not the one from the start to the first error.

Loses: test_eddm, test_eddm_hidden
"""


# %% solution_eddm
def eddm_drifts(errors, n_min=30):
    drifts, gaps, last, widest = [], [], None, 0.0
    for position, error in enumerate(errors):
        if error == 1:
            if last is not None:
                gaps.append(position - last)
                width = np.mean(gaps) + 2 * np.std(gaps)
                widest = max(widest, width)
                if len(gaps) >= n_min and width < 0.9 * widest:
                    drifts.append(position)
                    gaps, widest = [], 0.0
            last = position
    return drifts
