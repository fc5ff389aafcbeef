"""Looks for drift although the pipeline still scores as before.

Loses: test_shadow
"""

# %% answer_shadow
answer_4 = "b"
