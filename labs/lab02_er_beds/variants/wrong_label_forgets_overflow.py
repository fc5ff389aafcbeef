"""Beds left never fall below zero: patients in the corridor are not counted.

Loses: test_label, test_label_hidden
"""


# %% solution_label
def label_36h(arrived, departed, beds, now):
    there = [now - a for a, d in zip(arrived, departed) if a <= now < d]
    return max(beds - len(there), 0) + sum(age >= 2160 for age in there) > 0
