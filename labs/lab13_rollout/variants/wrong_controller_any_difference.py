"""Takes any difference for harm: a candidate with fewer errors is rolled back.

Loses: test_harmless_hidden
"""


# %% solution_controller
def decide(history):
    weights, enough = history["weight"], math.log(1 / ALPHA)
    if not weights:
        return PLAN[0]
    known = weights, history["baseline_bad"], history["candidate_bad"]
    if log_e_value(*known, [0.25, 0.5, 0.7, 0.8, 1.2, 1.5, 2.0, 3.0]) >= enough:
        return 0.0
    lasted = weights.count(weights[-1])
    following = (*PLAN, 1.0)[PLAN.index(weights[-1]) + 1]
    limit = 1 + MARGIN / following
    safe = log_e_value(*known, limit * np.geomspace(0.5, 1, 12, endpoint=False), limit)
    if lasted >= STEP and safe >= enough:
        return following
    return 0.0 if lasted >= PATIENCE else weights[-1]
