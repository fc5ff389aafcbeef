"""Counts everybody who came 36 hours ago, also those who have left.

Loses: test_label, test_label_hidden
"""


# %% solution_label
def label_36h(arrived, departed, beds, now):
    there = sum(a <= now < d for a, d in zip(arrived, departed))
    return beds - there + sum(now - a >= 2160 for a in arrived) > 0
