"""Takes every drop in accuracy for data drift, though the features did not change.

Loses: test_drift
"""

# %% answer_drift
answer_1 = "a"
