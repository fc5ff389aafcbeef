"""Lets everybody see the candidate.

Loses: test_harm
"""

# %% answer_harm
answer_3 = 6000 * 15 * 0.01
