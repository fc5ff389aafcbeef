"""The first five percent of the requests: who comes early sees the candidate.

Loses: test_routing, test_routing_hidden
"""


# %% solution_routing
def routed(users, requests, weight, rollout):
    return [at < weight * len(users) for at in range(len(users))]
