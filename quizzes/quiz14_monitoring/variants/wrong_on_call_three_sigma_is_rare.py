"""Reads three standard deviations as one chance in 300, though the detector looks 10,000 times.

Loses: test_on_call
"""

# %% answer_on_call
answer_2 = "a"
