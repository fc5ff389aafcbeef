"""Hidden checks of lab 13, never released: users, records and rollouts that no student has seen."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp
from scipy.stats import binom

from coursekit.classroom.judging import require
from coursekit.deployment.rollout import ERRORS, Candidate, Service, Traffic, World

ALPHA, PLAN, SHORTEST, LONGEST, MARGIN = 0.05, (0.05, 0.10, 0.25, 0.50), 10, 40, 0.25
PROMOTE_MINUTES, HARM, LATE_HARM = 60, 60, 250
LADDER = (*PLAN, 1.0)
FAIR = 20_261_300


def check_routing(student):
    """Six thousand unseen users, four rollouts, weights however fine: the four properties, and the shared formula."""

    def seen(users, requests, weight, rollout):
        answer = student.routed.returns(list | tuple | np.ndarray)(users, requests, weight, rollout)
        require(len(answer) == len(users), "요청의 수와 답의 수가 다릅니다. 한 사용자가 여러 번 나올 수도 있습니다.")
        require(all(isinstance(one, bool | np.bool_) for one in answer), "답은 True나 False여야 합니다.")
        return np.array(answer, dtype=bool)

    dice = np.random.default_rng(FAIR)
    users = [f"{name}-{number}" for name in ("고객", "guest", "a|b") for number in dice.integers(10**9, size=2_000)]
    first, later = np.arange(len(users)), dice.permutation(len(users)) + 10**6
    before = None
    for rollout in ("ranker-7", "ranker-8", "r", "의도 분류 2"):
        lower = np.zeros(len(users), dtype=bool)
        for weight in (0.004, 0.125, 0.5):
            mine = seen(users, first.tolist(), weight, rollout)
            order = dice.permutation(len(users))
            again = seen([users[at] for at in order], later.tolist(), weight, rollout)
            require(bool((again == mine[order]).all()), "같은 사용자가 다음 요청에서는 다른 쪽으로 갔습니다.")
            require(bool((lower <= mine).all()), "비율을 올렸더니 후보를 보던 사용자가 기초선으로 되돌아갔습니다.")
            # Each side of a binomial's 99.98%: one of the twelve is passed by chance in 0.2% of right answers.
            low, high = binom.ppf([0.0001, 0.9999], len(users), weight)
            require(
                bool(low <= mine.sum() <= high),
                "처음 보는 사용자에서, 후보를 보는 사용자의 비율이 정한 비율과 우연이라기에는 다릅니다.",
            )
            lower = mine
        if before is not None:
            low, high = binom.ppf([0.0001, 0.9999], int(before.sum()), 0.5)
            require(
                bool(low <= (before & lower).sum() <= high),
                "이름이 다른 배포가 사용자를 따로 뽑지 않았습니다. 늘 같은 사람이 먼저 후보를 봅니다.",
            )
        before = lower
        places = np.array([_place(user, rollout) for user in users])
        require(
            bool((lower == (places < 0.5)).all()),
            "다른 라우터와 같은 식이 아닙니다. 같은 사용자가 라우터에 따라 다른 쪽으로 갑니다.",
        )
        # A weight between the two closest places parts them only if no digit of a place is dropped.
        ordered = np.sort(places)
        closest = int(np.diff(ordered).argmin())
        finest = float(ordered[closest : closest + 2].mean())
        require(
            bool((seen(users, first.tolist(), finest, rollout) == (places < finest)).all()),
            "아주 잘게 정한 비율에서 다른 라우터와 갈리는 사용자가 있습니다. 자리를 반올림하지 않는지 보세요.",
        )
        repeated = dice.integers(len(users), size=500)
        again = seen([users[at] for at in repeated], list(range(500)), 0.5, rollout)
        require(bool((again == lower[repeated]).all()), "한 사용자가 여러 번 나오는 목록에서 답이 달라졌습니다.")


def _place(user: str, rollout: str) -> float:
    digest = hashlib.blake2b(f"{rollout}\x1f{user}".encode(), digest_size=8)
    return int(digest.hexdigest(), 16) / 2**64


def evidence_questions() -> Iterator[tuple[str, tuple]]:
    """Ninety records: a constant weight, ramps, other hypotheses, and counts that no exponential survives."""
    dice = np.random.default_rng(FAIR + 1)
    for number in range(90):
        kind = ("constant", "ramp", "null", "many")[number % 4]
        minutes = int(dice.integers(1, 12 if kind == "many" else 160))
        weights = np.full(minutes, dice.uniform(0.01, 0.6))
        if kind != "constant":
            weights = np.sort(dice.choice([0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.9], minutes))
        total = dice.poisson(dice.uniform(0.2, 200) * (100 if kind == "many" else 1), minutes)
        times = dice.uniform(0.3, 4)
        candidate = dice.binomial(total, weights * times / (1 - weights + weights * times))
        null = 1.0 if kind in ("constant", "ramp") else float(dice.uniform(1.2, 6))
        ratios = null * dice.uniform(
            *((1.01, 5) if number % 3 else (0.2, 0.99)), int(dice.integers(1, 8 if kind == "many" else 30))
        )
        yield (
            kind,
            (weights.tolist(), (total - candidate).tolist(), candidate.tolist(), ratios.tolist(), null),
        )


def log_e(weights, baseline_bad, candidate_bad, ratios, null) -> float:
    """The evidence by its definition: each bad request's probability under both, minute by minute."""
    to_both = np.array(weights) > 0  # a minute without a candidate tells nothing
    w, b, c = (np.array(column)[to_both] for column in (weights, baseline_bad, candidate_bad))

    def log_likelihood(theta):
        share = theta * w / (1 - w + theta * w)
        return float(np.sum(c * np.log(share) + b * np.log1p(-share)))

    gains = [log_likelihood(theta) - log_likelihood(null) for theta in ratios]
    return float(logsumexp(gains) - math.log(len(ratios)))


