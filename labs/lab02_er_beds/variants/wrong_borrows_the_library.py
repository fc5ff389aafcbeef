"""Calls the label rules of the library.

Loses: test_label, test_label_hidden
"""

# %% solution_label
from coursekit.cases.er_beds import labels as beds_labels


def label_36h(arrived, departed, beds, now):
    rule = beds_labels.LABEL_RULES["36h"]
    there = [now - a for a, d in zip(arrived, departed) if a <= now < d]
    return beds - len(there) + sum(age >= 60 * rule.stay_hours for age in there) > 0
