"""Counts the weights and forgets scales and biases.

Loses: test_budget, test_budget_hidden
"""


# %% solution_bytes
def packed_bytes(network, bits):
    sizes = {name: layer["weights"].shape for name, layer in network.items()}
    return sum(math.ceil(math.prod(shape) * bits[name] / 8) for name, shape in sizes.items())
