"""Averages all days since the model began to serve: the good ones drown the bad ones.

Loses: test_refresh_worlds, test_refresh_hidden
"""


# %% solution_refresh
def retrain_today(day, error_rates, budget_left):
    if budget_left == 0 or len(error_rates) < 5:
        return False
    return sum(error_rates) / len(error_rates) > 0.16
