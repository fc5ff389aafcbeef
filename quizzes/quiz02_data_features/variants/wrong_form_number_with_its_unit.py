"""Writes the unit behind the number, in quotes: the visible check says so.

Loses: test_saturation
"""

# %% answer_saturation
answer_3 = "15%p"
