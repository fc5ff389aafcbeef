"""Takes no beds for no number.

Loses: test_last_known
"""


# %% answer_last_known
def last_known(reports, hospital, now):
    known = [(minute, left) for minute, name, left in reports if name == hospital and minute <= now and left != -1]
    return (max(known)[1] or None) if known else None
