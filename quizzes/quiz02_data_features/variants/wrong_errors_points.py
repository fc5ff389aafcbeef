"""Answers the difference of accuracies.

Loses: test_errors
"""

# %% answer_errors
answer_5 = 2
