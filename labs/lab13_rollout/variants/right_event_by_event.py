"""Plain Python, one bad request at a time; a mixture of three ratios decides."""


# %% solution_routing
def routed(users, requests, weight, rollout):
    threshold = int(weight * 2**64)

    def place(user):
        number = 0
        for byte in hashlib.blake2b("\x1f".join([rollout, user]).encode("utf-8"), digest_size=8).digest():
            number = 256 * number + byte
        return number

    places = {user: place(user) for user in set(users)}
    return tuple(places[user] < threshold for user in users)


# %% solution_evidence
def log_e_value(weights, baseline_bad, candidate_bad, ratios, null=1.0):
    log_e = [0.0] * len(ratios)
    for w, b, c in zip(weights, baseline_bad, candidate_bad):
        if w == 0:
            continue
        for k, theta in enumerate(ratios):
            theirs, ours = theta * w / (1 - w + theta * w), null * w / (1 - w + null * w)
            for _ in range(c):
                log_e[k] += math.log(theirs / ours)
            for _ in range(b):
                log_e[k] += math.log((1 - theirs) / (1 - ours))
    most = max(log_e)
    return most + math.log(sum(math.exp(one - most) for one in log_e) / len(ratios))


# %% solution_controller
def mixture(history, ratios, null):
    log_e = [0.0] * len(ratios)
    for w, b, c in zip(history["weight"], history["baseline_bad"], history["candidate_bad"]):
        for k, theta in enumerate(ratios):
            log_e[k] += c * math.log(theta / null) - (b + c) * math.log((1 - w + theta * w) / (1 - w + null * w))
    return sum(math.exp(min(one, 500)) for one in log_e) / len(ratios)


def decide(history):
    if len(history["weight"]) == 0:
        return PLAN[0]
    now = history["weight"][-1]
    minutes_here = sum(1 for w in history["weight"] if w == now)
    if mixture(history, (1.25, 1.7, 2.8), 1.0) >= 20:
        return 0.0
    higher = {0.05: 0.10, 0.10: 0.25, 0.25: 0.50, 0.50: 1.0}[now]
    limit = 1 + 0.25 / higher
    if minutes_here >= 10 and mixture(history, (0.55 * limit, 0.7 * limit, 0.85 * limit), limit) >= 20:
        return higher
    return 0.0 if minutes_here >= 40 else now
