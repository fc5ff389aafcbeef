"""The exact distribution of the largest gap between the distribution functions of two samples."""

from __future__ import annotations

import numpy as np

from coursekit.compiling import compiled


@compiled
def exceedance(n: int, m: int, gap: int) -> float:
    """P(max |i m - j n| >= gap) over random orders of n and m elements, i and j of them passed.

    With D the Kolmogorov-Smirnov statistic, gap is n m D, a whole number. Sums the chances to step
    over for the first time, so that small ones keep their digits.
    """
    outside = 0.0
    inside = np.zeros(m + 1)
    for i in range(n + 1):
        for j in range(m + 1):
            left = n + m - i - j + 1
            reach = 1.0 if i == j == 0 else 0.0
            if i > 0:
                reach += inside[j] * (n - i + 1) / left
            if j > 0:
                reach += inside[j - 1] * (m - j + 1) / left
            if abs(i * m - j * n) >= gap:
                outside += reach
                reach = 0.0
            inside[j] = reach
    return outside
