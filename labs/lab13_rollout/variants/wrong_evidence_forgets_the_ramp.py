"""One weight for all minutes, the mean: what came later, in worse hours, is held against the candidate.

Loses: test_evidence, test_evidence_hidden, test_controller,
test_controller_harmless, test_harmless_hidden
"""


# %% solution_evidence
def log_e_value(weights, baseline_bad, candidate_bad, ratios, null=1.0):
    w = sum(weights) / max(len(weights), 1)
    c, b = sum(candidate_bad), sum(baseline_bad)

    def log_likelihood(theta):
        return c * math.log(theta) - (b + c) * math.log(1 - w + theta * w)

    gains = np.array([log_likelihood(theta) - log_likelihood(null) for theta in ratios])
    return float(gains.max() + np.log(np.exp(gains - gains.max()).mean()))
