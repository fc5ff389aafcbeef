"""Trains after a single day above 12%, which happens by chance every fifth day.

Loses: test_refresh_worlds, test_refresh_hidden
"""


# %% solution_refresh
def retrain_today(day, error_rates, budget_left):
    return budget_left > 0 and error_rates[-1] > 0.12
