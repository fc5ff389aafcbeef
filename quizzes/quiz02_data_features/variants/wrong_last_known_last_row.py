"""Takes the last row of a list that is in no order.

Loses: test_last_known
"""


# %% answer_last_known
def last_known(reports, hospital, now):
    known = [left for minute, name, left in reports if name == hospital and minute <= now and left != -1]
    return known[-1] if known else None
