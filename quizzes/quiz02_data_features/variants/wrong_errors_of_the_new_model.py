"""Divides by the errors of the new model.

Loses: test_errors
"""

# %% answer_errors
answer_5 = 100 * 20 / 60
