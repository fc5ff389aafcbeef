"""Blames the server though its features were computed again and agree.

Loses: test_wards
"""

# %% answer_wards
answer_4 = "c"
