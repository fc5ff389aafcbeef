"""Goes all the way as soon as the last margin is shown.

Loses: test_controller, test_controller_harmless, test_controller_harmful, test_harmless_hidden, test_harmful_hidden
"""


# %% solution_controller
def decide(history):
    weights, bad = history["weight"], (history["baseline_bad"], history["candidate_bad"])
    if not weights:
        return PLAN[0]
    if log_e_value(weights, *bad, [1.2, 1.6, 2.5]) >= math.log(1 / ALPHA):
        return 0.0
    lasted = weights.count(weights[-1])
    for after in (1.0, *PLAN[::-1]):
        ratio = 1 + MARGIN / after
        shown = log_e_value(weights, *bad, [0.6 * ratio, 0.8 * ratio], ratio) >= math.log(1 / ALPHA)
        if after > weights[-1] and lasted >= STEP and shown:
            return after
    return weights[-1] if lasted < PATIENCE else 0.0
