"""Writes the calculations and the capital letters that students write."""

# %% answer_drift
answer_1 = "C"


# %% answer_slice
answer_2 = " b "


# %% answer_capacity
answer_3 = 400 * 0.045 / 0.6


# %% answer_ramp_up
answer_5 = 30 / (12_000 * 0.05 * 0.005)
