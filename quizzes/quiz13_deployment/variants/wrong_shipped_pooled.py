"""Divides the sums, as if every day had been audited alike.

Loses: test_shipped
"""


# %% answer_shipped
def shipped_defects(days):
    if any(audited == 0 for _, audited, _ in days):
        return None
    passed, audited, found = (sum(column) for column in zip(*days))
    return found / audited * (passed - audited)
