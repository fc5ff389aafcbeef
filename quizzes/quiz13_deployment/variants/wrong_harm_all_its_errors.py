"""Counts every error of the candidate.

Loses: test_harm
"""

# %% answer_harm
answer_3 = 6000 * (0.05 * 10 + 0.10 * 5) * 0.03
