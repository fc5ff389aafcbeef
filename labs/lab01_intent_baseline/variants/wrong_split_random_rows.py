"""Shuffles rows and never looks at the groups: paraphrases leak.

Loses: test_split, test_split_hidden
"""


# %% solution_split
def split_by_group(groups, test_share, seed):
    rows = np.random.default_rng(seed).permutation(len(groups)).tolist()
    n_test = round(test_share * len(groups))
    return sorted(rows[n_test:]), sorted(rows[:n_test])
