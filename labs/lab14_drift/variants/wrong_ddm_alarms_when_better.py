"""Alarms on any change of the error rate, also when the model gets better.

Loses: test_ddm_hidden
"""


# %% solution_ddm
def ddm_alarms(errors, n_min=30):
    warnings, drifts = [], []
    seen, wrong, p_min, s_min, p_max, s_max = 0, 0, math.inf, math.inf, 0, 0
    for position, error in enumerate(errors):
        seen, wrong = seen + 1, wrong + error
        p = wrong / seen
        s = math.sqrt(p * (1 - p) / seen)
        if seen < n_min:
            continue
        if p + s <= p_min + s_min:
            p_min, s_min = p, s
        if p - s >= p_max - s_max:
            p_max, s_max = p, s
        if p + s > p_min + 3 * s_min or p - s < p_max - 3 * s_max:
            drifts.append(position)
            seen, wrong, p_min, s_min, p_max, s_max = 0, 0, math.inf, math.inf, 0, 0
        elif p + s > p_min + 2 * s_min:
            warnings.append(position)
    return warnings, drifts
