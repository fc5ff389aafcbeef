"""Move training time, label delay and cost, and watch the best refresh policy move."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit.explore.controls import dropdown, log_slider, slider
from coursekit.explore.interactive import InteractiveFigure, interactive_figure
from coursekit.explore.style import palette
from coursekit.monitoring.refresh import (
    AbruptChanges,
    KnownDelay,
    LinearStaleness,
    OnDemand,
    RefreshPolicy,
    Scheduled,
    Staleness,
    Triggered,
    expected_cost,
    simulate,
)

WORLDS = {"천천히 늙음 (날마다 조금씩)": "linear", "갑작스러운 변화 (평균 60일에 한 번)": "abrupt"}
INTERVALS = np.arange(1, 121)
HORIZON, CHANGE_EVERY = 240, 60


def refresh_costs(
    world: str, *, loss: float, retrain_cost: float, train_duration: int, label_delay: int, detection_delay: int
) -> dict[str, np.ndarray]:
    """Cost a day of every interval between trainings, of retraining on an alarm, and of never doing it.

    The comparison a team has before it builds anything: a calendar, a detector, nothing at all,
    at the same training time and the same label delay.

    Parameters
    ----------
    world
        ``"linear"``: each day of age adds ``loss`` a day; ``"abrupt"``: once in 60 days on
        average something changes, and a model from before it loses ``loss`` a day.
    loss
        See world; in the unit of the cost.
    retrain_cost
        Cost of a training.
    train_duration
        Days of a training.
    label_delay
        Days from a prediction to its label.
    detection_delay
        Days of labels that a detector needs after a change.

    Raises
    ------
    ValueError
        If the world is unknown or a number is negative.

    Examples
    --------
    >>> slow = {"train_duration": 14, "label_delay": 0, "detection_delay": 3}
    >>> costs = refresh_costs("linear", loss=5.0, retrain_cost=500.0, **slow)
    >>> int(costs["scheduled"].argmin()) + 1
    14
    """
    staleness = _staleness(world, loss)
    delays: dict[str, Any] = {
        "train_duration": train_duration,
        "label_delay": label_delay,
        "retrain_cost": retrain_cost,
    }
    scheduled = np.array([expected_cost(staleness, interval=int(every), **delays) for every in INTERVALS])
    costs = {"interval": INTERVALS, "scheduled": scheduled, "retraining": retrain_cost / INTERVALS}
    if world == "abrupt":
        costs["triggered"] = np.array(expected_cost(staleness, detection_delay=detection_delay, **delays))
        costs["never"] = np.array(loss)  # sooner or later something broke, and nothing mends it
    return costs


def _staleness(world: str, loss: float) -> Staleness:
    if world not in WORLDS.values():
        raise ValueError(f"world must be one of {', '.join(WORLDS.values())}, got {world!r}")
    return LinearStaleness(loss) if world == "linear" else AbruptChanges(1 / CHANGE_EVERY, loss)


def _picture(
    world: str, loss: float, retrain_cost: float, train_duration: int, label_delay: int, detection_delay: int
) -> go.Figure:
    delays: dict[str, Any] = {"train_duration": train_duration, "label_delay": label_delay}
    costs = refresh_costs(world, loss=loss, retrain_cost=retrain_cost, detection_delay=detection_delay, **delays)
    at = int(costs["scheduled"].argmin())
    best_days = int(INTERVALS[at])
    candidates: dict[str, tuple[float, RefreshPolicy]] = {
        f"{best_days}일마다": (float(costs["scheduled"][at]), Scheduled(best_days))
    }
    if world == "abrupt":
        candidates["경보가 울릴 때"] = float(costs["triggered"]), Triggered(KnownDelay(max(detection_delay, 1)))
        candidates["다시 학습하지 않음"] = float(costs["never"]), OnDemand([])
    winner = min(candidates, key=lambda name: candidates[name][0])
    best = candidates[winner][0]
    colors = palette()
    figure = make_subplots(
        rows=2,
        vertical_spacing=0.2,
        row_heights=[0.55, 0.45],
        subplot_titles=["간격에 따른 하루의 비용 (만 원)", "서빙 모델이 아는 데이터의 나이 (일)"],
    )
    stale = costs["scheduled"] - costs["retraining"]
    lines = {"합": costs["scheduled"], "늙은 모델의 손해": stale, "학습 비용": costs["retraining"]}
    for color, (name, values) in zip(colors, lines.items(), strict=False):
        figure.add_scatter(x=INTERVALS, y=values, name=name, line_color=color, row=1, col=1)
    for dash, (name, (cost, _)) in zip(("dash", "dot"), list(candidates.items())[1:], strict=False):
        told = {"annotation_text": name, "annotation_position": "top right"}
        figure.add_hline(y=cost, line_dash=dash, **told, row=1, col=1)
    figure.add_scatter(
        x=[best_days],
        y=[costs["scheduled"][at]],
        name="가장 싼 간격",
        mode="markers",
        marker={"size": 11, "color": colors[0]},
        row=1,
        col=1,
    )
    plans = {winner: candidates[winner][1], "처음 모델 그대로": OnDemand([])}
    ages = []
    for color, dash, (name, plan) in zip(colors[3:], ("solid", "dot"), plans.items(), strict=False):
        run = simulate(plan, staleness=_staleness(world, loss), retrain_cost=retrain_cost, horizon=HORIZON, **delays)
        line = {"color": color, "dash": dash}
        ages.append(run.max_age if name == winner else 0.0)
        figure.add_scatter(x=np.arange(HORIZON), y=run.age, name=name, line=line, row=2, col=1)
    floor = train_duration + label_delay
    figure.add_hline(y=floor, line_dash="dot", row=2, col=1)
    figure.update_layout(
        title=f"가장 싼 정책: {winner} (하루 {best:,.1f}만 원) · 나이의 바닥 {floor}일",
        title_font_size=14,
        height=600,
        margin_t=90,
    )
    figure.update_yaxes(range=[0, 1.15 * float(np.max(costs["scheduled"][6:]))], row=1, col=1)
    figure.update_yaxes(range=[0, max(1.1 * max(ages), 1.5 * floor, 60)], row=2, col=1)
    figure.update_xaxes(title="업데이트 간격 (일)", row=1, col=1)
    figure.update_xaxes(title="일", row=2, col=1)
    return figure


def refresh_playground() -> InteractiveFigure:
    """Choose how a model ages and what a training costs; see which policy is the cheapest.

    Where a model ages steadily, training time and label delay raise every interval alike: they
    set how young a model can be, not how often it should be renewed. The price of a training and
    the speed of ageing set that. Where the world breaks, a slow training makes frequent ones
    worth less, an alarm competes with the calendar, and doing nothing with both.

    Examples
    --------
    >>> playground = refresh_playground()
    >>> playground.controls["train_duration"].value = 28
    >>> "28일" in playground.view.figure.layout.title.text
    True
    """
    return interactive_figure(
        _picture,
        world=dropdown("세계", WORLDS),
        loss=log_slider("하루 늙을 때마다 (부서졌으면 하루마다)의 손해", 1, 100, value=20, unit="만 원"),
        retrain_cost=log_slider("학습 한 번의 비용", 10, 5_000, value=500, unit="만 원"),
        train_duration=slider("학습 시간", 0, 42, value=14, unit="일"),
        label_delay=slider("레이블 지연", 0, 60, value=0, unit="일"),
        detection_delay=slider("탐지에 걸리는 날 (갑작스러운 변화에서)", 1, 30, value=3, unit="일"),
    )
