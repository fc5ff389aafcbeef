"""Waits for a sparse format that no share of zeros brings about.

Loses: test_pruned
"""

# %% answer_pruned
answer_1 = "a"
