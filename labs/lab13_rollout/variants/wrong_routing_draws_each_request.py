"""Hashes the request too: a user sees one version now and the other a minute later.

Loses: test_routing, test_routing_hidden
"""


# %% solution_routing
def routed(users, requests, weight, rollout):
    def place(user, request):
        text = f"{rollout}\x1f{user}\x1f{request}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64

    return [place(user, request) < weight for user, request in zip(users, requests)]
