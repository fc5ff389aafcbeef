"""A small world to break: choose a drift, and see who notices, when, and who cannot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy.special import expit
from scipy.stats import chi2

from coursekit.explore.controls import dropdown, slider
from coursekit.explore.interactive import InteractiveFigure, interactive_figure
from coursekit.explore.style import palette
from coursekit.monitoring.detectors import ADWIN, DDM, EDDM, HDDM_W, PageHinkley
from coursekit.monitoring.distances import population_stability_index, smoothed
from coursekit.short_repr import ShortRepr

DAYS, PER_DAY, CHANGE_DAY, BINS = 120, 250, 60, 10
KINDS = {
    "개념 드리프트: x2의 뜻이 바뀜": "concept",
    "데이터 드리프트: x1이 옮겨 감": "data",
    "피처 x2가 사라짐": "vanish",
}
SHAPES = {"갑자기": "sudden", "천천히": "gradual", "계절마다": "recurring"}


@dataclass(frozen=True, eq=False, repr=False)
class DriftWorld(ShortRepr):
    """Days of predictions of one fixed model in a world that drifts."""

    features: np.ndarray
    """Two features of each prediction as the model saw them, shape (days, per_day, 2)."""
    errors: np.ndarray
    """1 where the model was wrong, shape (days, per_day)."""
    reference: np.ndarray
    """The two features as they were in training, shape (n, 2)."""
    strength: np.ndarray
    """How much of the drift is there on each day, from 0 to 1, shape (days,)."""


def drift_world(kind: str, *, shape: str = "sudden", size: float = 0.7, seed: int = 0) -> DriftWorld:
    r"""A world of two features in which one thing drifts, and a model that does not.

    The smallest world in which the kinds of drift part: the concept can turn while no feature
    moves, and a feature can move where the model happens to be right.

    The truth is :math:`P(y=1) = \sigma(3 (x_1 - 1.6 \max(x_1 - 1, 0) + x_2))`; the model knows
    :math:`x_1 + x_2 > 0`, which is nearly right where training data lay.

    Parameters
    ----------
    kind
        ``"concept"`` turns the sign of x2's effect, ``"data"`` moves x1 by up to 3 standard
        deviations, ``"vanish"`` replaces x2 by 0 on its way to the model.
    shape
        ``"sudden"`` from day 60 on, ``"gradual"`` over days 40 to 100, ``"recurring"`` as a
        wave of 40 days.
    size
        From 0 (nothing changes) to 1.
    seed
        Seed of the world.

    Raises
    ------
    ValueError
        If kind or shape is unknown or size lies outside [0, 1].

    Examples
    --------
    >>> world = drift_world("concept", size=1.0)
    >>> bool(world.errors[60:].mean() > 2 * world.errors[:60].mean())
    True
    """
    if kind not in KINDS.values() or shape not in SHAPES.values() or not 0 <= size <= 1:
        raise ValueError(f"kind is one of {[*KINDS.values()]}, shape of {[*SHAPES.values()]}, size in [0, 1]")
    rng = np.random.default_rng(seed)
    day = np.arange(DAYS)
    strength = {
        "sudden": (day >= CHANGE_DAY).astype(float),
        "gradual": np.clip((day - 40) / 60, 0, 1),
        "recurring": np.where(day >= 40, (1 - np.cos(2 * np.pi * (day - 40) / 40)) / 2, 0.0),
    }[shape] * size
    reference = rng.normal(size=(5_000, 2))
    x = rng.normal(size=(DAYS, PER_DAY, 2))
    turned = np.ones(DAYS)
    if kind == "data":
        x[:, :, 0] += 3 * strength[:, None]
    elif kind == "concept":
        turned = 1 - 2 * strength
    x1, x2 = x[:, :, 0], x[:, :, 1]
    truth = rng.random((DAYS, PER_DAY)) < expit(3 * (x1 - 1.6 * np.maximum(x1 - 1, 0) + turned[:, None] * x2))
    if kind == "vanish":
        lost = rng.random((DAYS, PER_DAY)) < strength[:, None]
        x[:, :, 1] = np.where(lost, 0.0, x2)
    errors = (x.sum(axis=2) > 0) != truth
    return DriftWorld(x, errors.astype(np.int8), reference, strength)


def _daily_psi(world: DriftWorld) -> np.ndarray:
    """PSI of each feature on each day against the training data, shape (days, 2)."""
    psi = np.empty((DAYS, 2))
    for feature in range(2):
        edges = np.quantile(world.reference[:, feature], np.linspace(0, 1, BINS + 1)[1:-1])
        before = smoothed(np.bincount(np.searchsorted(edges, world.reference[:, feature]), minlength=BINS))
        for day in range(DAYS):
            now = np.bincount(np.searchsorted(edges, world.features[day, :, feature]), minlength=BINS)
            psi[day, feature] = population_stability_index(smoothed(now), before)
    return psi


def _picture(kind: str, shape: str, size: float, label_delay: int, seed: int) -> go.Figure:
    world = drift_world(kind, shape=shape, size=size, seed=seed)
    colors, day = palette(), np.arange(DAYS)
    accuracy, psi = 1 - world.errors.mean(axis=1), _daily_psi(world)
    # under no drift PSI is about (1/n + 1/m) chi-squared with bins - 1 degrees of freedom
    noise = (1 / PER_DAY + 1 / len(world.reference)) * chi2.ppf(0.999, BINS - 1)
    figure = make_subplots(
        rows=3,
        shared_xaxes=True,
        vertical_spacing=0.09,
        row_heights=[0.36, 0.34, 0.30],
        subplot_titles=["날마다의 정확도", "학습 때와의 거리 (PSI, 레이블이 필요 없음)", "경보 (레이블이 도착한 날)"],
    )
    figure.add_scatter(x=day, y=accuracy, name="정확도", line_color=colors[0], showlegend=False, row=1, col=1)
    for feature in range(2):
        name = f"x{feature + 1}"
        figure.add_scatter(x=day, y=psi[:, feature], name=name, line_color=colors[feature + 1], row=2, col=1)
    told = {"annotation_text": "변화가 없어도 천 번에 한 번쯤 넘는 높이", "annotation_position": "top left"}
    figure.add_hline(y=noise, line_dash="dot", **told, row=2, col=1)
    arrived = world.errors.ravel()
    detectors = {
        "DDM": DDM(),
        "DDM (n_min=1000)": DDM(n_min=1000),
        "EDDM": EDDM(),
        "HDDM_W": HDDM_W(),
        "ADWIN": ADWIN(),
        "PageHinkley": PageHinkley(mode="up"),
    }
    rows = {name: row for row, name in enumerate(reversed(detectors))}
    for name, detector in detectors.items():
        heard = detector.detect(arrived).drifts // PER_DAY + label_delay
        heard = np.unique(heard[heard < DAYS])
        marker = {"symbol": "x", "size": 9, "color": colors[3]}
        line = {"x": heard, "y": [rows[name]] * len(heard), "mode": "markers", "marker": marker, "showlegend": False}
        figure.add_scatter(**line, name=name, row=3, col=1)
    begin = {"sudden": CHANGE_DAY, "gradual": 40, "recurring": 40}[shape]
    if size > 0:
        figure.add_vline(x=begin, line_dash="dash")
    fell = accuracy[:40].mean() - accuracy[world.strength >= world.strength.max() * 0.9].mean()
    worst = ", ".join(f"x{f + 1} {psi[:, f].max():.2f}" for f in range(2))
    figure.update_layout(
        title=f"정확도의 하락 {100 * fell:.1f}%p · PSI의 최댓값 {worst}", title_font_size=14, height=620, margin_t=90
    )
    figure.update_yaxes(range=[0.2, 1], tickformat=".0%", row=1, col=1)
    figure.update_yaxes(rangemode="tozero", row=2, col=1)
    silent_too = {"range": [-0.6, len(rows) - 0.4], "tickvals": list(rows.values()), "ticktext": list(rows)}
    figure.update_yaxes(**silent_too, zeroline=False, row=3, col=1)
    figure.update_xaxes(range=[0, DAYS])
    figure.update_xaxes(title="일", row=3, col=1)
    return figure


def drift_playground() -> InteractiveFigure:
    """Choose a drift's kind, shape and size; see accuracy, distances and detectors over time.

    Which alarm to install is decided by what can change. A concept that turns leaves every
    distance silent; a feature that moves wakes the distances whether or not accuracy suffers;
    and whatever needs labels is late by the labels' delay.

    Examples
    --------
    >>> playground = drift_playground()
    >>> playground.values["label_delay"]
    0
    >>> playground.controls["kind"].value = "data"
    """
    return interactive_figure(
        _picture,
        kind=dropdown("무엇이 바뀌는가", KINDS),
        shape=dropdown("어떻게 오는가", SHAPES),
        size=slider("크기", 0.0, 1.0, value=0.7, step=0.05),
        label_delay=slider("레이블 지연", 0, 40, value=0, unit="일"),
        seed=slider("세계의 번호", 0, 30, value=5),
    )