def check_evidence(student):
    """Ninety unseen records: the value of the formula, and a finite one."""
    for kind, known in evidence_questions():
        value = student.log_e_value.returns(int | float | np.integer | np.floating)(*known)
        require(not isinstance(value, bool), "증거의 로그는 숫자로 돌려주어야 합니다.")
        require(math.isfinite(value), "처음 보는 기록에서 증거의 로그가 무한대이거나 숫자가 아닙니다(NaN).")
        wanted = log_e(*known)
        # 160 products of a count below 1e5 and a logarithm: rounded by 1e-9 of their sum at most.
        require(
            abs(value - wanted) < 1e-6 * max(1, abs(wanted)),
            {
                "constant": "비율이 그대로인, 처음 보는 기록에서 증거가 식과 다릅니다.",
                "ramp": "비율이 변하는, 처음 보는 기록에서 증거가 식과 다릅니다. 1분마다 그때의 비율을 쓰는지 보세요.",
                "null": "귀무가설이 1배가 아닌, 처음 보는 기록에서 증거가 식과 다릅니다.",
                "many": "오류가 아주 많은, 처음 보는 기록에서 증거가 식과 다릅니다.",
            }[kind],
        )


class Played(NamedTuple):
    """How the rollouts of one world ended."""

    final: np.ndarray
    """The last share of each, 0 or 1."""
    minutes: np.ndarray
    """Minutes until then."""
    harm: np.ndarray
    """Expected bad requests beyond the baseline's."""


def play(ask: Callable, world: dict, *, runs: int, seed: int) -> Played:
    """Play rollouts of a world side by side, with the student's decision of each minute kept to the plan."""
    service = Service(error_rate=0.02, path=world.get("path", "flat"))
    candidate = Candidate(error_ratio=world.get("ratio", 1.0), from_minute=world.get("from_minute", 0))
    traffic = Traffic(world.get("traffic", 5_000))
    town = World(traffic, service, candidate, guardrails=(ERRORS,), runs=runs, rng=np.random.default_rng(seed))
    final, minutes, harm = np.full(runs, np.nan), np.zeros(runs, dtype=int), np.zeros(runs)
    weights, counts = np.empty((runs, 0)), np.empty((runs, 0, 4), dtype=int)
    remembered = None
    for at in range(LONGEST * len(PLAN) + 1):
        running = np.flatnonzero(np.isnan(final))
        if not running.size:
            break
        given = ask(weights[running], counts[running])
        require(len(given) == len(running), "기록의 수와 답의 수가 다릅니다.")
        share = np.zeros(runs)
        share[running] = [next_share(one, weights[run].tolist()) for one, run in zip(given, running, strict=True)]
        if at == SHORTEST + 2:
            remembered = weights[running], counts[running], share[running].copy()
        ended = running[(share[running] == 0) | (share[running] == 1)]
        final[ended], minutes[ended], share[ended] = share[ended], at, 0.0
        minute = town.minute(at, share)
        baseline, worse = town.rates(at)[0]
        harm += minute.requests[:, 1] * (worse - baseline)
        weights = np.concatenate([weights, share[:, None]], axis=1)
        counts = np.concatenate([counts, np.hstack([minute.requests, minute.bad[:, 0]])[:, None]], axis=1)
    if remembered is not None:
        then, seen, answer = remembered
        again = ask(then[::-1], seen[::-1])[::-1]
        require(
            len(again) == len(answer) and all(one == other for one, other in zip(again, answer.tolist(), strict=True)),
            "같은 기록을 다시 물었더니 답이 달라졌습니다. decide는 기록만 보고 정해야 합니다.",
        )
    return Played(final, minutes, harm)


