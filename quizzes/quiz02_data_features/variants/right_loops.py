"""A plain loop that remembers the latest minute."""


# %% answer_last_known
def last_known(reports, hospital, now):
    best_minute, best = None, None
    for minute, name, left in reports:
        if name != hospital or minute > now or left == -1:
            continue
        if best_minute is None or minute > best_minute:
            best_minute, best = minute, left
    return best
