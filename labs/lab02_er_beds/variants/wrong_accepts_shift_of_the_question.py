"""Looks for a bed then, for the specialist now.

Loses: test_accepts, test_accepts_hidden
"""


# %% solution_accepts
def accepts(arrived, departed, beds, now, horizon, shifts):
    t = now + horizon
    there = sum(a <= t < d for a, d in zip(arrived, departed))
    return there < beds and any(first <= now < last for first, last in shifts)
