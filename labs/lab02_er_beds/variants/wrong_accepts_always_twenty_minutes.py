"""Takes the horizon for twenty minutes.

Loses: test_accepts, test_accepts_hidden
"""


# %% solution_accepts
def accepts(arrived, departed, beds, now, horizon, shifts):
    t = now + 20
    there = sum(a <= t < d for a, d in zip(arrived, departed))
    return there < beds and any(first <= t < last for first, last in shifts)
