"""Compares means and the commonest category: what spreads or vanishes goes unseen.

Loses: test_moved, test_moved_worlds, test_moved_hidden
"""

# %% solution_moved
from scipy import stats


def moved_features(reference, current):
    moved = []
    for name in reference:
        before = [value for value in reference[name] if value is not None]
        after = [value for value in current[name] if value is not None]
        if isinstance(before[0], str):
            common = max(set(before), key=before.count)
            before, after = ([1.0 * (value == common) for value in values] for values in (before, after))
        if len(after) > 1 and len({*before, *after}) > 1 and stats.ttest_ind(before, after).pvalue < 0.001:
            moved.append(name)
    return moved
