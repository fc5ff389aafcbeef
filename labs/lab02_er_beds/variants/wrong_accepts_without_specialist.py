"""Looks at beds alone.

Loses: test_accepts, test_accepts_hidden
"""


# %% solution_accepts
def accepts(arrived, departed, beds, now, horizon, shifts):
    t = now + horizon
    return sum(a <= t < d for a, d in zip(arrived, departed)) < beds
