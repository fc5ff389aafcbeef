"""Divides by the candidate's requests of the minute, and stops at the first minute without one.

Loses: test_controller, test_controller_harmful, test_harmful_hidden
"""


# %% solution_controller
def worse(history):
    rates = [bad / n for bad, n in zip(history["candidate_bad"], history["candidate_requests"])]
    counts = history["weight"], history["baseline_bad"], history["candidate_bad"]
    return max(rates) > 0 and log_e_value(*counts, np.geomspace(1.1, 4, 12)) >= math.log(1 / ALPHA)


def safe(history, ratio):
    counts = history["weight"], history["baseline_bad"], history["candidate_bad"]
    return log_e_value(*counts, np.linspace(0.5, 0.95, 10) * ratio, ratio) >= math.log(1 / ALPHA)


def decide(history):
    weights = history["weight"]
    if not weights:
        return PLAN[0]
    if worse(history):
        return 0.0
    ladder = (*PLAN, 1.0)
    after = ladder[ladder.index(weights[-1]) + 1]
    if weights.count(weights[-1]) >= STEP and safe(history, 1 + MARGIN / after):
        return after
    return weights[-1] if weights.count(weights[-1]) < PATIENCE else 0.0
