"""One metric under Kayenta's judge: two series of minutes, compared by ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from coursekit._number_checks import check_number, told
from coursekit.deployment.rollout._mann_whitney import COMPARED, EMPTY, shift_intervals
from coursekit.deployment.rollout.evidence import check_share
from coursekit.short_repr import ShortRepr

DIRECTIONS = ("increase", "decrease", "either")
"""Which change of a metric fails it."""

NAN_STRATEGIES = ("remove", "replace")
"""What becomes of a minute without data: it is left out, or taken for 0."""

PASS, HIGH, LOW, NODATA = "Pass", "High", "Low", "Nodata"

ENOUGH = 100.0
"""Strengths end here."""


@dataclass(frozen=True, eq=False, repr=False)
class KayentaClassification(ShortRepr):
    """What Kayenta's judge makes of one metric, in many runs.

    A label alone hides how near the decision was; the bounds tell.

    Examples
    --------
    >>> kayenta_classify([[1.0, 2.0]], [[np.nan, np.nan]]).label.tolist()
    ['Nodata']
    """

    label: np.ndarray
    """"Pass", "High", "Low" or "Nodata" of each run, ``(runs,)``."""
    lower: np.ndarray
    """Lower bound of the shift from baseline to candidate, in the metric's unit; NaN without data."""
    estimate: np.ndarray
    """Hodges-Lehmann estimate of the shift: the median of all differences."""
    upper: np.ndarray
    """Upper bound of the shift."""
    ratio: np.ndarray
    """Candidate's mean divided by the baseline's; NaN where one of them is 0, and then it is not asked for."""
    strength: np.ndarray
    """Share of the shift that would be enough, from 0; above 1 where it is, whatever the ratio says."""

    def to_frame(self) -> pd.DataFrame:
        """One row a run: label, bounds, estimate, ratio and strength."""
        columns = ("label", "lower", "estimate", "upper", "ratio", "strength")
        return pd.DataFrame({name: getattr(self, name) for name in columns}).rename_axis("run")


def kayenta_classify(
    baseline: np.ndarray,
    candidate: np.ndarray,
    *,
    direction: str = "either",
    confidence: float = 0.98,
    tolerance: float = 0.25,
    allowed_increase: float = 1.0,
    allowed_decrease: float = 1.0,
    nan_strategy: str = "remove",
) -> KayentaClassification:
    r"""Compare two series of a metric as Kayenta's judge does.

    The judge of most automated canaries takes each minute's value for an independent draw. A metric remembers the
    minute before, so at an autocorrelation of .5 seven in a hundred harmless candidates are flagged instead of
    two in a thousand, and looking four times makes it seventeen.

    Let :math:`D_{(1)} \le \dots \le D_{(nm)}` be all differences of a candidate's and a baseline's minute, and
    :math:`\sigma^2 = \frac{nm}{12} \left(N + 1 - \frac{\sum t^3 - t}{N (N - 1)}\right)` with :math:`N = n + m`
    values and ties of length :math:`t` inside a series. The interval of the shift is

    .. math:: [D_{(k)}, D_{(nm + 1 - k)}], \qquad
        k = \max\left(1, \left\lceil \tfrac{nm - 1}{2} - z_{(1 + c) / 2}\, \sigma \right\rceil\right)

    which inverts the Mann-Whitney test with normal approximation and continuity correction. With the estimate
    :math:`\hat\Delta`, the median difference, the metric is High if
    :math:`D_{(k)} > \text{tolerance} \cdot |\hat\Delta|` and the ratio of means is at least ``allowed_increase``,
    and Low if the opposite holds. Identical series pass. Below five minutes each, no interval is as sure as .98, and
    the extreme differences are taken instead: of one minute each, every difference is flagged.

    Parameters
    ----------
    baseline, candidate
        Value of each minute, ``(runs, minutes)``; NaN is a minute without data. The two may differ in length.
    direction
        What fails: an "increase", a "decrease" or "either", which is Kayenta's default.
    confidence
        Two-sided confidence of the interval.
    tolerance
        Part of the estimate that the bound must exceed, between 0 and 1.
    allowed_increase, allowed_decrease
        Ratio of means from which, and down to which, a change counts.
    nan_strategy
        "remove" or "replace" (by 0) minutes without data.

    Raises
    ------
    ValueError
        If series are not of as many runs, hold an infinite value, or an option makes no sense.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> same, worse = rng.normal(10, 1, (2, 60)), rng.normal([[10], [12]], 1, (2, 60))
    >>> kayenta_classify(same, worse).label.tolist()
    ['Pass', 'High']

    References
    ----------
    Hodges, Lehmann (1963). Estimates of location based on rank tests. Annals of Mathematical Statistics 34(2).
    Spinnaker. How canary judgment works (NetflixACAJudge).
    """
    where = "kayenta_classify"
    series = [np.atleast_2d(np.asarray(values, dtype=float)) for values in (baseline, candidate)]
    if any(values.ndim != 2 for values in series) or len(series[0]) != len(series[1]):
        raise ValueError(
            f"{where}: baseline and candidate must have the shape (runs, minutes) with as many runs, "
            f"got {series[0].shape} and {series[1].shape}"
        )
    for name, values in zip(("baseline", "candidate"), series, strict=True):
        if np.isinf(values).any():
            raise ValueError(f"{where}: {name} holds an infinite value; say NaN for a minute without data")
    metric = KayentaMetric(
        direction=direction,
        nan_strategy=nan_strategy,
        allowed_increase=allowed_increase,
        allowed_decrease=allowed_decrease,
    )
    return metric.classify(
        series[0],
        series[1],
        confidence=check_share(where, "confidence", confidence),
        tolerance=check_share(where, "tolerance", tolerance),
    )


