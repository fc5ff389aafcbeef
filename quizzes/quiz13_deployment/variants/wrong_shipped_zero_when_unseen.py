"""Takes a day without an audit for a day without defects.

Loses: test_shipped
"""


# %% answer_shipped
def shipped_defects(days):
    return sum(found / audited * (passed - audited) for passed, audited, found in days if audited)
