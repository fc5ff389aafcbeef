"""Hashes the weight too: raising it takes the candidate from some who had it.

Loses: test_routing, test_routing_hidden
"""


# %% solution_routing
def routed(users, requests, weight, rollout):
    def place(user):
        digest = hashlib.blake2b(f"{rollout}\x1f{user}\x1f{weight}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    return [place(user) < weight for user in users]
