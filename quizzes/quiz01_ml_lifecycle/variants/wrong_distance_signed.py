"""Adds differences with their signs, which is always 0.

Loses: test_distance
"""


# %% answer_distance
def total_variation(p, q):
    return abs(sum(a - b for a, b in zip(p, q))) / 2
