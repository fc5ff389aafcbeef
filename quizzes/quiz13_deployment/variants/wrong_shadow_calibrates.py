"""Calibrates, which moves no ranking.

Loses: test_shadow
"""

# %% answer_shadow
answer_4 = "d"
