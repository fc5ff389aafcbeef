"""The largest likelihood ratio in place of their average: a ratio that is chosen afterwards always fits.

Loses: test_evidence, test_evidence_hidden
"""


# %% solution_evidence
def log_e_value(weights, baseline_bad, candidate_bad, ratios, null=1.0):
    w, c = np.array(weights, dtype=float)[:, None], np.array(candidate_bad, dtype=float)
    n, theta = c + np.array(baseline_bad, dtype=float), np.array(ratios, dtype=float)
    gains = c.sum() * np.log(theta / null) - n @ np.log((1 - w + theta * w) / (1 - w + null * w))
    return float(gains.max())