@dataclass(frozen=True)
class KayentaMetric:
    """How Kayenta's judge treats one metric.

    Most surprises of automated canaries lie here: a metric without data that nobody required, or an effect that
    was too small to count.

    Raises
    ------
    ValueError
        If an option is unknown, a ratio is not above 0, or there is no group.

    Examples
    --------
    >>> KayentaMetric(critical=True, allowed_increase=1.2).direction
    'increase'
    """

    groups: Sequence[str] = ("all",)
    """Groups whose scores it enters."""
    direction: str = "increase"
    """What fails it: "increase", "decrease" or "either"."""
    critical: bool = False
    """Whether its failure makes the score 0; so does the lack of its data."""
    must_have_data: bool = False
    """Whether it fails if there is no data; without it a metric without data is left out."""
    nan_strategy: str = "remove"
    """"remove" or "replace" (by 0) minutes without data."""
    allowed_increase: float = 1.0
    """Ratio of means from which it can be High."""
    critical_increase: float = 1.0
    """Ratio of means from which High is a critical failure, if it is critical."""
    allowed_decrease: float = 1.0
    """Ratio of means down to which it can be Low."""
    critical_decrease: float = 1.0
    """Ratio of means down to which Low is a critical failure, if it is critical."""

    def __post_init__(self) -> None:
        groups = (self.groups,) if isinstance(self.groups, str) else tuple(self.groups)
        if not groups or not all(isinstance(group, str) and group for group in groups):
            raise ValueError(f"KayentaMetric: groups must name at least one group, got {told(self.groups)}")
        object.__setattr__(self, "groups", groups)
        for name, known in (("direction", DIRECTIONS), ("nan_strategy", NAN_STRATEGIES)):
            if getattr(self, name) not in known:
                wanted = ", ".join(repr(option) for option in known)
                raise ValueError(f"KayentaMetric: {name} must be one of {wanted}, got {told(getattr(self, name))}")
        for name in ("allowed_increase", "critical_increase", "allowed_decrease", "critical_decrease"):
            number = check_number("KayentaMetric", name, getattr(self, name), above=True)
            object.__setattr__(self, name, number)

    def classify(
        self, baseline: np.ndarray, candidate: np.ndarray, *, confidence: float = 0.98, tolerance: float = 0.25
    ) -> KayentaClassification:
        """Label each run of two series ``(runs, minutes)``, as :func:`kayenta_classify` does."""
        quantile = float(norm.ppf((1 + confidence) / 2))
        found = shift_intervals(
            np.ascontiguousarray(baseline, dtype=float),
            np.ascontiguousarray(candidate, dtype=float),
            quantile,
            self.nan_strategy == "replace",
        )
        lower, estimate, upper, mean_baseline, mean_candidate, state = found.T
        rises, falls = self.direction != "decrease", self.direction != "increase"
        with np.errstate(invalid="ignore", divide="ignore"):
            known = (mean_baseline != 0) & (mean_candidate != 0)
            ratio = np.where(known, mean_candidate / mean_baseline, np.nan)
            bar = tolerance * np.abs(estimate)
            high = (lower > bar) & ~(ratio < self.allowed_increase) & rises
            low = (upper < -bar) & ~(ratio > self.allowed_decrease) & falls
            up = rises * (1 - tolerance) * np.maximum(estimate, 0) / (estimate - lower)
            down = falls * (1 - tolerance) * np.maximum(-estimate, 0) / (upper - estimate)
        strength = np.where(state == COMPARED, np.fmax(up, down), 0.0)  # of 0 / 0 and a number, the number
        missing = PASS if self.nan_strategy == "replace" else NODATA  # nothing, with 0 for nothing, is no change
        return KayentaClassification(
            label=np.select([state == EMPTY, high, low], [missing, HIGH, LOW], PASS),
            lower=lower,
            estimate=estimate,
            upper=upper,
            ratio=ratio,
            strength=np.clip(np.nan_to_num(strength, posinf=ENOUGH), 0, ENOUGH),
        )
