"""Counts the frauds that were seen, as if the audit had seen all that passed.

Loses: test_recall
"""


# %% answer_recall
def estimated_recall(caught, found, audit_share):
    return caught / (caught + found)
