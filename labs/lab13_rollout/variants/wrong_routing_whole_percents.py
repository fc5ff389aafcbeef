"""A hundred buckets: weights below one percent, and between two, become others.

Loses: test_routing_hidden
"""


# %% solution_routing
def routed(users, requests, weight, rollout):
    def bucket(user):
        digest = hashlib.blake2b(f"{rollout}\x1f{user}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") * 100 // 2**64

    return [bucket(user) < round(weight * 100) for user in users]
