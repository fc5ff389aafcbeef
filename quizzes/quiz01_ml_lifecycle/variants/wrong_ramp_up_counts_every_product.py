"""Counts all products as the model's, not 5% of them.

Loses: test_ramp_up
"""

# %% answer_ramp_up
answer_5 = 30 / (12_000 * 0.005)
