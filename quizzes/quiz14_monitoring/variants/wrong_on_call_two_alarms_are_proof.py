"""Adds up two alarms of which each is common without a change.

Loses: test_on_call
"""

# %% answer_on_call
answer_2 = "c"
