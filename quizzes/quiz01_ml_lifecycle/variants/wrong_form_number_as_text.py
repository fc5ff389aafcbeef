"""Writes the number in quotes: the visible check says so.

Loses: test_capacity
"""

# %% answer_capacity
answer_3 = "30대"
