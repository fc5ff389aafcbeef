"""Calls a drift at each element above the limit and never starts anew.

Loses: test_ddm, test_ddm_hidden
"""


# %% solution_ddm
def ddm_alarms(errors, n_min=30):
    warnings, drifts = [], []
    wrong, p_min, s_min = 0, math.inf, math.inf
    for position, error in enumerate(errors):
        wrong += error
        p = wrong / (position + 1)
        s = math.sqrt(p * (1 - p) / (position + 1))
        if position + 1 >= n_min and p + s <= p_min + s_min:
            p_min, s_min = p, s
        if p + s > p_min + 3 * s_min:
            drifts.append(position)
        elif p + s > p_min + 2 * s_min:
            warnings.append(position)
    return warnings, drifts
