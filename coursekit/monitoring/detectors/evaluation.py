"""Is an alarm worth anything? False alarms, delay and misses beside detectors that know nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from scipy.stats import chi2

from coursekit._number_checks import check_whole
from coursekit.modeling.evaluation import Interval, bootstrap_interval, wilson_interval
from coursekit.monitoring.detectors.alarms import Alarms
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True)
class DetectionScores:
    """How one way of alarming did on streams whose changes are known."""

    false_alarm_rate: Interval
    """Share of streams with at least one alarm outside every change's window."""
    false_alarms_per_10k: Interval
    """False alarms in 10,000 elements outside the windows."""
    detection_delay: Interval | None
    """Mean elements from a change to the first alarm in its window; None if none was found."""
    miss_rate: Interval | None
    """Share of changes without an alarm in their window; None if nothing changed."""
    n_alarms: int
    """Alarms in all."""


@dataclass(frozen=True, repr=False)
class DetectionReport(ShortRepr):
    """A detector's scores beside those of two that never look at the stream."""

    detector: DetectionScores
    """The alarms that were given."""
    never: DetectionScores
    """Silence: no false alarm, every change missed."""
    periodic: DetectionScores
    """As many alarms in all, evenly spaced over the streams laid end to end."""
    n_streams: int
    """Number of streams."""
    n_changes: int
    """Number of changes in all."""
    max_delay: int
    """Elements after a change within which an alarm counts for it."""

    def to_frame(self) -> pd.DataFrame:
        """One row per way of alarming, each score with its interval's ends."""
        rows = {}
        for name, scores in {"detector": self.detector, "never": self.never, "periodic": self.periodic}.items():
            row: dict[str, float] = {"alarms": scores.n_alarms}
            for score in ("false_alarm_rate", "false_alarms_per_10k", "detection_delay", "miss_rate"):
                interval = getattr(scores, score)
                ends = (interval.estimate, interval.low, interval.high) if interval else (np.nan,) * 3
                row |= dict(zip((score, f"{score}_low", f"{score}_high"), ends, strict=True))
            rows[name] = row
        return pd.DataFrame.from_dict(rows, orient="index")

    def plot(self) -> go.Figure:
        """False-alarm rate and miss rate, side by side, with their intervals."""
        figure = go.Figure(layout={"title": "거짓 경보와 놓침", "yaxis_title": "비율", "barmode": "group"})
        kinds = {"탐지기": self.detector, "늘 침묵": self.never, "일정한 간격": self.periodic}
        for label, score in (("거짓 경보율", "false_alarm_rate"), ("놓침 비율", "miss_rate")):
            known = {name: getattr(s, score) for name, s in kinds.items() if getattr(s, score) is not None}
            figure.add_bar(
                name=label,
                x=list(known),
                y=[interval.estimate for interval in known.values()],
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [interval.high - interval.estimate for interval in known.values()],
                    "arrayminus": [interval.estimate - interval.low for interval in known.values()],
                },
            )
        figure.update_yaxes(range=[0, 1.02])
        return figure


def evaluate(
    alarms: Alarms | Sequence[Alarms],
    changes: ArrayLike | Sequence[ArrayLike],
    *,
    max_delay: int,
    confidence: float = 0.95,
) -> DetectionReport:
    r"""Score alarms against the changes that really happened.

    Accuracy after a reset does not score a detector: resetting every 60 elements, blindly, beats
    every detector on a well-known benchmark. What an operator pays for is false alarms (each
    wakes somebody), delay (each element is served by a wrong model) and misses.

    An alarm in :math:`[c, c + \mathrm{max\_delay})`, or before the next change if that comes
    first, counts for the change c; the first such alarm gives its delay, further ones count for
    nothing. All others are false.

    Parameters
    ----------
    alarms
        Alarms of one stream, or a sequence with those of several.
    changes
        Positions of the true changes of the one stream, or a sequence of them for each stream;
        empty where nothing changed.
    max_delay
        Elements after a change within which an alarm counts for it.
    confidence
        Coverage of the intervals: Wilson for rates, exact Poisson for counts, bootstrap for
        the mean delay.

    Raises
    ------
    ValueError
        If there is no stream, their numbers differ, changes are no whole numbers, one lies outside its
        stream or twice in it, or max_delay is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> found = Alarms(warnings=np.array([], int), drifts=np.array([300, 1040]), length=2_000)
    >>> report = evaluate(found, [1_000], max_delay=500)
    >>> report.detector.detection_delay.estimate, report.detector.false_alarm_rate.estimate
    (40.0, 1.0)
    >>> report.never.miss_rate.estimate
    1.0

    References
    ----------
    Bifet (2017). Classifier concept drift detection and the illusion of progress. ICAISC.
    """
    streams, truths = _streams(alarms, changes)
    max_delay = check_whole("evaluate", "max_delay", max_delay, low=1)
    lengths = [stream.length for stream in streams]
    windows = [
        _windows(truth, length, max_delay, at) for at, (truth, length) in enumerate(zip(truths, lengths, strict=True))
    ]
    positions = [stream.drifts for stream in streams]
    raised = sum(len(found) for found in positions)
    silence = [np.empty(0, dtype=int)] * len(streams)

    def scores(found: list[np.ndarray]) -> DetectionScores:
        return _scores(found, windows, lengths, confidence)

    return DetectionReport(
        detector=scores(positions),
        never=scores(silence),
        periodic=scores(_evenly(raised, lengths)),
        n_streams=len(streams),
        n_changes=sum(len(window) for window in windows),
        max_delay=max_delay,
    )


