"""No library at all: every sum is taken again from the last drift on."""


# %% solution_ddm
def ddm_alarms(errors, n_min=30):
    warnings, drifts, begin, marks = [], [], 0, []
    for position in range(len(errors)):
        i = position - begin + 1
        if i < n_min:
            continue
        p = sum(errors[begin : position + 1]) / i
        marks.append((p + (p * (1 - p) / i) ** 0.5, p, (p * (1 - p) / i) ** 0.5))
        _, p_min, s_min = min(marks)
        if marks[-1][0] > p_min + 3 * s_min:
            drifts.append(position)
            begin, marks = position + 1, []
        elif marks[-1][0] > p_min + 2 * s_min:
            warnings.append(position)
    return [warnings, drifts]


# %% solution_eddm
def eddm_drifts(errors, n_min=30):
    drifts, begin = [], -1
    places, widths = [begin], []
    for position, error in enumerate(errors):
        if not error:
            continue
        places.append(position)
        gaps = [places[k + 1] - places[k] for k in range(len(places) - 1)]
        mean = sum(gaps) / len(gaps)
        widths.append(mean + 2 * (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5)
        if len(gaps) >= n_min and widths[-1] < 0.9 * max(widths):
            drifts.append(position)
            places, widths = [position], []
    return drifts


# %% solution_moved
def bin_of(value, limits):
    return value if value is None or not limits else sum(value >= limit for limit in limits)


def moved_features(reference, current):
    names = []
    for name, before in reference.items():
        after = current[name]
        numbers = sorted(value for value in before if type(value) in (int, float))
        limits = [numbers[len(numbers) * k // 4] for k in (1, 2, 3)] if numbers else []
        counts = {}
        for side, values in enumerate((before, after)):
            for value in values:
                counts.setdefault(bin_of(value, limits), [0, 0])[side] += 1
        surprise = 0.0
        for a, b in counts.values():
            for seen, expected in ((a, len(before)), (b, len(after))):
                expected *= (a + b) / (len(before) + len(after))
                surprise += (seen - expected) ** 2 / expected
        free = len(counts) - 1
        if surprise > free + 5 * (2 * free) ** 0.5:
            names.append(name)
    return names


# %% solution_refresh
def retrain_today(day, error_rates, budget_left):
    bad_days = 0
    for rate in error_rates[-4:]:
        bad_days += rate > 0.125
    return budget_left > 0 and day < 170 and bad_days == 4
