"""Learns the broken rule faster, as if retraining could mend a label.

Loses: test_redefinition
"""

# %% answer_redefinition
answer_1 = "a"
