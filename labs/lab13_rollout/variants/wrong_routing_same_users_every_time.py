"""Forgets the rollout's name: the same users are the first to be harmed, every time.

Loses: test_routing, test_routing_hidden
"""


# %% solution_routing
def routed(users, requests, weight, rollout):
    digests = [hashlib.blake2b(user.encode(), digest_size=8).digest() for user in users]
    return [int.from_bytes(digest, "big") / 2**64 < weight for digest in digests]
