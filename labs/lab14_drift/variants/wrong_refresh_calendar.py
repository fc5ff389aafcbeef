"""Trains by the calendar, evenly spaced, whatever the labels say.

Loses: test_refresh, test_refresh_worlds, test_refresh_hidden
"""


# %% solution_refresh
def retrain_today(day, error_rates, budget_left):
    return budget_left > 0 and day >= 36 * (5 - budget_left)
