"""Narrows the largest layers first and measures nothing.

Loses: test_budget, test_budget_hidden
"""


# %% solution_budget
def choose_bits(network, images, labels, max_bytes, max_loss):
    bits = dict.fromkeys(network, 8)
    for name in sorted(network, key=lambda one: -network[one]["weights"].size):
        for width in (6, 4, 3, 2):
            if packed_bytes(network, bits) > max_bytes:
                bits[name] = width
    return bits if packed_bytes(network, bits) <= max_bytes and max(bits.values()) > 2 else None
