"""Joins the report nearest in time, which may come from the future.

Loses: test_last_known
"""


# %% answer_last_known
def last_known(reports, hospital, now):
    known = [(abs(minute - now), left) for minute, name, left in reports if name == hospital and left != -1]
    return min(known)[1] if known else None
