"""Counts four bits a weight and forgets the scales.

Loses: test_phone
"""

# %% answer_phone
answer_3 = 2e9 * 4 / 8 / 45e9 * 1000
