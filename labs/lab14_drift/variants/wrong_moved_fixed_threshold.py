"""Asks whether PSI exceeds 0.1, as dashboards do, whatever the number of rows.

Loses: test_moved_worlds, test_moved_hidden
"""


# %% solution_moved
def moved_features(reference, current):
    moved = []
    for name in reference:
        before, after = reference[name], current[name]
        known = sorted(value for value in before if value is not None)
        if not isinstance(known[0], str):
            edges = [known[len(known) * k // 10] for k in range(1, 10)]
            before, after = (
                [value if value is None else sum(value > edge for edge in edges) for value in values]
                for values in (before, after)
            )
        bins = set(before) | set(after)
        p = np.array([before.count(one) + 0.5 for one in bins]) / (len(before) + 0.5 * len(bins))
        q = np.array([after.count(one) + 0.5 for one in bins]) / (len(after) + 0.5 * len(bins))
        if np.sum((p - q) * np.log(p / q)) > 0.1:
            moved.append(name)
    return moved
