"""Says 0 where there is nothing to be wrong about.

Loses: test_rate
"""


# %% solution_rate
def false_positive_rate(labels, truth):
    said = [bool(one) for one, was in zip(labels, truth) if not was]
    return sum(said) / max(len(said), 1)
