"""Places of four digits: another router parts with it where weights are finer.

Loses: test_routing_hidden
"""


# %% solution_routing
def routed(users, requests, weight, rollout):
    def place(user):
        digest = hashlib.blake2b(f"{rollout}\x1f{user}".encode(), digest_size=8).digest()
        return round(int.from_bytes(digest, "big") / 2**64, 4)

    return [place(user) < weight for user in users]
