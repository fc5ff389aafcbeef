"""Takes a label that is nearly always True for a class imbalance.

Loses: test_label
"""

# %% answer_label
answer_1 = "a"
