"""Writes the calculations and the capital letters that students write."""

# %% answer_silence
answer_1 = " D"


# %% answer_harm
answer_3 = 6_000 * (0.05 * 10 + 0.10 * 5) * (0.03 - 0.02)


# %% answer_shadow
answer_4 = "A "


# %% answer_precision
answer_5 = 100 * 90 / (90 + 0.011 * 10_000)
