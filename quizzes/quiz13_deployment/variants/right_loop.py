"""A loop that stops at the first day that nobody audited."""


# %% answer_shipped
def shipped_defects(days):
    total = 0.0
    for passed, audited, found in days:
        if not audited:
            return None
        total += (passed - audited) * (found / audited)
    return total
