"""Adds weather taken for news to news taken for weather.

Loses: test_confusion
"""

# %% solution_confusion
from collections import Counter


def top_confusion(y_true, y_pred):
    pairs = Counter(tuple(sorted(pair, reverse=True)) for pair in zip(y_true, y_pred) if pair[0] != pair[1])
    return pairs.most_common(1)[0][0] if pairs else None
