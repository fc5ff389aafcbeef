"""Answers the saturation without the negative hospitals instead of the difference.

Loses: test_saturation
"""

# %% answer_saturation
answer_3 = 82
