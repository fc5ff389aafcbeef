"""Looks for the concept in the distances, which it does not move.

Loses: test_wards
"""

# %% answer_wards
answer_4 = "a"
