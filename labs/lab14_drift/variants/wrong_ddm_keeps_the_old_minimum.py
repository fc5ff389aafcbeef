"""Counts anew after a drift, but holds on to the minimum of the world before it.

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
        if p + s <= p_min + s_min:
            p_min, s_min = p, s
        if p + s > p_min + 3 * s_min:
            drifts.append(position)
            seen, wrong = 0, 0
        elif p + s > p_min + 2 * s_min:
            warnings.append(position)
    return warnings, drifts
