"""Answers with a share where per cent is asked for.

Loses: test_precision
"""

# %% answer_precision
answer_5 = 90 / 200
