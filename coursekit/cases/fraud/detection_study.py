"""How many days until somebody notices? With labels that come a month late, and without labels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.cases.fraud.covid_world import QUIET, ServedModel, serve_before_shift
from coursekit.cases.fraud.features import FEATURES
from coursekit.monitoring.detectors import ADWIN, DDM, EDDM, HDDM_A, HDDM_W, PageHinkley
from coursekit.monitoring.distances import Reference
from coursekit.short_repr import ShortRepr

_CALENDAR = ("hour", "night", "weekend")  # differ from one day to the next whatever happens
_RISK = tuple(name for name in FEATURES if name.startswith("merchant_"))  # know labels
_INPUTS = [name for name in FEATURES if name not in _CALENDAR + _RISK]
_ON_ERRORS: dict[str, Callable[[], Any]] = {
    "DDM": DDM,
    "EDDM": EDDM,
    "HDDM_A": HDDM_A,
    "HDDM_W": HDDM_W,
    "ADWIN": ADWIN,
    "PageHinkley": lambda: PageHinkley(mode="up"),
}


@dataclass(frozen=True, eq=False, repr=False)
class DetectionDelays(ShortRepr):
    """When each way of watching spoke, over several simulated companies."""

    method: tuple[str, ...]
    """Ways of watching."""
    needs_labels: np.ndarray
    """Whether each needs labels, shape (methods,)."""
    days: np.ndarray
    """Days from the shift to the first alarm about it, NaN where none came, shape (methods, worlds)."""
    false_alarms: np.ndarray
    """Days with an alarm before the shift, shape (methods, worlds)."""
    quiet_days: int
    """Days watched before the shift in each world."""
    label_delay: int
    """Days until a label is known."""

    def to_frame(self) -> pd.DataFrame:
        """One row per method: median days (missed counts as infinite), worlds missed, false alarms in 30 quiet days."""
        return pd.DataFrame(
            {
                "method": self.method,
                "needs_labels": self.needs_labels,
                "median_days": np.median(np.where(np.isnan(self.days), np.inf, self.days), axis=1),
                "missed": np.isnan(self.days).sum(axis=1),
                "false_alarms_30_days": 30 * self.false_alarms.mean(axis=1) / self.quiet_days,
            }
        )

    def plot(self) -> go.Figure:
        """Days to the alarm of each method, one point a world."""
        title = f"코로나를 알아차리기까지 (레이블이 {self.label_delay}일 늦을 때)"
        figure = go.Figure(layout={"title": title, "xaxis_title": "변화 이후 지난 날"})
        for labels, name in ((False, "레이블 없이"), (True, "레이블로")):
            rows = np.flatnonzero(self.needs_labels == labels)
            figure.add_scatter(
                x=self.days[rows].ravel(),
                y=np.repeat([self.method[row] for row in rows], self.days.shape[1]),
                mode="markers",
                name=name,
                marker={"size": 10, "opacity": 0.7},
            )
        figure.add_vline(x=self.label_delay, line_dash="dot", annotation_text="첫 레이블")
        return figure


def detection_delays(
    *,
    seeds: Sequence[int] = (0, 1, 2),
    customers: int = 2_000,
    label_delay: int = 30,
    magnitude: float = 3.0,
    stream: Literal["all", "suspected"] = "suspected",
) -> DetectionDelays:
    """Measure how soon each way of watching notices the pandemic, and how often it cried wolf before.

    Labels tell the truth, a month late; inputs tell at once that something moved, though not
    whether it matters. A monitor needs both, and needs to know what each costs.

    Detectors hear the errors of the model in service (score 0.5 or more against the truth) in the
    order of their labels' arrival. Without labels, each day's features are compared with those of the
    training period (calendar features and merchants' risk left out), and ADWIN hears the scores.

    Parameters
    ----------
    seeds
        One simulated company for each.
    customers
        Customers of each.
    label_delay
        Days until a label is known.
    magnitude
        How many times as many online purchases.
    stream
        Whose errors the detectors hear: ``"all"`` payments, of which one in 150 is an error, or only the
        ``"suspected"``, those that were fraud or called fraud. Bounds that must hold for any stream
        (HDDM) are too wide for the first.

    Raises
    ------
    ValueError
        If there is no seed, the stream is unknown, or a number is too small.

    Examples
    --------
    >>> study = detection_delays(seeds=[0], customers=400)
    >>> frame = study.to_frame().set_index("method")
    >>> bool(frame.loc["PSI > 0.25", "median_days"] < 3 < 30 <= frame.loc["HDDM_W", "median_days"])
    True

    References
    ----------
    Gama, Zliobaite, Bifet, Pechenizkiy, Bouchachia (2014). A survey on concept drift adaptation.
    ACM Computing Surveys.
    """
    if not len(seeds) or stream not in ("all", "suspected"):
        raise ValueError(f"give at least one seed, and stream 'all' or 'suspected'; got {seeds!r} and {stream!r}")
    spoken = [
        _alarm_days(
            serve_before_shift(customers=customers, label_delay=label_delay, magnitude=magnitude, seed=seed), stream
        )
        for seed in seeds
    ]
    methods = tuple(spoken[0])
    days, false = np.full((2, len(methods), len(seeds)), np.nan)
    for world, alarms in enumerate(spoken):
        for row, method in enumerate(methods):
            since, shown = alarms[method]
            days[row, world] = shown[since >= 0][0] if (since >= 0).any() else np.nan
            false[row, world] = np.unique(since[since < 0]).size
    needs = np.array([method in _ON_ERRORS for method in methods])
    return DetectionDelays(methods, needs, days, false.astype(np.int64), QUIET, label_delay)


def _alarm_days(served: ServedModel, stream: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each method: the days (from the shift) of the transactions it spoke about, and when it spoke."""
    rows = np.flatnonzero(served.day >= served.first_day)
    since = served.day[rows] - served.shift_day
    scores = served.model.scores(served.features.values[rows])
    called, fraud = scores >= 0.5, served.world.log.is_fraud[rows]
    heard = np.ones(rows.size, bool) if stream == "all" else called | fraud
    alarms = {}
    for name, detector in _ON_ERRORS.items():
        about = since[heard][detector().detect((called != fraud)[heard]).drifts]
        alarms[name] = about, about + served.label_delay
    about = since[ADWIN().detect(scores).drifts]
    alarms["ADWIN (점수)"] = about, about
    return alarms | _distance_alarms(served)


def _distance_alarms(served: ServedModel) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    frame = served.features.to_frame()[_INPUTS]
    reference = Reference(bins=10, keep_samples=False).fit(frame[served.trained_on])
    by_psi, by_js = [], []
    bounds = np.searchsorted(served.day, np.arange(served.first_day, served.day[-1] + 2))
    for number, (low, high) in enumerate(itertools.pairwise(bounds)):
        report = reference.compare(frame.iloc[low:high], distances=("psi", "js"))
        since = served.first_day + number - served.shift_day
        if (report.to_frame()["psi"] > 0.25).any():
            by_psi.append(since)
        if report.drifted(fdr=0.01, min_distance=0.1):
            by_js.append(since)
    spoken = {"PSI > 0.25": by_psi, "JS > 0.1": by_js}
    return {name: (np.array(days, dtype=np.int64),) * 2 for name, days in spoken.items()}
