"""The widest width that fits, the same for all layers.

Loses: test_budget, test_budget_hidden
"""


# %% solution_budget
def choose_bits(network, images, labels, max_bytes, max_loss):
    for width in range(8, 1, -1):
        if packed_bytes(network, dict.fromkeys(network, width)) <= max_bytes:
            return dict.fromkeys(network, width) if width > 2 else None
    return None
