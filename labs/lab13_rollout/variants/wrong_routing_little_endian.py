"""Reads the eight bytes from the other end: a fair draw, and another one than every other router's.

Loses: test_routing, test_routing_hidden
"""


# %% solution_routing
def routed(users, requests, weight, rollout):
    digests = [hashlib.blake2b(f"{rollout}\x1f{user}".encode(), digest_size=8).digest() for user in users]
    return [int.from_bytes(digest, "little") / 2**64 < weight for digest in digests]
