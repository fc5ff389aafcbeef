"""Writes the sentence in place of the letter: the visible check says so.

Loses: test_silence
"""

# %% answer_silence
answer_1 = "올리지 않습니다"
