"""Multiplies likelihoods in place of adding their logarithms: infinite, or nothing at all, after enough errors.

Loses: test_evidence, test_evidence_hidden
"""


# %% solution_evidence
def log_e_value(weights, baseline_bad, candidate_bad, ratios, null=1.0):
    e_values = []
    for ratio in ratios:
        product = np.float64(1.0)
        for w, b, c in zip(weights, baseline_bad, candidate_bad):
            grown = (1 - w + null * w) / (1 - w + ratio * w)
            product *= np.float64(ratio / null * grown) ** c * np.float64(grown) ** b
        e_values.append(product)
    return float(np.log(np.mean(e_values)))
