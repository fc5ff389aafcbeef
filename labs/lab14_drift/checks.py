"""Hidden checks of lab 14, never released: streams and worlds that no student has seen, and what must hold there."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.stats import binom

from coursekit.cases import fraud
from coursekit.classroom.judging import require
from coursekit.monitoring.detectors import DDM, EDDM
from coursekit.monitoring.distances import hellinger, kl_divergence, total_variation
from coursekit.monitoring.refresh import (
    ChangesAt,
    LinearStaleness,
    OnDemand,
    RefreshPolicy,
    SeasonalStaleness,
    Staleness,
    simulate,
)

KINDS = ("none", "sudden", "gradual", "recurring")
BUDGET, DAYS = 4, 180


def error_streams():
    """Twenty streams of errors: four kinds of drift, rates from rare to common, lengths of 500 to 3,160."""
    for number in range(20):
        before, after = ((0.1, 0.3), (0.02, 0.2), (0.4, 0.5), (0.3, 0.1), (0.05, 1.0))[number % 5]
        length = 500 + 140 * number
        made = fraud.error_stream(
            KINDS[number % 4],
            drift_at=length // 2,
            length=length,
            before=before,
            after=after,
            width=length // 8,
            seed=20_261_400 + number,
        )
        yield made.values.tolist()


def check_ddm(student):
    """Twenty streams, two minimum counts: warnings and drifts are those of the definition."""

    def alarms(errors, n_min):
        answer = student.ddm_alarms.returns(tuple | list)(errors, n_min)
        require(len(answer) == 2, "경고와 드리프트, 두 목록을 돌려주어야 합니다.")
        return tuple(map(_positions, answer))

    for number, errors in enumerate(error_streams()):
        n_min = (30, 30, 100)[number % 3]
        warned, drifted = alarms(errors, n_min)
        expected = DDM(variant="paper", n_min=n_min).detect(errors)
        _require_drifts(
            drifted,
            expected.drifts.tolist(),
            lambda start, errors=errors, n_min=n_min: alarms(errors[start:], n_min)[1],
            "최솟값을 언제부터 무엇으로 기억하는지, 몇 배에서 알리는지 확인하세요.",
        )
        require(
            warned == expected.warnings.tolist(),
            "처음 보는 흐름에서 경고의 위치가 정의와 다릅니다. "
            "최솟값을 언제부터(n_min) 무엇으로 기억하는지, 경고는 몇 배부터인지 확인하세요.",
        )


def check_eddm(student):
    """Twenty streams, two minimum counts: drifts are those of the definition."""

    def drifts(errors, n_min):
        return _positions(student.eddm_drifts(errors, n_min))

    for number, errors in enumerate(error_streams()):
        n_min = (30, 50)[number % 2]
        _require_drifts(
            drifts(errors, n_min),
            EDDM(variant="paper", n_min=n_min).detect(errors).drifts.tolist(),
            lambda start, errors=errors, n_min=n_min: drifts(errors[start:], n_min),
            "n_min, 간격, 표준편차, 최댓값의 정의를 한 줄씩 확인하세요.",
        )


def _require_drifts(drifted, expected, afresh, hint):
    """Tell a detector that does not forget from one that follows another definition."""
    if drifted == expected:
        return
    if drifted[:1] == expected[:1]:
        start = drifted[0] + 1
        require(
            drifted[1:] == [start + position for position in afresh(start)],
            "처음 보는 흐름에서, 드리프트 다음부터를 새 흐름으로 넣으면 결과가 다릅니다. 무엇을 잊어야 하는지 보세요.",
        )
    require(False, f"처음 보는 흐름에서 드리프트의 위치가 정의와 다릅니다. {hint}")


def check_distances(student):
    """Sixty random pairs of distributions, a third of them with zeros."""
    dice = np.random.default_rng(20_261_403)
    for number in range(60):
        p, q = dice.dirichlet(np.full(dice.integers(2, 12), 0.8), size=2)
        if number % 3 == 0:
            p[0] = 0
        if number % 6 == 0:
            q[-1] = 0
        p, q = (p / p.sum()).tolist(), (q / q.sum()).tolist()
        for name, exact, called in (
            ("total_variation", total_variation, "총변동 거리"),
            ("hellinger", hellinger, "헬링거 거리"),
            ("kl_divergence", kl_divergence, "KL 발산"),
        ):
            value = _number(getattr(student, name)(p, q), called)
            infinite = math.isinf(exact(p, q))
            require(
                math.isinf(value) == infinite,
                f"{called}: 0이 있는 칸을 정한 대로 다루지 않았습니다. p가 0인 칸과 q가 0인 칸을 따로 보세요.",
            )
            # A dozen additions and logarithms are rounded by 1e-14; none of these pairs is nearly equal.
            require(infinite or abs(value - exact(p, q)) < 1e-6, f"{called}: 무작위 분포에서 값이 식과 다릅니다.")


def feature_worlds():
    """Forty worlds: six of each kind of change and sixteen without, windows of 150, 300 and 600 rows."""
    kinds = [*fraud.FEATURE_KINDS[1:]] * 6 + ["none"] * 16
    for number, kind in enumerate(kinds):
        rows = (150, 300, 600)[number % 3]
        # As plain in small windows as in large ones: a mean shift of 8 standard errors, a mix of about 6.
        size = {
            "mean_shift": 8 / math.sqrt(rows / 2),
            "spread": 2.5,
            "category_mix": min(0.28, 4 / math.sqrt(rows)),
            "missing": (0.15, 1.0)[number // 4 % 2],
        }.get(kind)
        world = fraud.feature_stream(kind, seed=20_261_440 + number, rows=rows, magnitude=size)
        frames = (frame.astype(object).where(frame.notna(), None) for frame in (world.reference, world.current))
        windows = [frame.to_dict("list") for frame in frames]
        yield (kind, *windows, set(world.moved))


def check_moved(student):
    """Forty unseen worlds: what moved is found, what did not is left alone, both within binomial limits."""
    found = {kind: [0, 0] for kind in fraud.FEATURE_KINDS}
    false = still = 0
    for kind, reference, current, moved in feature_worlds():
        answer = student.moved_features.returns(list | tuple | set)(reference, current)
        require(set(map(type, answer)) <= {str}, "피처의 이름은 문자열이어야 합니다.")
        require(set(answer) <= set(reference), "주어진 피처 가운데 없는 이름입니다.")
        found[kind][0] += len(moved & set(answer))
        found[kind][1] += len(moved)
        false += len(set(answer) - moved)
        still += len(reference) - len(moved)
    for kind, called in (
        ("mean_shift", "평균이 옮겨 간"),
        ("spread", "퍼진"),
        ("category_mix", "종류의 비율이 바뀐"),
        ("missing", "값이 사라진"),
    ):
        hit, moved = found[kind]
        # Who finds one with 97% finds fewer than this with a chance of 0.1% at most.
        require(
            moved - hit <= binom.ppf(0.999, moved, 0.03),
            f"처음 보는 세계에서 {called} 피처를 너무 많이 놓쳤습니다. "
            "하나에 97%로 찾는다면 이만큼 놓칠 확률은 0.1%를 넘지 않습니다.",
        )
    require(
        false <= binom.ppf(0.999, still, 0.01),
        "처음 보는 세계에서 움직이지 않은 피처를 너무 많이 골랐습니다. "
        "하나에 1%로 잘못 고른다면 이만큼 고를 확률은 0.1%를 넘지 않습니다. 문턱이 표본의 크기를 아는지 확인하세요.",
    )


class Asked(RefreshPolicy):
    """Asks the student's function on each morning that brings labels, unless a training runs."""

    def __init__(self, decide):
        self.decide, self.model, self.error_rates = decide, 0, []

    def start(self):
        """Begin a run that has heard nothing."""
        return Asked(self.decide)

    def wants(self, step, news):
        """Collect the error rates of the serving model, and ask."""
        if news.serving != self.model:
            self.model, self.error_rates = news.serving, []
        arrived = news.errors.size > 0 and news.model == news.serving
        if arrived:
            self.error_rates.append(float(news.errors.mean()))
        if news.in_training or not arrived:
            return False
        wish = bool(self.decide(step, self.error_rates, BUDGET - len(news.starts)))
        require(not wish or len(news.starts) < BUDGET, "네 번을 다 쓴 뒤에 학습을 또 시작했습니다.")
        return wish


