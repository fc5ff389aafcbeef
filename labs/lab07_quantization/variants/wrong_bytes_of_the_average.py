"""Takes the average of the bits for all weights.

Loses: test_budget, test_budget_hidden
"""


# %% solution_bytes
def packed_bytes(network, bits):
    sizes = {name: layer["weights"].shape for name, layer in network.items()}
    width = sum(bits[name] for name in network) / len(network)
    return sum(math.ceil(math.prod(shape) * width / 8) + 8 * shape[0] for shape in sizes.values())
