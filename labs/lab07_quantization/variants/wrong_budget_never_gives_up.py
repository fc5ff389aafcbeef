"""Hands out a configuration though none keeps the loss.

Loses: test_budget_hidden
"""


# %% solution_budget
def choose_bits(network, images, labels, max_bytes, max_loss):
    def scores(bits):
        smaller = dict(network)
        for name, width in bits.items():
            values, scales = quantize_weights(network[name]["weights"], width)
            smaller[name] = {**network[name], "weights": (values.T * scales).T}
        return margins(smaller, images)

    if packed_bytes(network, dict.fromkeys(network, 2)) > max_bytes:
        return None
    plain, ladder, bits = scores({}), (8, 6, 4, 3, 2), dict.fromkeys(network, 8)
    moved = {(a, b): np.mean((scores({a: b}) - plain) ** 2) for a in network for b in ladder}
    while packed_bytes(network, bits) > max_bytes:
        steps = []
        for name in (one for one in network if bits[one] > 2):
            width = ladder[ladder.index(bits[name]) + 1]
            saved = packed_bytes(network, bits) - packed_bytes(network, {**bits, name: width})
            steps.append(((moved[name, width] - moved[name, bits[name]]) / saved, name, width))
        bits |= [min(steps)[1:]]
    loss = np.mean((plain > 0) == labels) - np.mean((scores(bits) > 0) == labels)
    return bits if loss <= 1 else None
