"""Integrates the likelihood over a prior of the ratio with scipy, in place of a sum over a few."""

# %% solution_routing
import struct


def routed(users, requests, weight, rollout):
    hashes = [hashlib.blake2b(f"{rollout}\x1f{user}".encode(), digest_size=8).digest() for user in users]
    return np.array([struct.unpack(">Q", digest)[0] / 2.0**64 < weight for digest in hashes])


# %% solution_evidence
from scipy import special


def log_e_value(weights, baseline_bad, candidate_bad, ratios, null=1.0):
    table = np.array([weights, baseline_bad, candidate_bad], dtype=float)
    w, b, c = table[:, table[0] > 0, None]
    odds = np.array(ratios, dtype=float) * w / (1 - w)
    odds_0 = null * w / (1 - w)
    terms = c * (np.log(odds) - np.log(odds_0)) - (b + c) * (np.log1p(odds) - np.log1p(odds_0))
    return special.logsumexp(terms.sum(axis=0)) - np.log(len(ratios))


# %% solution_controller
from scipy import stats

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
PLACES = (NODES + 1) / 2
PRIOR = stats.beta(1.2, 2).pdf(PLACES) * WEIGHTS / 2
PRIOR = PRIOR / PRIOR.sum()


def integrated(history, low, high, null):
    """The likelihood under a beta prior on the logarithm of the ratio from low to high, over that of the null."""
    w, b, c = (np.array(history[name], dtype=float) for name in ("weight", "baseline_bad", "candidate_bad"))
    theta = low * (high / low) ** PLACES
    gain = c.sum() * np.log(theta / null) - (b + c) @ np.log(
        (1 + np.outer(w, theta - 1)) / (1 + w * (null - 1))[:, None]
    )
    return gain.max() + np.log(PRIOR @ np.exp(gain - gain.max()))


def decide(history):
    weights = history["weight"]
    if not weights:
        return PLAN[0]
    if integrated(history, 1.0, 5.0, 1.0) >= -np.log(ALPHA):
        return 0.0
    lasted = sum(weight == weights[-1] for weight in weights)
    after = (*PLAN[1:], 1.0)[PLAN.index(weights[-1])]
    ratio = 1 + MARGIN / after
    if lasted >= STEP and integrated(history, ratio, 0.4 * ratio, ratio) >= -np.log(ALPHA):
        return after
    return weights[-1] if lasted < PATIENCE else 0.0
