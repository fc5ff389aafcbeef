"""Returns the rows in the order of time.

Loses: test_rows, test_rows_hidden
"""


# %% solution_rows
def feature_rows(reports, arrived, departed, times, start, holidays):
    return [features_at(reports, arrived, departed, t, start, holidays) for t in sorted(times)]
