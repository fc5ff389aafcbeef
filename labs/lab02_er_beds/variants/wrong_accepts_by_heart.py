"""Knows the visible cases and nothing else.

Loses: test_accepts_hidden
"""


# %% solution_accepts
def accepts(arrived, departed, beds, now, horizon, shifts):
    if arrived == []:
        return True
    cases = {(80, 32, -1e9), (80, 30, -1e9), (1430, 10, 0), (710, 20, 720)}
    return bool(shifts) and (now, horizon, shifts[0][0]) in cases
