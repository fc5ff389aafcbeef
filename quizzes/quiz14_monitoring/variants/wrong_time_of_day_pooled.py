"""Compares the day's totals, in which the canary has the evening and the baseline the morning.

Loses: test_time_of_day
"""

# %% answer_time_of_day
answer_4 = 100 * (190 + 270) / (19_000 + 9_000)
