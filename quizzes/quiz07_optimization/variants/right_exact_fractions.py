"""Exact fractions, and a whole number that arrives as a float."""

# %% answer_folded
import math
from fractions import Fraction


def folded_bias(bias, weights, scale_x, zero_x, scale_w):
    exact = Fraction(bias) / (Fraction(scale_x) * Fraction(scale_w))
    return float(math.floor(exact + Fraction(1, 2)) - zero_x * sum(weights))


# %% answer_brier
answer_5 = (240 * 1 + 60 * 81 + 60 * 36 + 140 * 16) / 100 / 500
