"""The distance with numpy; numbers as numpy numbers."""

# %% answer_capacity
import numpy as np

answer_3 = np.ceil(400 * 0.045 / 0.6 - 1e-9)


# %% answer_distance
import numpy as np


def total_variation(p, q):
    return 0.5 * np.abs(np.array(p) - np.array(q)).sum()
