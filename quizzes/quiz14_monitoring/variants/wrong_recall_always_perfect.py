"""Looks at what was blocked alone: nothing that passed is ever missed.

Loses: test_recall
"""


# %% answer_recall
def estimated_recall(caught, found, audit_share):
    return 1.0
