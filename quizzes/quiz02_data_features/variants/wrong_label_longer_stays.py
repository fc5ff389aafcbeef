"""Believes that who has stayed long leaves soon, though the stay has no memory.

Loses: test_label
"""

# %% answer_label
answer_1 = "b"
