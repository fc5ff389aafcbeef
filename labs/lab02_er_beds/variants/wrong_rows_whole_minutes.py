"""Rounds moments to ten minutes to save time.

Loses: test_rows, test_rows_hidden
"""


# %% solution_rows
def feature_rows(reports, arrived, departed, times, start, holidays):
    return [features_at(reports, arrived, departed, 10 * round(t / 10), start, holidays) for t in times]
