"""Compares with a ratio of 1 whatever the hypothesis is: nothing is ever shown to be safe.

Loses: test_evidence, test_evidence_hidden, test_controller,
test_controller_harmless, test_controller_harmful, test_harmless_hidden, test_harmful_hidden
"""


# %% solution_evidence
def log_e_value(weights, baseline_bad, candidate_bad, ratios, null=1.0):
    gains = []
    for theta in ratios:
        gain = sum(candidate_bad) * math.log(theta)
        for w, b, c in zip(weights, baseline_bad, candidate_bad):
            gain -= (b + c) * math.log(1 + w * (theta - 1))
        gains.append(gain)
    return float(max(gains) + np.log(np.mean(np.exp(np.array(gains) - max(gains)))))
