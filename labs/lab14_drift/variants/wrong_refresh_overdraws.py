"""Watches the error rate well, and forgets to look at the budget.

Loses: test_refresh, test_refresh_worlds, test_refresh_hidden
"""


# %% solution_refresh
def retrain_today(day, error_rates, budget_left):
    return len(error_rates) >= 5 and sum(error_rates[-5:]) / 5 > 0.13
