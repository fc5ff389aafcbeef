"""Forgets that labels come late: two weeks of training, two weeks of age.

Loses: test_age
"""

# %% answer_age
answer_3 = 14
