"""Rates of all requests so far, with Bonferroni over the looks: peeking is paid for, the evening is not.

Loses: test_controller, test_controller_harmless, test_harmless_hidden
"""

# %% solution_controller
from scipy import stats


def pooled_z(history):
    n = np.array([sum(history[f"{arm}_requests"]) for arm in ("baseline", "candidate")])
    x = np.array([sum(history[f"{arm}_bad"]) for arm in ("baseline", "candidate")])
    if n.min() == 0 or x.sum() == 0:
        return 0.0
    p = x.sum() / n.sum()
    return (x[1] / n[1] - x[0] / n[0]) / math.sqrt(p * (1 - p) * (1 / n).sum())


def worse(history):
    return pooled_z(history) > stats.norm.isf(ALPHA / (len(PLAN) * PATIENCE))


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
