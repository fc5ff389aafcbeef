"""Reads bits as bytes.

Loses: test_phone
"""

# %% answer_phone
answer_3 = 2 * 4.5 / 45 * 1000
