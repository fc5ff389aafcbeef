"""A table, filtered and sorted, with a numpy number as the answer; the sums written out."""

# %% answer_last_known
import pandas as pd


def last_known(reports, hospital, now):
    table = pd.DataFrame(reports, columns=["minute", "name", "left"])
    table = table[(table["name"] == hospital) & (table["minute"] <= now) & (table["left"] != -1)]
    return None if table.empty else int(table.sort_values("minute")["left"].iloc[-1])


# %% answer_saturation
answer_3 = 100 * ((100 - 3) / 100 - (50 - 9) / 50)
