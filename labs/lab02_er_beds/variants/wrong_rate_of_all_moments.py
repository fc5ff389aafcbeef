"""Divides by all moments.

Loses: test_rate
"""


# %% solution_rate
def false_positive_rate(labels, truth):
    if all(truth):
        return math.nan
    return sum(said and not was for said, was in zip(labels, truth)) / len(truth)
