"""Makes a silent test stricter still.

Loses: test_silence
"""

# %% answer_silence
answer_1 = "c"
