"""Says True with nothing left: at least 0 instead of above it.

Loses: test_label, test_label_hidden
"""


# %% solution_label
def label_36h(arrived, departed, beds, now):
    there = [now - a for a, d in zip(arrived, departed) if a <= now < d]
    return beds - len(there) + sum(age >= 2160 for age in there) >= 0
