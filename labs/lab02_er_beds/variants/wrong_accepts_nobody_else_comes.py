"""Knows who leaves until then, and forgets who comes.

Loses: test_accepts, test_accepts_hidden
"""


# %% solution_accepts
def accepts(arrived, departed, beds, now, horizon, shifts):
    t = now + horizon
    there = sum(a <= now and d > t for a, d in zip(arrived, departed))
    return there < beds and any(first <= t < last for first, last in shifts)
