"""Python's own hash, which is another one after each start: routers disagree.

Loses: test_routing, test_routing_hidden
"""


# %% solution_routing
def routed(users, requests, weight, rollout):
    return [hash((rollout, user)) % 1_000_000 / 1_000_000 < weight for user in users]
