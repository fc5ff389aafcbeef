"""A gambler's wealth: each bad request is a fair bet on its arm, with stakes that follow the weight."""


# %% solution_controller
def wealth(history, null, side):
    """Logarithm of the mean wealth of five gamblers who bet on more (+1) or fewer (-1) errors of the candidate."""
    w, b, c = (np.array(history[name], dtype=float)[:, None] for name in ("weight", "baseline_bad", "candidate_bad"))
    share = null * w / (1 - w + null * w)
    if side > 0:
        stake = np.array([0.15, 0.3, 0.6, 1.2, 2.0]) * share * (1 - share)
        each = c * np.log1p(stake * (1 - share) / share) + b * np.log1p(-stake)
    else:
        stake = np.array([0.05, 0.1, 0.2, 0.3, 0.5])
        each = c * np.log1p(-stake) + b * np.log1p(stake * share / (1 - share))
    total = each.sum(axis=0)
    return total.max() + math.log(np.exp(total - total.max()).mean())


def decide(history):
    weights = history["weight"]
    if not weights:
        return PLAN[0]
    if wealth(history, 1.0, +1) > math.log(1 / ALPHA):
        return 0.0
    lasted, after = weights.count(weights[-1]), (*PLAN, 1.0)[PLAN.index(weights[-1]) + 1]
    if lasted >= STEP and wealth(history, 1 + MARGIN / after, -1) > math.log(1 / ALPHA):
        return after
    return weights[-1] if lasted < PATIENCE else 0.0
