"""Draws a share of the groups, which is no share of the rows when groups differ in size.

Loses: test_split_hidden
"""


# %% solution_split
def split_by_group(groups, test_share, seed):
    names = np.unique(groups)
    drawn = np.random.default_rng(seed).choice(names, size=round(test_share * len(names)), replace=False)
    in_test = np.isin(groups, drawn)
    return np.flatnonzero(~in_test).tolist(), np.flatnonzero(in_test).tolist()
