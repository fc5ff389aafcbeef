"""Thinks that rounding to int8 moves a weight of zero.

Loses: test_pruned
"""

# %% answer_pruned
answer_1 = "b"
