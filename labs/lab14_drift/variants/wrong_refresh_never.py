"""Saves the budget for a day that never comes.

Loses: test_refresh, test_refresh_worlds, test_refresh_hidden
"""


# %% solution_refresh
def retrain_today(day, error_rates, budget_left):
    return False
