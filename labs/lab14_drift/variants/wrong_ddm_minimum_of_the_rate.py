"""Keeps the smallest error rate and the smallest deviation, each for itself, instead of their smallest sum.

Loses: test_ddm_hidden
"""


# %% solution_ddm
def ddm_alarms(errors, n_min=30):
    warnings, drifts = [], []
    seen, wrong, p_min, s_min = 0, 0, math.inf, math.inf
    for position, error in enumerate(errors):
        seen, wrong = seen + 1, wrong + error
        p = wrong / seen
        s = math.sqrt(p * (1 - p) / seen)
        if seen < n_min:
            continue
        p_min, s_min = min(p_min, p), min(s_min, s)
        if p + s > p_min + 3 * s_min:
            drifts.append(position)
            seen, wrong, p_min, s_min = 0, 0, math.inf, math.inf
        elif p + s > p_min + 2 * s_min:
            warnings.append(position)
    return warnings, drifts
