"""Answers once per user: a list in which somebody comes twice gets too few answers.

Loses: test_routing_hidden
"""


# %% solution_routing
def routed(users, requests, weight, rollout):
    sides = {}
    for user in users:
        digest = hashlib.blake2b(f"{rollout}\x1f{user}".encode(), digest_size=8).digest()
        sides[user] = int.from_bytes(digest, "big") / 2**64 < weight
    return list(sides.values())
