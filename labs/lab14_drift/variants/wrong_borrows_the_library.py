"""Calls the library's detectors and distances instead of writing them.

Loses: test_ddm, test_ddm_hidden, test_distances, test_distances_hidden
"""

# %% solution_ddm
from coursekit import monitoring


def ddm_alarms(errors, n_min=30):
    alarms = monitoring.DDM(variant="paper", n_min=n_min).detect(errors)
    return alarms.warnings.tolist(), alarms.drifts.tolist()


# %% solution_distances
from coursekit import monitoring as m


def kl_divergence(p, q):
    return m.kl_divergence(p, q)


def total_variation(p, q):
    return m.total_variation(p, q)


def hellinger(p, q):
    return m.hellinger(p, q)
