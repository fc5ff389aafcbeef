"""Averages the two weights although they lasted differently long.

Loses: test_harm
"""

# %% answer_harm
answer_3 = 6000 * 15 * 0.075 * 0.01
