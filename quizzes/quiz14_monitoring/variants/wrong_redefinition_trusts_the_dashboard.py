"""Believes an accuracy that is measured with the rule in question.

Loses: test_redefinition
"""

# %% answer_redefinition
answer_1 = "c"