def next_share(share, past: list[float]) -> float:
    """The answer, if the plan allows it after these weights."""
    sound = isinstance(share, int | float | np.integer | np.floating) and not isinstance(share, bool)
    require(sound, "다음 1분의 비율은 숫자로 돌려주어야 합니다.")
    if share == 0:
        return 0.0
    require(share in LADDER, "처음 보는 배포에서 계획에 없는 비율이 나왔습니다.")
    step = LADDER.index(past[-1]) if past else -1
    lasted = sum(one == past[-1] for one in past)
    up = LADDER.index(share) - step
    require(up >= 0, "처음 보는 배포에서 앞의 단계로 되돌아갔습니다. 되돌릴 때는 0.0입니다.")
    require(up <= 1, "처음 보는 배포에서 단계를 건너뛰었습니다.")
    require(
        up == 0 or not past or lasted >= SHORTEST,
        "처음 보는 배포에서 한 단계의 가장 짧은 시간을 채우기 전에 올렸습니다.",
    )
    require(up > 0 or lasted < LONGEST, "처음 보는 배포에서 한 단계의 가장 긴 시간을 채우고도 머물렀습니다.")
    return float(share)


HARMLESS = ({"path": "flat"}, {"path": "seasonal"}, {"path": "rising"})
FROM_THE_START = (
    {"ratio": 1.5, "path": "flat"},
    {"ratio": 1.5, "path": "seasonal"},
    {"ratio": 2.0, "path": "rising"},
    {"ratio": 3.0, "path": "flat"},
)
LATE = ({"ratio": 2.0, "from_minute": 25, "path": "seasonal"}, {"ratio": 3.0, "from_minute": 22, "path": "rising"})
SLIGHT = ({"ratio": 1.3, "path": "flat"}, {"ratio": 1.3, "path": "rising"})
BETTER = ({"ratio": 0.5, "path": "rising"}, {"ratio": 0.7, "path": "flat"})
# Where traffic is scarce the alarm is silent, and only the evidence for the next weight keeps 1.3 times out.
SLIGHT_AND_SMALL = ({"ratio": 1.3, "traffic": 700},)
SMALL = ({"ratio": 2.0, "traffic": 400}, {"ratio": 1.5, "traffic": 250}, {"ratio": 1.5, "traffic": 40})


def check_harmless(student):
    """240 harmless candidates and 60 better ones: rolled back at most as often as alpha says, promoted in time."""
    ask = student.decide_all.returns(list)
    played = [play(ask, world, runs=80, seed=FAIR + 10 + place) for place, world in enumerate(HARMLESS)]
    final = np.concatenate([one.final for one in played])
    # Who rolls back 5% of harmless candidates rolls back more than this with a chance of 0.1% at most.
    require(
        (final == 0).sum() <= binom.ppf(0.999, final.size, ALPHA),
        f"처음 보는 세계에서 멀쩡한 후보 {final.size}개 가운데 너무 많이 되돌렸습니다. "
        "하나에 5%로 되돌린다면 이만큼 되돌릴 확률은 0.1%를 넘지 않습니다. "
        "비율과 오류율이 함께 변하는 세계도 있습니다.",
    )
    for place, world in enumerate(BETTER):
        better = play(ask, world, runs=30, seed=FAIR + 15 + place).final
        require(
            (better == 0).sum() <= binom.ppf(0.999, better.size, ALPHA),
            "처음 보는 세계에서 기초선보다 나은 후보를 너무 많이 되돌렸습니다. 다르다는 것은 나쁘다는 것이 아닙니다.",
        )
    minutes = np.concatenate([one.minutes for one in played])[final == 1]
    require(minutes.mean() <= PROMOTE_MINUTES, "처음 보는 세계에서 멀쩡한 후보를 올리는 데 너무 오래 걸립니다.")


def check_harmful(student):
    """510 bad candidates in twelve worlds: not promoted, and rolled back within the budget of harm."""
    ask = student.decide_all.returns(list)
    require(
        (play(ask, {}, runs=10, seed=FAIR + 20).final == 1).any(),
        "처음 보는 세계에서 멀쩡한 후보를 하나도 올리지 못했습니다. 모두 되돌리는 것은 잡는 것이 아닙니다.",
    )
    seed = FAIR + 30
    for worlds, runs, budget, called in (
        (FROM_THE_START, 40, HARM, "처음부터 나쁜 후보"),
        (LATE, 40, LATE_HARM, "도중에 나빠진 후보"),
        (SLIGHT, 30, math.inf, "1.3배 나쁜 후보"),
        (SMALL, 30, math.inf, "작은 서비스의 나쁜 후보"),
        (SLIGHT_AND_SMALL, 120, math.inf, "작은 서비스의 1.3배 나쁜 후보"),
    ):
        for world in worlds:
            seed += 1
            played = play(ask, world, runs=runs, seed=seed)
            require(
                (played.final == 1).sum() <= binom.ppf(0.999, runs, ALPHA),
                f"처음 보는 세계에서 {called}가 너무 많이 끝까지 올라갔습니다. "
                "하나에 5%로 올린다면 이만큼 올라갈 확률은 0.1%를 넘지 않습니다.",
            )
            # A mean within the budget is measured three standard errors above it with a chance of 0.13%.
            error = played.harm.std(ddof=1) / math.sqrt(runs)
            require(
                played.harm.mean() <= budget + 3 * error,
                f"처음 보는 세계에서 {called}가 예산보다 많은 오류를 냈습니다. "
                "참된 평균이 예산 안이라면 표준오차의 3배만큼 넘을 확률은 0.13%입니다.",
            )
