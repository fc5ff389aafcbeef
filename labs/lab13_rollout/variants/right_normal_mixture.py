"""A score test by minute with a normal mixture as its boundary, once for rolling back and once for going up."""


# %% solution_controller
def boundary(variance, tuned=30.0):
    """Robbins' normal mixture: a one-sided line that a centred sum crosses with probability alpha at most."""
    total = variance + tuned
    return math.sqrt(2 * total * math.log(math.sqrt(total / tuned) / (2 * ALPHA) + 1))


def score(history, ratio):
    w, b, c = (np.array(history[name], dtype=float) for name in ("weight", "baseline_bad", "candidate_bad"))
    share = ratio * w / (1 - w + ratio * w)
    return (c - (b + c) * share).sum(), ((b + c) * share * (1 - share)).sum()


def decide(history):
    weights = history["weight"]
    if not weights:
        return PLAN[0]
    excess, variance = score(history, 1.0)
    if excess > boundary(variance):
        return 0.0
    here = weights.count(weights[-1])
    up = (*PLAN, 1.0)[PLAN.index(weights[-1]) + 1]
    excess, variance = score(history, 1 + MARGIN / up)
    if here >= STEP and -excess > boundary(variance):
        return up
    return weights[-1] if here < PATIENCE else 0.0
