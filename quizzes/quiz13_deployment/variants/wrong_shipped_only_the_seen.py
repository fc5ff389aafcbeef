"""Counts what the audit found.

Loses: test_shipped
"""


# %% answer_shipped
def shipped_defects(days):
    if any(audited == 0 for _, audited, _ in days):
        return None
    return sum(found for _, _, found in days)
