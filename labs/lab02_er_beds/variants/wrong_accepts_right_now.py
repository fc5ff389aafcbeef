"""Answers for the moment of the question, not of the arrival.

Loses: test_accepts, test_accepts_hidden
"""


# %% solution_accepts
def accepts(arrived, departed, beds, now, horizon, shifts):
    there = sum(a <= now < d for a, d in zip(arrived, departed))
    return there < beds and any(first <= now < last for first, last in shifts)
