"""The recall with exact fractions; the mean as a sum over both times of day."""

# %% answer_time_of_day
requests, rates = [1_000, 9_000], [190 / 19_000, 270 / 9_000]
answer_4 = 100 * sum(n * rate for n, rate in zip(requests, rates)) / sum(requests)


# %% answer_recall
from fractions import Fraction


def estimated_recall(caught, found, audit_share):
    missed = Fraction(found) / Fraction(str(audit_share))
    return float(caught / (caught + missed))
