"""Trusts an accuracy that is measured with the label in question.

Loses: test_label
"""

# %% answer_label
answer_1 = "d"
