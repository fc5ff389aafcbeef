"""Lets the mean stand for every user.

Loses: test_slice
"""

# %% answer_slice
answer_2 = "c"
