"""Blames peeking where no alarm ever rang.

Loses: test_silence
"""

# %% answer_silence
answer_1 = "b"
