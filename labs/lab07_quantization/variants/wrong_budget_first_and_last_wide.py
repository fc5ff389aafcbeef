"""Keeps the first and the last layer at eight bits, as people say, and the rest alike.

Loses: test_budget, test_budget_hidden
"""


# %% solution_budget
def choose_bits(network, images, labels, max_bytes, max_loss):
    for width in range(8, 1, -1):
        bits = {**dict.fromkeys(network, width), "conv1": 8, "dense": 8}
        if packed_bytes(network, bits) <= max_bytes:
            return bits if width > 2 else None
    return None
