"""The recall as one minus the share that was missed, with numpy numbers."""

# %% answer_age
import numpy as np

answer_3 = np.int64(30) + np.int64(14)


# %% answer_recall
import numpy as np


def estimated_recall(caught, found, audit_share):
    missed = np.float64(found) / audit_share
    return 1 - missed / (caught + missed)
