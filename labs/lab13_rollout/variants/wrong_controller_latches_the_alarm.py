"""Keeps an alarm between calls: after the first bad rollout every other one is rolled back.

Loses: test_controller, test_controller_harmless, test_controller_harmful, test_harmless_hidden, test_harmful_hidden
"""

# %% solution_controller
alarms = []


def decide(history):
    weights, bad = history["weight"], (history["baseline_bad"], history["candidate_bad"])
    if not weights:
        return PLAN[0]
    if log_e_value(weights, *bad, [1.2, 1.6, 2.5]) >= math.log(1 / ALPHA):
        alarms.append(len(weights))
    if alarms:
        return 0.0
    after = (*PLAN, 1.0)[PLAN.index(weights[-1]) + 1]
    ratio = 1 + MARGIN / after
    shown = log_e_value(weights, *bad, [0.6 * ratio, 0.8 * ratio], ratio) >= math.log(1 / ALPHA)
    if weights.count(weights[-1]) >= STEP and shown:
        return after
    return weights[-1] if weights.count(weights[-1]) < PATIENCE else 0.0
