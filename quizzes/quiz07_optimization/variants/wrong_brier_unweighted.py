"""Averages the two rows as if they held as many orders.

Loses: test_brier
"""

# %% answer_brier
answer_5 = (0.17 + 0.22) / 2
