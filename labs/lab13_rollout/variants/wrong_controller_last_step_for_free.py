"""Asks for no evidence before the last step, since all steps before it went well.

Loses: test_harmful_hidden
"""


# %% solution_controller
def decide(history):
    weights, enough = history["weight"], math.log(1 / ALPHA)
    if not weights:
        return PLAN[0]
    known = weights, history["baseline_bad"], history["candidate_bad"]
    if log_e_value(*known, np.geomspace(1.1, 4, 12)) >= enough:
        return 0.0
    lasted = weights.count(weights[-1])
    following = (*PLAN, 1.0)[PLAN.index(weights[-1]) + 1]
    limit = 1 + MARGIN / following
    safe = log_e_value(*known, limit * np.geomspace(0.5, 1, 12, endpoint=False), limit)
    if lasted >= STEP and (safe >= enough or following == 1):
        return following
    return 0.0 if lasted >= PATIENCE else weights[-1]
