"""Counts on dense kernels to skip the products with zero.

Loses: test_pruned
"""

# %% answer_pruned
answer_1 = "d"
