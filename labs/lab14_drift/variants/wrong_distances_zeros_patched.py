"""Covers zeros with a small number, so that what never occurred before costs whatever that number says.

Loses: test_distances, test_distances_hidden
"""


# %% solution_distances
def kl_divergence(p, q):
    p, q = np.clip(p, 1e-9, None), np.clip(q, 1e-9, None)
    return float(np.sum(p * np.log(p / q)))


def total_variation(p, q):
    return sum(abs(a - b) for a, b in zip(p, q)) / 2


def hellinger(p, q):
    return math.sqrt(sum((math.sqrt(a) - math.sqrt(b)) ** 2 for a, b in zip(p, q)) / 2)
