"""Takes the largest difference, which is right for two intents only.

Loses: test_distance
"""


# %% answer_distance
def total_variation(p, q):
    return max(abs(a - b) for a, b in zip(p, q))
