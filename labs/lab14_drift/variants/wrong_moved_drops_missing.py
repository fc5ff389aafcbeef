"""Drops missing values first and compares what is left.

Loses: test_moved, test_moved_worlds, test_moved_hidden
"""


# %% solution_moved
def moved_features(reference, current):
    moved = []
    for name in reference:
        before = [value for value in reference[name] if value is not None]
        after = [value for value in current[name] if value is not None]
        if not after:
            continue
        if not isinstance(before[0], str):
            edges = [sorted(before)[len(before) * k // 5] for k in range(1, 5)]
            before, after = ([sum(value > edge for edge in edges) for value in values] for values in (before, after))
        n, m, bins = len(before), len(after), set(before) | set(after)
        pairs = [(before.count(one), after.count(one)) for one in bins]
        x2 = sum((math.sqrt(m / n) * a - math.sqrt(n / m) * b) ** 2 / (a + b) for a, b in pairs)
        if x2 > len(bins) - 1 + 5 * math.sqrt(2 * (len(bins) - 1)):
            moved.append(name)
    return moved
