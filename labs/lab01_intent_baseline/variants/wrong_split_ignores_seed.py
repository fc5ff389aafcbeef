"""Fills the test set with the first groups, whatever the seed.

Loses: test_split_hidden
"""


# %% solution_split
def split_by_group(groups, test_share, seed):
    in_test = set()
    for group in groups:
        if sum(other in in_test for other in groups) >= test_share * len(groups):
            break
        in_test.add(group)
    test_rows = [row for row, group in enumerate(groups) if group in in_test]
    return [row for row, group in enumerate(groups) if group not in in_test], test_rows
