"""Averages the logarithms: one ratio that does not fit outvotes those that do.

Loses: test_evidence, test_evidence_hidden, test_controller,
test_controller_harmless, test_controller_harmful, test_harmless_hidden, test_harmful_hidden
"""


# %% solution_evidence
def log_e_value(weights, baseline_bad, candidate_bad, ratios, null=1.0):
    w = np.array(weights)[:, None]
    c, b = np.array(candidate_bad)[:, None], np.array(baseline_bad)[:, None]
    theta, theta_0 = np.array(ratios), null
    each = c * np.log(theta / theta_0) - (b + c) * np.log((1 - w + theta * w) / (1 - w + theta_0 * w))
    return float(each.sum(axis=0).mean())