def _streams(alarms: Any, changes: Any) -> tuple[list[Alarms], list[Any]]:
    """The alarms of each stream and its changes, not yet looked at."""
    if isinstance(alarms, Alarms):
        return [alarms], [changes]
    try:
        streams, truths = list(alarms), list(changes)
    except TypeError:
        raise ValueError(
            "evaluate: give Alarms and the changes of their stream, or a sequence of each; [] where nothing changed"
        ) from None
    if not streams or len(streams) != len(truths):
        raise ValueError(f"give the changes of each stream: {len(streams)} streams, changes of {len(truths)}")
    for at, stream in enumerate(streams):
        if not isinstance(stream, Alarms):
            raise ValueError(f"evaluate: stream {at} must be Alarms, as detect gives them, got {type(stream).__name__}")
    return streams, truths


def _evenly(raised: int, lengths: list[int]) -> list[np.ndarray]:
    """Positions of so many alarms in all, equally far apart over the streams laid end to end."""
    ends = np.cumsum(lengths)
    at = np.arange(1, raised + 1) * int(ends[-1]) // max(raised, 1) - 1
    borders = np.searchsorted(at, ends[:-1])
    return [part - (end - length) for part, end, length in zip(np.split(at, borders), ends, lengths, strict=True)]


def _windows(changes: ArrayLike, length: int, max_delay: int, stream: int) -> np.ndarray:
    """Start and end of the window of each change, shape (n, 2)."""
    given = np.asarray(changes).ravel()
    whole = given.dtype.kind in "iuf" and (given == np.floor(given)).all()
    if given.size and not whole:
        hint = "; np.flatnonzero(mask) gives the positions of a mask" if given.dtype.kind == "b" else ""
        hint = "; give [] where nothing changed" if changes is None else hint
        raise ValueError(f"stream {stream}: changes must be positions, whole numbers{hint}")
    ordered = np.sort(given)
    if ordered.size and (ordered[0] < 0 or ordered[-1] >= length or (np.diff(ordered) == 0).any()):
        told = ", ".join(f"{change:g}" for change in ordered[:10]) + (", ..." if ordered.size > 10 else "")
        raise ValueError(f"stream {stream}: changes must be different positions in [0, {length}), got {told}")
    at = ordered.astype(np.int64)
    return np.column_stack([at, np.minimum(at + max_delay, np.append(at[1:], length))])


def _scores(
    found: list[np.ndarray], windows: list[np.ndarray], lengths: list[int], confidence: float
) -> DetectionScores:
    false, streams_with_false, quiet, delays, missed = 0, 0, 0, [], 0
    for positions, window, length in zip(found, windows, lengths, strict=True):
        first = np.searchsorted(positions, window[:, 0])
        last = np.searchsorted(positions, window[:, 1])
        outside = len(positions) - int((last - first).sum())
        false += outside
        streams_with_false += outside > 0
        quiet += length - int((window[:, 1] - window[:, 0]).sum())
        hit = last > first
        delays += (positions[first[hit]] - window[hit, 0]).tolist()
        missed += int((~hit).sum())
    n_changes = len(delays) + missed
    delay = bootstrap_interval(np.mean, np.array(delays, float), confidence=confidence) if delays else None
    return DetectionScores(
        false_alarm_rate=wilson_interval(streams_with_false, len(found), confidence=confidence),
        false_alarms_per_10k=_poisson_rate(false, quiet / 10_000, confidence),
        detection_delay=delay,
        miss_rate=wilson_interval(missed, n_changes, confidence=confidence) if n_changes else None,
        n_alarms=sum(len(positions) for positions in found),
    )


def _poisson_rate(count: int, exposure: float, confidence: float) -> Interval:
    """Exact (Garwood) interval of a rate; without exposure nothing is known."""
    if exposure == 0:
        return Interval(np.nan, 0.0, np.inf, confidence)
    tail = (1 - confidence) / 2
    low = chi2.ppf(tail, 2 * count) / 2 if count else 0.0
    high = chi2.ppf(1 - tail, 2 * count + 2) / 2
    return Interval(count / exposure, float(low / exposure), float(high / exposure), confidence)
