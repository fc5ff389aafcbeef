"""Carries the rate to all that passed, the audited ones too.

Loses: test_shipped
"""


# %% answer_shipped
def shipped_defects(days):
    if any(audited == 0 for _, audited, _ in days):
        return None
    return sum(found / audited * passed for passed, audited, found in days)
