"""A test of each minute by itself, with Bonferroni over the minutes: forgets what it saw, and finds nothing small.

Loses: test_controller_harmful, test_harmful_hidden
"""

# %% solution_controller
from scipy import stats


def worse(history):
    c, b, w = history["candidate_bad"][-1], history["baseline_bad"][-1], history["weight"][-1]
    return stats.binom.sf(c - 1, b + c, w) < ALPHA / (len(PLAN) * PATIENCE)


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
