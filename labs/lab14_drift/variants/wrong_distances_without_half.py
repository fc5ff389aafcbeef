"""Leaves the half out of the Hellinger distance, which then reaches the root of 2.

Loses: test_distances, test_distances_hidden
"""


# %% solution_distances
def kl_divergence(p, q):
    if any(a > 0 and b == 0 for a, b in zip(p, q)):
        return math.inf
    return sum(a * math.log(a / b) for a, b in zip(p, q) if a > 0)


def total_variation(p, q):
    return sum(abs(a - b) for a, b in zip(p, q)) / 2


def hellinger(p, q):
    return math.sqrt(sum((math.sqrt(a) - math.sqrt(b)) ** 2 for a, b in zip(p, q)))
