"""Calls the library's routing and its e-process instead of writing them.

Loses: test_routing, test_routing_hidden, test_evidence, test_evidence_hidden, test_controller,
test_controller_harmless, test_controller_harmful, test_harmless_hidden, test_harmful_hidden
"""

# %% solution_routing
from coursekit.deployment import rollout as ready


def routed(users, requests, weight, rollout):
    return ready.assign(users, weight, salt=rollout).tolist()


# %% solution_evidence
from coursekit.deployment import rollout as ready_made


def log_e_value(weights, baseline_bad, candidate_bad, ratios, null=1.0):
    w, c = np.array(weights, dtype=float)[:, None], np.array(candidate_bad)[:, None]
    n, theta = c + np.array(baseline_bad)[:, None], np.array([null, *ratios])
    found = ready_made.log_likelihood_ratio(c, n, w, theta).sum(axis=0)
    return float(np.logaddexp.reduce(found[1:] - found[0]) - math.log(len(ratios)))
