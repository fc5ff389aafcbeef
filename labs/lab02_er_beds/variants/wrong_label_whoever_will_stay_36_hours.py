"""Looks at the whole stay, which nobody knows yet, instead of the time so far.

Loses: test_label, test_label_hidden
"""


# %% solution_label
def label_36h(arrived, departed, beds, now):
    there = [(a, d) for a, d in zip(arrived, departed) if a <= now < d]
    return beds - len(there) + sum(d - a >= 2160 for a, d in there) > 0
