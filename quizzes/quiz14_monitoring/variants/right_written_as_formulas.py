"""Writes the calculations and the capital letters that students write."""

# %% answer_redefinition
answer_1 = "B"


# %% answer_on_call
answer_2 = " d "


# %% answer_age
answer_3 = 30.0 + 14


# %% answer_time_of_day
answer_4 = 0.1 * 1.0 + 0.9 * 3.0
