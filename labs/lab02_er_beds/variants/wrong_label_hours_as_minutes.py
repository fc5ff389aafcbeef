"""Compares minutes with 36.

Loses: test_label, test_label_hidden
"""


# %% solution_label
def label_36h(arrived, departed, beds, now):
    there = [now - a for a, d in zip(arrived, departed) if a <= now < d]
    return beds - len(there) + sum(age >= 36 for age in there) > 0
