"""What "there will be a bed" means: rules with names, and how often each of them is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit._number_checks import check_number, check_whole
from coursekit.cases.er_beds.bed_log import BedLog
from coursekit.cases.er_beds.hospitals import single
from coursekit.cases.er_beds.simulation import simulate
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True)
class LabelRule:
    """A definition of the label, under a name that a model can carry with it."""

    name: str
    """Short name."""
    description: str
    """The rule in words, for readers of Korean."""
    stay_hours: float | None = None
    """Patients who have stayed as long are taken as about to leave; None if the rule does not look at them."""
    horizon_minutes: int | None = None
    """Minutes after which the patient would arrive; None if the rule looks at the moment of the question."""


LABEL_RULES: dict[str, LabelRule] = {
    rule.name: rule
    for rule in (
        LabelRule("36h", "남은 침상 수 + 입원한 지 36시간이 지난 환자 수 > 0", stay_hours=36.0),
        LabelRule("beds_left", "지금 남은 침상 수 > 0"),
        *(
            LabelRule(f"accept_{k}", f"{k}분 뒤에 침상과 전문의가 있어 받아 줌", horizon_minutes=k)
            for k in (10, 20, 30)
        ),
    )
}
"""The seed's rule, what is left now, and whether an ambulance would be let in 10, 20 or 30 minutes later."""


@dataclass(frozen=True, eq=False, repr=False)
class ConfusionMatrix(ShortRepr):
    """How often a label said what the truth was."""

    counts: np.ndarray
    """Moments by (truth, label), False first, shape (2, 2)."""

    @property
    def false_positive_rate(self) -> float:
        """Share labelled True among the moments at which it was False; NaN if there were none."""
        total = self.counts[0].sum()
        return float(self.counts[0, 1] / total) if total else float("nan")

    @property
    def true_positive_rate(self) -> float:
        """Share labelled True among the moments at which it was True; NaN if there were none."""
        total = self.counts[1].sum()
        return float(self.counts[1, 1] / total) if total else float("nan")

    @property
    def accuracy(self) -> float:
        """Share of moments at which label and truth agree."""
        return float(np.trace(self.counts) / self.counts.sum())

    def to_frame(self) -> pd.DataFrame:
        """Two rows, the truth; two columns, the label."""
        index = pd.Index([False, True], name="truth")
        return pd.DataFrame(self.counts, index=index, columns=pd.Index([False, True], name="label"))

    def plot(self) -> go.Figure:
        """The matrix, each row as shares of the truth."""
        total = np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        share = self.counts / total
        text = [[f"{share[i, j]:.1%}<br>{self.counts[i, j]:,}번" for j in (0, 1)] for i in (0, 1)]
        figure = go.Figure(layout={"title": "레이블이 말한 것과 실제", "height": 340})
        names = {"x": ["레이블 False", "레이블 True"], "y": ["실제 자리 없음", "실제 자리 있음"]}
        figure.add_heatmap(
            z=share, **names, text=text, texttemplate="%{text}", colorscale="Blues", zmin=0, zmax=1.4, showscale=False
        )
        figure.update_yaxes(autorange="reversed")
        return figure


def label(
    log: BedLog, times: ArrayLike, *, rule: str = "accept_20", horizon_minutes: float | None = None
) -> np.ndarray:
    r"""Label moments by a named rule.

    The seed's rule, :math:`\{\text{beds left} + \text{patients there for 36 h}\} > 0`, can be read off a
    hospital's books at once, which is its charm. ``accept_k`` needs the future and is known only afterwards,
    which is why it can be a label and never a feature.

    Parameters
    ----------
    log
        The log.
    times
        Moments, shape (n,).
    rule
        One of `LABEL_RULES`.
    horizon_minutes
        Minutes until the ambulance arrives, for the rules that look ahead; None for the rule's own.

    Returns
    -------
    ndarray of bool
        Shape (n, hospitals).

    Raises
    ------
    ValueError
        If the rule is unknown, a rule that does not look ahead is given a horizon, or the horizon lies
        beyond the log.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> log = simulate(city(2), days=2)
    >>> label(log, ["2019-03-01T18:00"], rule="36h").shape
    (1, 2)
    """
    if not isinstance(rule, str) or rule not in LABEL_RULES:
        raise ValueError(f"label: rule must be one of {', '.join(LABEL_RULES)}, got {rule!r}")
    chosen = LABEL_RULES[rule]
    if chosen.horizon_minutes is not None:
        horizon = chosen.horizon_minutes if horizon_minutes is None else horizon_minutes
        return log.accepts(times, horizon_minutes=check_number("label", "horizon_minutes", horizon))
    if horizon_minutes is not None:
        raise ValueError(f"label: rule {rule!r} looks at the moment itself; leave horizon_minutes out")
    return _expected_room(log, times, chosen.stay_hours) > 0