def staleness(kind: str, seed: int) -> Staleness:
    """How a model ages in the world of this kind and seed, drawn as the lab's own worlds are."""
    dice = np.random.default_rng([seed, fraud.ERROR_KINDS.index(kind)])
    if kind == "sudden":
        return ChangesAt(dice.uniform(20, 160, size=dice.integers(1, 3)), severity=dice.uniform(0.08, 0.2))
    if kind == "gradual":
        return LinearStaleness(dice.uniform(0.0005, 0.0015))
    if kind == "recurring":
        return SeasonalStaleness(dice.uniform(0.1, 0.2), period=dice.uniform(150, 365))
    return ChangesAt([], severity=0.1)


def refresh_runs(policy: RefreshPolicy) -> pd.DataFrame:
    """Cost and number of trainings in 24 unseen worlds, one row each."""
    rows = []
    for kind in KINDS:
        for seed in range(20_261_450, 20_261_456):
            world = {"staleness": staleness(kind, seed), "seed": seed, "horizon": DAYS, "errors_per_step": 200}
            run = simulate(policy, train_duration=7, label_delay=14, **world)
            rows.append((kind, 100 * (run.loss.sum() + len(run.starts)), len(run.starts)))
    return pd.DataFrame(rows, columns=["kind", "cost", "trainings"])


