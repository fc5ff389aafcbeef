"""numpy over the columns."""


# %% answer_shipped
def shipped_defects(days):
    import numpy as np

    passed, audited, found = np.array(days, dtype=float).reshape(-1, 3).T
    if (audited == 0).any():
        return None
    return float(np.sum(found * (passed / audited - 1)))
