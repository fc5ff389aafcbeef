"""The distance as one minus the overlap of the two distributions."""


# %% answer_distance
def total_variation(p, q):
    return 1 - sum(map(min, p, q))
