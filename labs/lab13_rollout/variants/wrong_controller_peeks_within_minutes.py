"""Stratifies by minute as it should, and takes 5% at each of its looks.

Loses: test_controller_harmless, test_harmless_hidden
"""


# %% solution_controller
def worse(history):
    w, b, c = (np.array(history[name], dtype=float) for name in ("weight", "baseline_bad", "candidate_bad"))
    n = b + c
    spread = math.sqrt((n * w * (1 - w)).sum())
    return spread > 0 and (c - n * w).sum() / spread > 1.645


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
