"""Compares the candidate's share of all errors with its share of all requests.

Loses: test_controller, test_controller_harmless, test_harmless_hidden
"""


# %% solution_controller
def worse(history):
    requests = sum(history["baseline_requests"]), sum(history["candidate_requests"])
    share = [requests[1] / sum(requests)]
    errors = [sum(history["baseline_bad"])], [sum(history["candidate_bad"])]
    return log_e_value(share, *errors, [1.25, 1.5, 2.0, 3.0]) > math.log(1 / ALPHA)


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
