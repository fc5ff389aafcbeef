"""Plans for machines that never rest.

Loses: test_capacity
"""

# %% answer_capacity
answer_3 = 400 * 0.045
