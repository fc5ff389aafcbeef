"""Takes many looks at nothing for much evidence.

Loses: test_silence
"""

# %% answer_silence
answer_1 = "a"
