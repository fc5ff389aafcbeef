"""Squares the gap between what was said and the share, which is only one part of the score.

Loses: test_brier
"""

# %% answer_brier
answer_5 = 0.6 * (0.9 - 0.8) ** 2 + 0.4 * (0.4 - 0.3) ** 2
