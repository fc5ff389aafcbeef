"""Mends the model and measures it on the evaluation that misled.

Loses: test_views
"""

# %% answer_views
answer_4 = "d"
