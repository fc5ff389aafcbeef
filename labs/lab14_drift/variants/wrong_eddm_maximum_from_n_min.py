"""Remembers the maximum only once n_min errors are there, and so forgets the widest gaps of the start.

Loses: test_eddm, test_eddm_hidden
"""


# %% solution_eddm
def eddm_drifts(errors, n_min=30):
    drifts, gaps, last, widest = [], [], -1, 0.0
    for position, error in enumerate(errors):
        if error == 1:
            gaps.append(position - last)
            last = position
            width = np.mean(gaps) + 2 * np.std(gaps)
            if len(gaps) < n_min:
                continue
            widest = max(widest, width)
            if width < 0.9 * widest:
                drifts.append(position)
                gaps, widest = [], 0.0
    return drifts
