"""Forgets the half: what one intent gains another loses, and both are counted.

Loses: test_distance
"""


# %% answer_distance
def total_variation(p, q):
    return sum(abs(a - b) for a, b in zip(p, q))
