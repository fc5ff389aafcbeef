"""Writes the calculations and the capital letters that students write."""

# %% answer_label
answer_1 = "C"


# %% answer_wards
answer_4 = " b "


# %% answer_saturation
answer_3 = 97.0 - 82


# %% answer_errors
answer_5 = 100 * (940 - 920) / (1000 - 920)
