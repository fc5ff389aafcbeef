"""Adds the interval between models, which ages a model only after it is served.

Loses: test_age
"""

# %% answer_age
answer_3 = 30 + 14 + 7
