"""Blames int8, though the float model does no better on the same pictures.

Loses: test_views
"""

# %% answer_views
answer_4 = "a"
