"""The ramp-up room: choose a candidate, a plan and a test, and see whom it promotes and whom it rolls back."""

from __future__ import annotations

from functools import cache

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit.deployment.rollout import (
    MSPRT,
    Candidate,
    ConditionalEProcess,
    Evidence,
    OBrienFleming,
    Outcomes,
    PooledZ,
    RampPlan,
    Rollout,
    Service,
    Traffic,
    simulate,
    simulate_many,
)
from coursekit.deployment.rollout.figures import VERDICT_NAMES, verdict_bars
from coursekit.explore.controls import dropdown, slider
from coursekit.explore.interactive import InteractiveFigure, interactive_figure
from coursekit.explore.style import palette

PLANS = {
    "5% → 10% → 25% → 50%": RampPlan([0.05, 0.10, 0.25, 0.50]),
    "5%에 머무름": RampPlan([0.05], minutes_per_step=60, patience=1),
    "바로 50%": RampPlan([0.50], minutes_per_step=60, patience=1),
    "1% → 50%": RampPlan([0.01, 0.50], minutes_per_step=30, patience=1),
}
TESTS: dict[str, Evidence] = {
    "조건부 e-과정": ConditionalEProcess(),
    "z 검정, 마지막에 한 번": PooledZ(looks="end"),
    "z 검정, 매분": PooledZ(looks="every minute"),
    "오브라이언-플레밍": OBrienFleming(),
    "mSPRT": MSPRT(),
}
PATHS = {"일정함": "flat", "한 시간 주기로 오르내림": "seasonal", "한 시간 동안 두 배로": "rising"}
REPEATS = 1_000


@cache
def _repeated(ratio: float, plan: str, test: str, path: str) -> Outcomes:
    candidate = Candidate(error_ratio=ratio)
    return simulate_many(Traffic(), Service(path=path), candidate, PLANS[plan], TESTS[test], runs=REPEATS, seed=1)


def _picture(ratio: float, plan: str, test: str, path: str, seed: int) -> go.Figure:
    shown = simulate(Traffic(), Service(path=path), Candidate(error_ratio=ratio), PLANS[plan], TESTS[test], seed=seed)
    chosen, same = _repeated(ratio, plan, test, path), _repeated(1.0, plan, test, path)
    figure = make_subplots(
        rows=3,
        vertical_spacing=0.15,
        row_heights=[0.4, 0.34, 0.26],
        subplot_titles=[
            "분마다의 오류율, 그리고 후보의 몫",
            "롤백에 필요한 증거 가운데 모인 몫",
            f"{REPEATS:,}번 되풀이했을 때의 판정",
        ],
        specs=[[{"secondary_y": True}], [{}], [{}]],
    )
    _minutes(figure, shown)
    verdict_bars(figure, {"기초선과 같은 후보": same, f"고른 후보 ({ratio:.1f}배)": chosen}, row=3, col=1)
    wrong = float(np.mean(same.verdict == "FAIL"))
    harm = float(chosen.harm.mean())
    verdict = f"{shown.minutes}분 만에 {VERDICT_NAMES[shown.verdict]}"
    figure.update_layout(
        title=f"{verdict} · 억울한 롤백 {wrong:.1%} · 평균 피해 {harm:,.0f}건",
        title_font_size=14,
        height=740,
        margin_t=90,
    )
    return figure


def _minutes(figure: go.Figure, rollout: Rollout) -> None:
    colors = palette()
    at = np.arange(1, rollout.minutes + 1)
    for color, side, name in ((colors[0], 0, "기초선"), (colors[1], 1, "후보")):
        rate = rollout.bad[:, 0, side] / np.maximum(rollout.requests[:, side], 1)
        figure.add_scatter(x=at, y=rate, name=f"{name}의 오류율", line_color=color, row=1, col=1)
    figure.add_scatter(
        x=at,
        y=rollout.weight,
        name="후보의 몫 (오른쪽 축)",
        line={"shape": "hv", "dash": "dot", "color": colors[7]},
        row=1,
        col=1,
        secondary_y=True,
    )
    figure.add_scatter(x=at, y=rollout.strength[:, 0], showlegend=False, line_color=colors[2], row=2, col=1)
    figure.add_hline(y=1, line_dash="dot", annotation_text="롤백", row=2, col=1)
    figure.update_yaxes(tickformat=".1%", rangemode="tozero", row=1, col=1, secondary_y=False)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], dtick=0.25, showgrid=False, row=1, col=1, secondary_y=True)
    lowest = float(rollout.strength.min())
    figure.update_yaxes(range=[max(-4.0, min(-0.2, lowest)), 1.3], row=2, col=1)
    figure.update_xaxes(title="시작한 뒤 (분)", row=2, col=1)


def ramp_room() -> InteractiveFigure:
    """Choose a candidate's quality, a plan and a test; watch it promote or roll back, once and a thousand times.

    One rollout is an anecdote: a bad test promotes a good candidate most of the time as well. The same choice
    repeated a thousand times, beside a candidate that equals the baseline, shows what the test promises and
    keeps, and what the harm of waiting is.

    Examples
    --------
    >>> room = ramp_room()
    >>> room.controls["ratio"].value = 2.0
    >>> "롤백" in room.view.figure.layout.title.text
    True
    """
    return interactive_figure(
        _picture,
        ratio=slider("후보의 오류율 (기초선의 배수)", 0.5, 3.0, value=1.0, step=0.1),
        plan=dropdown("계획", {name: name for name in PLANS}),
        test=dropdown("검정", {name: name for name in TESTS}),
        path=dropdown("모두의 오류율", PATHS),
        seed=slider("몇 번째 시도", 0, 30, value=0),
    )
