"""Takes the trend from one row to the next, whatever lies between.

Loses: test_rows, test_rows_hidden
"""


# %% solution_rows
def feature_rows(reports, arrived, departed, times, start, holidays):
    rows = [features_at(reports, arrived, departed, t, start, holidays) for t in times]
    for earlier, row in zip([None, *rows], rows):
        row["occupancy_trend"] = row["last_number"] - earlier["last_number"] if earlier else math.nan
    return rows
