"""Multiplies by the audited share instead of dividing: the fewer are checked, the fewer are missed.

Loses: test_recall
"""


# %% answer_recall
def estimated_recall(caught, found, audit_share):
    return caught / (caught + found * audit_share)
