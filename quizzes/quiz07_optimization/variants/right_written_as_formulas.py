"""Writes the calculations and the capital letters that students write."""

# %% answer_pruned
answer_1 = " C "


# %% answer_phone
bits_per_weight = 4 + 16 / 32
answer_3 = 8 * bits_per_weight / 32 / 45 * 1000


# %% answer_views
answer_4 = "B"


# %% answer_brier
answer_5 = 0.6 * (0.8 * 0.1**2 + 0.2 * 0.9**2) + 0.4 * (0.3 * 0.6**2 + 0.7 * 0.4**2)
