"""numpy throughout: a stretch without a drift is one pass of cumulative sums."""

# %% solution_ddm
import numpy as np


def ddm_alarms(errors, n_min=30):
    errors = np.asarray(errors)
    warnings, drifts, start = [], [], 0
    while start < len(errors):
        i = np.arange(1, len(errors) - start + 1)
        p = np.cumsum(errors[start:]) / i
        s = np.sqrt(p * (1 - p) / i)
        height = np.where(i < n_min, np.inf, p + s)
        lowest = np.minimum.accumulate(height)
        # The minimum's own p and s: from the last position at which the height reached it.
        best = np.maximum.accumulate(np.where(height <= lowest, np.arange(len(i)), 0))
        above = (i >= n_min) & (p + s > p[best] + 3 * s[best])
        end = int(np.argmax(above)) if above.any() else len(i)
        warned = (i >= n_min) & (p + s > p[best] + 2 * s[best])
        warnings += (start + np.flatnonzero(warned[:end])).tolist()
        if end < len(i):
            drifts.append(start + end)
        start += end + 1
    return warnings, drifts


# %% solution_eddm
def eddm_drifts(errors, n_min=30):
    where, drifts, start = np.flatnonzero(errors), [], -1
    while len(where):
        gaps = np.diff(np.concatenate([[start], where]))
        k = np.arange(1, len(gaps) + 1)
        mean = np.cumsum(gaps) / k
        variance = np.cumsum(gaps**2) / k - mean**2
        width = mean + 2 * np.sqrt(np.maximum(variance, 0))
        below = (k >= n_min) & (width / np.maximum.accumulate(width) < 0.9)
        if not below.any():
            break
        start = where[np.argmax(below)]
        drifts.append(start)
        where = where[where > start]
    return np.array(drifts, dtype=int)


# %% solution_distances
def kl_divergence(p, q):
    p, q = np.array(p, dtype=float), np.array(q, dtype=float)
    there = p > 0
    with np.errstate(divide="ignore"):
        return np.sum(p[there] * (np.log(p[there]) - np.log(q[there])))


def total_variation(p, q):
    return np.abs(np.subtract(p, q)).sum() / 2


def hellinger(p, q):
    return np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2)


# %% solution_moved
def moved_features(reference, current):
    from scipy.stats import chi2

    moved = set()
    for name in reference:
        before, after = pd.Series(reference[name], dtype=object), pd.Series(current[name], dtype=object)
        if not isinstance(before.dropna().iloc[0], str):
            edges = before.dropna().astype(float).quantile(np.linspace(0, 1, 9)[1:-1]).to_numpy()
            before, after = (
                pd.Series(np.where(values.isna(), -1, np.searchsorted(edges, values.astype(float).fillna(0))))
                for values in (before, after)
            )
        n, m = len(before), len(after)
        counts = pd.concat(
            [before.fillna("none").value_counts(), after.fillna("none").value_counts()], axis=1, keys=["n", "m"]
        ).fillna(0)
        squares = (np.sqrt(counts["n"] / n) - np.sqrt(counts["m"] / m)) ** 2 / 2
        if 8 * n * m / (n + m) * squares.sum() > chi2.ppf(0.999, max(len(counts) - 1, 1)):
            moved.add(name)
    return moved


# %% solution_refresh
def retrain_today(day, error_rates, budget_left):
    recent = np.array(error_rates[-7:])
    return bool(budget_left) and len(recent) == 7 and recent.mean() > 0.1 + 3.5 * np.sqrt(0.09 / 1400)
