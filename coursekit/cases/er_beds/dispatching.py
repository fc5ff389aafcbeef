"""Where an ambulance goes, and what that does to the patients: the same ones, under another policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import check_number, check_whole
from coursekit.cases.er_beds._following import model_factor, reported_factor
from coursekit.cases.er_beds._replay import Replay
from coursekit.cases.er_beds.bed_log import BedLog
from coursekit.cases.er_beds.features import point_in_time_features
from coursekit.short_repr import ShortRepr

POLICIES = ("nearest_first", "nearest_reported", "model", "oracle")
"""Nothing known; the nearest that reports beds and has the specialist; smallest minutes over probability; the
nearest that has a free bed on arrival, if nobody comes in between."""
_KOREAN = {
    "nearest_first": "가까운 곳부터",
    "nearest_reported": "보고를 믿고 가까운 곳부터",
    "model": "모델",
    "oracle": "지금을 다 아는 상황실",
}


@dataclass(frozen=True, eq=False, repr=False)
class DispatchReport(ShortRepr):
    """What became of the transports of one log under one policy."""

    policy: str
    """One of `POLICIES`."""
    tries: int
    """Hospitals that an ambulance may ask."""
    transports: int
    """Ambulances that called within the log and had their answer by its end."""
    refusals: int
    """Doors that stayed closed for them."""
    unplaced: int
    """Transports that found no bed within the limit."""
    mean_minutes: float
    """From the call to the bed, over those that found one; NaN if none did."""
    minutes_lost: float
    """Minutes beyond the drive to the nearest hospital, averaged over the same."""
    reasons: np.ndarray
    """Refusals by (try, reason), reasons no bed and no specialist, shape (tries, 2)."""
    log: BedLog = field(repr=False)
    """Everything that happened."""

    @property
    def refusals_per_1000(self) -> float:
        """Closed doors per 1,000 transports."""
        return 1000 * self.refusals / max(1, self.transports)

    @property
    def unplaced_share(self) -> float:
        """Share of transports that found no bed."""
        return self.unplaced / max(1, self.transports)

    def to_frame(self) -> pd.DataFrame:
        """One row: policy, tries, transports, refusals per 1,000, share unplaced, minutes."""
        names = ("policy", "tries", "transports", "refusals_per_1000", "unplaced_share", "mean_minutes", "minutes_lost")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def plot(self) -> go.Figure:
        """Refusals of the first, second, ... try, by reason."""
        figure = go.Figure(
            layout={
                "title": f"몇 번째 병원에서 왜 거절당했는가 ({_KOREAN[self.policy]})",
                "barmode": "stack",
                "height": 360,
            }
        )
        for reason, name in enumerate(("침상 없음", "전문의 없음")):
            figure.add_bar(x=list(range(1, len(self.reasons) + 1)), y=self.reasons[:, reason], name=name)
        figure.update_xaxes(title="몇 번째로 물은 병원", dtick=1)
        figure.update_yaxes(title="거절 건수")
        return figure


@dataclass(frozen=True, eq=False, repr=False)
class PolicyComparison(ShortRepr):
    """Several policies on the same patients."""

    reports: tuple[DispatchReport, ...]
    """A report each, in the order asked for."""

    def to_frame(self) -> pd.DataFrame:
        """One row per policy."""
        return pd.concat([report.to_frame() for report in self.reports], ignore_index=True)

    def plot(self) -> go.Figure:
        """Refusals per 1,000 transports, a bar per policy."""
        names = [_KOREAN[report.policy] for report in self.reports]
        figure = go.Figure(layout={"title": "이송 1,000건의 거절", "yaxis_autorange": "reversed", "height": 320})
        values = [report.refusals_per_1000 for report in self.reports]
        figure.add_bar(x=values, y=names, orientation="h", text=[f"{value:.0f}" for value in values])
        figure.update_xaxes(title="거절 횟수")
        return figure


@dataclass(frozen=True, eq=False, repr=False)
class RefusalCurve(ShortRepr):
    """Share of transports without a bed by the limit on tries."""

    policy: str
    """One of `POLICIES`."""
    tries: np.ndarray
    """Limits, shape (n,)."""
    unplaced_share: np.ndarray
    """Share without a bed under each, shape (n,)."""
    refusals_per_1000: np.ndarray
    """Closed doors per 1,000 transports under each, shape (n,)."""

    def to_frame(self) -> pd.DataFrame:
        """One row per limit."""
        return pd.DataFrame({name: getattr(self, name) for name in ("tries", "unplaced_share", "refusals_per_1000")})

    def plot(self) -> go.Figure:
        """The share without a bed falls with each hospital that may be asked."""
        figure = go.Figure(layout={"title": f"끝내 자리를 못 찾은 비율 ({_KOREAN[self.policy]})", "height": 360})
        figure.add_scatter(x=self.tries, y=self.unplaced_share, mode="lines+markers")
        figure.update_xaxes(title="물어볼 수 있는 병원 수", dtick=1)
        figure.update_yaxes(tickformat=".1%", rangemode="tozero")
        return figure


def dispatch(
    log: BedLog,
    policy: str,
    *,
    tries: int = 3,
    model: Any = None,
    update_minutes: float = 10,
) -> DispatchReport:
    r"""Play the patients of a log again, with ambulances that choose their hospitals by another policy.

    A better Brier score saves nobody; fewer closed doors do. Comparing two months under two policies
    compares two months. Here the same patients call at the same minute with the same length of stay, so
    the difference is the policy's, with its feedback: who goes elsewhere fills the beds there.

    An ambulance turns to the untried hospital with the smallest cost. For ``"model"`` that is
    :math:`(\text{minutes} + \text{refusal minutes}) / p`, the expected price of a door that opens with
    probability :math:`p`; hospitals without the specialist come last, as for ``"nearest_reported"``.

    Parameters
    ----------
    log
        A whole log, not one cut by ``until``.
    policy
        One of `POLICIES`.
    tries
        Hospitals that an ambulance may ask, at least 1.
    model
        For ``"model"``: ``predict_proba`` of it takes `BedFeatures` and gives a probability per row.
    update_minutes
        Minutes between two looks at reports and model.

    Raises
    ------
    ValueError
        If the policy is unknown, the model is missing or superfluous, a number is out of range, or the log
        was cut.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> log = simulate(city(4), days=3, seed=1)
    >>> one, three = (dispatch(log, "nearest_first", tries=tries).unplaced_share for tries in (1, 3))
    >>> one > three
    True
    """
    if policy not in POLICIES:
        raise ValueError(f"dispatch: policy must be one of {', '.join(POLICIES)}, got {policy!r}")
    check_whole("dispatch", "tries", tries, low=1)
    check_number("dispatch", "update_minutes", update_minutes, above=True)
    if (policy == "model") != (model is not None):
        raise ValueError(f"dispatch: policy 'model' needs model=, the others take none; got {policy!r} and {model!r}")
    end = 1440.0 * log.days
    if log.known_until < end:
        raise ValueError("dispatch: the log was cut by until(); give the whole log, the policy sees no future anyway")
    replay = Replay(log.city, log.demand, start=log.start, truth=log.truth, tries=tries)
    if policy in ("nearest_first", "oracle"):
        replay.advance(end, clairvoyant=policy == "oracle")
    else:
        replay.advance(0.0)
        extra = None
        if policy == "model":
            extra = np.full(len(log.city.hospitals), float(log.city.refusal_minutes))

            def probability(view: BedLog, moment: np.datetime64) -> np.ndarray:
                return model.predict_proba(point_in_time_features(view, [moment]))

            factor = model_factor(replay, log, probability)
        else:
            factor = reported_factor(replay, log)
        for k in range(int(np.ceil(end / update_minutes))):
            now, following = (round(60 * tick * update_minutes) / 60 for tick in (k, k + 1))  # logs count whole seconds
            replay.advance(min(end, following), extra=extra, factor=factor(now))
    return _report(replace(log, **replay.columns()), policy, replay.tries)


def _report(log: BedLog, policy: str, tries: int) -> DispatchReport:
    answered = (log.hospital >= 0) | (log.tries >= tries)
    mine = log.ambulance & (log.called >= 0) & answered
    taken = np.flatnonzero(mine & (log.hospital >= 0))
    refused = np.flatnonzero(mine[log.refused_patient])
    patient = log.refused_patient[refused]
    number = pd.Series(patient).groupby(patient).cumcount().to_numpy()  # first, second, ... refusal of a patient
    reasons = np.bincount(2 * number + log.refused_reason[refused], minlength=2 * tries).reshape(-1, 2)
    minutes = log.arrived[taken] - log.called[taken]
    nearest = log.city.travel_minutes(log.demand.x_km[taken], log.demand.y_km[taken]).min(axis=1)
    return DispatchReport(
        policy=policy,
        tries=tries,
        transports=int(mine.sum()),
        refusals=int(refused.size),
        unplaced=int((mine & (log.hospital < 0)).sum()),
        mean_minutes=float(minutes.mean()) if taken.size else float("nan"),
        minutes_lost=float((minutes - nearest).mean()) if taken.size else float("nan"),
        reasons=reasons,
        log=log,
    )


def compare_policies(
    log: BedLog, *, policies: Sequence[str] | None = None, tries: int = 3, model: Any = None
) -> PolicyComparison:
    """Put several policies on the same patients beside one another.

    The honest rival of a model is not ignorance but the rule that anybody could follow with the same
    screen. The oracle is greedy: it knows who leaves and not who comes, so it is a mark to look at and no bound.

    Parameters
    ----------
    log
        A whole log.
    policies
        Some of `POLICIES`; None for all that can be played (``"model"`` only if a model is given).
    tries
        Hospitals that an ambulance may ask.
    model
        The model of policy ``"model"``.

    Raises
    ------
    ValueError
        As in ``dispatch``.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> table = compare_policies(simulate(city(4), days=3, seed=1)).to_frame()
    >>> table["policy"].tolist()
    ['nearest_first', 'nearest_reported', 'oracle']
    """
    chosen = [p for p in POLICIES if p != "model" or model is not None] if policies is None else list(policies)
    if not chosen:
        raise ValueError("compare_policies: give at least one policy")
    return PolicyComparison(
        tuple(dispatch(log, policy, tries=tries, model=model if policy == "model" else None) for policy in chosen)
    )


def refusal_curve(
    log: BedLog, *, tries: Sequence[int] = (1, 2, 3, 5), policy: str = "nearest_first", model: Any = None
) -> RefusalCurve:
    """Share of transports that find no bed, by how many hospitals they may ask.

    With one try the city is many small rooms; with as many tries as hospitals it is one large room, which
    at the same load refuses far fewer. This is the price of not sharing, drawn as a curve.

    Parameters
    ----------
    log
        A whole log.
    tries
        Limits.
    policy
        One of `POLICIES`.
    model
        The model of policy ``"model"``.

    Raises
    ------
    ValueError
        As in ``dispatch``, or if no limit is given.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> curve = refusal_curve(simulate(city(4), days=3, seed=1), tries=(1, 2, 4))
    >>> bool((np.diff(curve.unplaced_share) < 0).all())
    True
    """
    limits = list(tries)
    if not limits:
        raise ValueError("refusal_curve: give at least one limit on tries")
    reports = [dispatch(log, policy, tries=limit, model=model) for limit in limits]
    return RefusalCurve(
        policy,
        np.array(limits),
        np.array([report.unplaced_share for report in reports]),
        np.array([report.refusals_per_1000 for report in reports]),
    )
