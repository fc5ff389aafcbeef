"""Counts the candidate's errors and not the baseline's: every error is evidence, and every candidate is guilty.

Loses: test_evidence, test_evidence_hidden, test_controller,
test_controller_harmless, test_controller_harmful, test_harmless_hidden, test_harmful_hidden
"""


# %% solution_evidence
def log_e_value(weights, baseline_bad, candidate_bad, ratios, null=1.0):
    w, c = np.array(weights, dtype=float)[:, None], np.array(candidate_bad, dtype=float)
    theta = np.array(ratios, dtype=float)
    gains = c.sum() * np.log(theta / null) - c @ np.log((1 - w + theta * w) / (1 - w + null * w))
    return float(gains.max() + np.log(np.exp(gains - gains.max()).mean()))