def _expected_room(log: BedLog, times: ArrayLike, stay_hours: float | None) -> np.ndarray:
    """Beds left, and those of patients who have stayed so long, shape (n, hospitals)."""
    room = log.beds_left(times)
    if stay_hours is None:
        return room
    minutes = log.minutes(times)
    for h in range(room.shape[1]):
        mine = log.hospital == h
        # there for so long at t: came before t - 36 h and has not left
        long_ago = log.arrived[mine] + 60 * stay_hours
        lasting = log.departed[mine] > long_ago
        came, gone = np.sort(long_ago[lasting]), np.sort(log.departed[mine][lasting])
        room[:, h] += np.searchsorted(came, minutes, "right") - np.searchsorted(gone, minutes, "right")
    return room


def confusion(labels: ArrayLike, truth: ArrayLike) -> ConfusionMatrix:
    """Compare a label with the truth, moment by moment.

    A rule that says True at every moment has a true-positive rate of 1. What an ambulance pays for is the
    other row: the doors that were closed although the label said open.

    Parameters
    ----------
    labels
        What the rule said, booleans of any shape.
    truth
        What was the case, the same shape.

    Raises
    ------
    ValueError
        If the shapes differ, nothing is given, or something is no boolean.

    Examples
    --------
    >>> confusion([True, True, False], [True, False, False]).false_positive_rate
    0.5
    """
    said, was = np.asarray(labels), np.asarray(truth)
    if said.shape != was.shape or said.size == 0:
        raise ValueError(
            f"confusion: labels and truth must be of one shape and not empty, got {said.shape}, {was.shape}"
        )
    if said.dtype != bool or was.dtype != bool:
        raise ValueError("confusion: labels and truth must be True and False; compare first, e.g. p > 0.5")
    return ConfusionMatrix(np.bincount(2 * was.ravel() + said.ravel(), minlength=4).reshape(2, 2))


def label_study(
    shape: str,
    *,
    mean_stay_hours: float = 36.0,
    beds: int = 30,
    utilisation: float = 1.0,
    rule: str = "36h",
    hours: float = 36.0,
    horizon_minutes: float = 20,
    days: int = 400,
    seed: int = 0,
) -> ConfusionMatrix:
    """Put a label rule to the test in one emergency room whose stays have a given shape.

    The seed's rule is right in a world of nearly fixed stays and always True in one with a tail. The mean
    is the same in both, so a table of means cannot tell which world a hospital lives in.

    Parameters
    ----------
    shape
        Shape of the stay, one of `STAY_SHAPES`.
    mean_stay_hours
        Mean stay.
    beds
        Beds.
    utilisation
        Offered load over beds.
    rule
        One of `LABEL_RULES`.
    hours
        Instead of 36 in the rule ``"36h"``.
    horizon_minutes
        The truth: would a patient who comes so much later be let in?
    days
        Days to simulate, looked at every 10 minutes.
    seed
        Seed of the world.

    Raises
    ------
    ValueError
        If a name is unknown or a number out of range.

    Examples
    --------
    >>> label_study("exponential", days=100).false_positive_rate
    1.0
    """
    if not isinstance(rule, str) or rule not in LABEL_RULES:
        raise ValueError(f"label_study: rule must be one of {', '.join(LABEL_RULES)}, got {rule!r}")
    check_number("label_study", "utilisation", utilisation, above=True)
    check_number("label_study", "hours", hours)
    check_whole("label_study", "beds", beds, low=1)
    room = single(beds=beds, load=utilisation * beds, mean_stay_hours=mean_stay_hours, shape=shape)
    log = simulate(room, days=days, seed=seed)
    times = log.every(10, horizon_minutes=horizon_minutes)
    truth = log.accepts(times, horizon_minutes=horizon_minutes)
    if LABEL_RULES[rule].stay_hours is not None:
        return confusion(_expected_room(log, times, hours) > 0, truth)
    return confusion(label(log, times, rule=rule), truth)
