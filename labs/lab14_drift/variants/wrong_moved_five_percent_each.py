"""Tests each of twelve features at 5%: on most quiet days something is "significant".

Loses: test_moved_worlds, test_moved_hidden
"""

# %% solution_moved
from scipy import stats


def moved_features(reference, current):
    moved = []
    for name in reference:
        before, after = reference[name], current[name]
        missing = before.count(None), after.count(None)
        known = [value for value in before if value is not None], [value for value in after if value is not None]
        if missing[1] - missing[0] > 0.05 * len(after):
            moved.append(name)
        elif isinstance(known[0][0], str):
            table = [[values.count(one) for one in sorted({*known[0], *known[1]})] for values in known]
            if stats.chi2_contingency(table).pvalue < 0.05:
                moved.append(name)
        elif stats.ks_2samp(*known).pvalue < 0.05:
            moved.append(name)
    return moved