def check_refresh(student):
    """Twenty-four unseen worlds: cheaper than both baselines, and quiet where nothing happens."""
    mine = refresh_runs(Asked(student.retrain_today.returns(bool | np.bool_)))
    # 160 days hold 32 separate means of five: one of them is above three standard errors in 4% of such
    # worlds, above two and a half in 20%. One training a world is far more than either.
    require(
        mine.loc[mine["kind"] == "none", "trainings"].mean() <= 1,
        "아무 일도 없는 세계에서 학습을 평균 한 번보다 많이 시작했습니다. 하루의 흔들림과 변화를 구별하는지 보세요.",
    )
    evenly = [DAYS * k // (BUDGET + 1) for k in range(1, BUDGET + 1)]
    for policy, called in ((OnDemand([]), "한 번도 학습하지 않기"), (OnDemand(evenly), "36일마다 학습하기")):
        gain = (refresh_runs(policy)["cost"] - mine["cost"]).to_numpy()
        require(gain.mean() > 0, f"처음 보는 세계에서 평균 비용이 '{called}'보다 낮지 않습니다.")
        # Differences within the same worlds; without one, two standard errors are passed in 2.3%.
        require(
            gain.mean() > 2 * gain.std(ddof=1) / math.sqrt(len(gain)),
            f"처음 보는 세계에서 '{called}'에 견준 비용의 차이가 표준오차의 2배를 넘지 않습니다.",
        )


def _positions(values):
    require(
        isinstance(values, list | tuple | pd.Index | pd.Series) or np.ndim(values) == 1,
        "위치는 목록으로 돌려주어야 합니다.",
    )
    whole = all(isinstance(one, int | np.integer) and not isinstance(one, bool) for one in values)
    require(whole, "위치는 0부터 세는 정수여야 합니다.")
    return [int(one) for one in values]


def _number(value, called):
    sound = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    require(sound and not math.isnan(value), f"{called}: 숫자를 돌려주어야 합니다.")
    return float(value)
