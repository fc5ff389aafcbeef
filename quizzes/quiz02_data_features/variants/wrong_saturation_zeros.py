"""Replaces negative numbers by zero instead of adding them.

Loses: test_saturation
"""

# %% answer_saturation
answer_3 = 91 - 82
