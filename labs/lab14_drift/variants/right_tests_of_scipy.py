"""A test from scipy for each kind of feature, and a budget that is paced over the days that are left."""

# %% solution_moved
from scipy import stats


def moved_features(reference, current):
    def p_value(before, after):
        gone = [[values.count(None), len(values) - values.count(None)] for values in (before, after)]
        smallest = stats.fisher_exact(gone).pvalue
        known = [[value for value in values if value is not None] for values in (before, after)]
        if not known[1]:
            return smallest
        if isinstance(known[0][0], str):
            table = [[values.count(one) for one in sorted({*known[0], *known[1]})] for values in known]
            return min(smallest, stats.chi2_contingency(table).pvalue)
        return min(smallest, stats.ks_2samp(*known).pvalue)

    return [name for name in reference if p_value(reference[name], current[name]) < 0.001]


# %% solution_refresh
def retrain_today(day, error_rates, budget_left):
    if budget_left < 1 or len(error_rates) < 5:
        return False
    excess = sorted(error_rates[-5:])[2] - 0.1
    pace = (180 - day) / (budget_left + 1)
    return excess > 0.1 or (excess > 0.03 and len(error_rates) + 21 > pace)
