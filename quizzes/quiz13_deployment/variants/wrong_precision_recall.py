"""Answers with the recall.

Loses: test_precision
"""

# %% answer_precision
answer_5 = 90
