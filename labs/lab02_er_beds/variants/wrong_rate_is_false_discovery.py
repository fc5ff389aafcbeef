"""Divides by the moments labelled True.

Loses: test_rate
"""


# %% solution_rate
def false_positive_rate(labels, truth):
    if not any(labels) or all(truth):
        return 0.0 if not all(truth) else math.nan
    return sum(said and not was for said, was in zip(labels, truth)) / sum(labels)
