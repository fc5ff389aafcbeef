"""Everything in numpy, with its whole numbers and its mean over 500 orders."""

# %% answer_folded
import numpy as np


def folded_bias(bias, weights, scale_x, zero_x, scale_w):
    offset = np.asarray(weights, dtype=np.int32).sum() * zero_x
    return np.int32(np.rint(bias / scale_x / scale_w) - offset)


# %% answer_brier
from numpy import mean, repeat

said = repeat([0.9, 0.9, 0.4, 0.4], [240, 60, 60, 140])
came = repeat([1, 0, 1, 0], [240, 60, 60, 140])
answer_5 = mean((said - came) ** 2)
