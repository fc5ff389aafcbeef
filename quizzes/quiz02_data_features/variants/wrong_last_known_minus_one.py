"""Reads -1 as a number of beds.

Loses: test_last_known
"""


# %% answer_last_known
def last_known(reports, hospital, now):
    known = [(minute, left) for minute, name, left in reports if name == hospital and minute <= now]
    return max(known)[1] if known else None
