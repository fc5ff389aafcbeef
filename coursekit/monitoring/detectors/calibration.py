"""Detectors that keep a promised false-alarm probability."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom

from coursekit._number_checks import as_finite, check_whole
from coursekit.modeling.evaluation import Interval, wilson_interval

if TYPE_CHECKING:
    from coursekit.monitoring.detectors._base import Detector

_STEPS = 24
"""Rungs between the loosest and the strictest setting, each tried once by what still alarms."""
_REFINEMENTS = 10
"""Halvings between the last rung that alarmed too often and the first that did not."""

D = TypeVar("D", bound="Detector")


def in_control_streams(
    *, n_runs: int, horizon: int, error_rate: float | None = None, values: ArrayLike | None = None, seed: int = 0
) -> Iterator[np.ndarray]:
    """Streams in which nothing changes, one at a time.

    A false alarm is an alarm on one of these. They are made anew from the seed on each pass, so
    a million elements a stream cost no memory.

    Parameters
    ----------
    n_runs
        Number of streams.
    horizon
        Elements in each.
    error_rate
        Probability of an error (1) at each element; None where values are given.
    values
        A record of the quiet past, shape (n,), from which elements are drawn with replacement.
    seed
        Seed of the drawing; stream i depends on the seed and i alone.

    Raises
    ------
    ValueError
        If neither or both of error_rate and values are given, or a number is out of range.

    Examples
    --------
    >>> [stream.tolist() for stream in in_control_streams(n_runs=2, horizon=5, error_rate=0.5, seed=1)]
    [[1.0, 0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0, 0.0]]
    """
    n_runs, horizon, seed = _check_sizes(n_runs, horizon, seed)
    record = _check_stream(error_rate, values)
    return (_stream(run, horizon, error_rate, record, seed) for run in range(n_runs))


def _check_sizes(n_runs: int, horizon: int, seed: int) -> tuple[int, int, int]:
    where = "simulated streams"
    n_runs, horizon = check_whole(where, "n_runs", n_runs, low=1), check_whole(where, "horizon", horizon, low=1)
    return n_runs, horizon, check_whole(where, "seed", seed, high=None)


def _check_stream(error_rate: float | None, values: ArrayLike | None) -> np.ndarray | None:
    """The record of the quiet past, if there is one."""
    if (error_rate is None) == (values is None):
        raise ValueError("give either error_rate (a stream of 0 and 1) or values (a record of the quiet past)")
    if values is None:
        rate = as_finite(error_rate)
        if rate is None or not 0 <= rate <= 1:
            raise ValueError(f"error_rate must lie in [0, 1], got {error_rate!r}")
        return None
    if np.ma.is_masked(values):
        raise ValueError("values must be finite numbers, but some are masked; leave them out with .compressed()")
    record = np.asarray(values)
    if record.dtype.kind in "biufO":
        with contextlib.suppress(TypeError, ValueError, OverflowError):  # told below
            record = record.astype(np.float64)
    if record.dtype != np.float64 or record.ndim != 1 or record.size == 0 or not np.isfinite(record).all():
        raise ValueError(
            f"values must be a non-empty 1-D array of finite numbers, got shape {record.shape} of {record.dtype}"
        )
    return record


def _stream(run: int, horizon: int, error_rate: float | None, record: np.ndarray | None, seed: int) -> np.ndarray:
    rng = np.random.default_rng((seed, run))
    if record is not None:
        return rng.choice(record, size=horizon)
    return (rng.random(horizon, dtype=np.float32) < np.float32(error_rate)).astype(np.float64)


def false_alarm_rate(
    detector: Detector,
    *,
    horizon: int,
    error_rate: float | None = None,
    values: ArrayLike | None = None,
    n_runs: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Probability that a detector alarms although nothing changes, by simulation.

    Nobody acts on the third false page of a night. The number belongs to a detector, a horizon
    and an error rate together; defaults from a paper carry no promise for yours.

    Parameters
    ----------
    detector
        Any detector of this package; it is left as it is.
    horizon
        Elements in each stream.
    error_rate
        Probability of an error (1) at each element; None where values are given.
    values
        A record of the quiet past from which elements are drawn with replacement, shape (n,).
    n_runs
        Number of simulated streams.
    confidence
        Coverage of the Wilson interval.
    seed
        Seed of the streams.

    Examples
    --------
    >>> from coursekit.monitoring.detectors.ddm import DDM
    >>> print(false_alarm_rate(DDM(), horizon=2_000, error_rate=0.1, n_runs=300))
    0.477 [0.421, 0.533]
    """
    streams = in_control_streams(n_runs=n_runs, horizon=horizon, error_rate=error_rate, values=values, seed=seed)
    alarmed = [detector._first_drift(detector._check(stream)) >= 0 for stream in streams]
    return wilson_interval(sum(alarmed), len(alarmed), confidence=confidence)


def calibrated(
    detector: D,
    *,
    p_false_alarm: float,
    horizon: int,
    error_rate: float | None = None,
    values: ArrayLike | None = None,
    confidence: float = 0.95,
    n_runs: int | None = None,
    seed: int = 0,
) -> D:
    r"""A detector like the given one whose false-alarm probability stays below a promise.

    The threshold is moved to the loosest setting under which at most k of n simulated quiet
    streams alarm; where none suffices, ``n_min`` is doubled until one does (a DDM that starts
    without an error has a minimum of 0 and alarms at the first error under any threshold). k is the largest count with
    :math:`P(\mathrm{Bin}(n, p) \le k) \le 1 - \mathrm{confidence}`: were the true probability
    p or more, so few alarms would be seen with at most that probability. The promise needs no
    distribution beyond that of the streams.

    Parameters
    ----------
    detector
        Where to start; all but its threshold (and, in need, ``n_min``) is kept. It is left as it is.
    p_false_alarm
        Promised probability of any alarm within the horizon, between 0 and 1.
    horizon
        Elements over which the promise holds.
    error_rate
        Probability of an error (1) at each element of a quiet stream; None where values are given.
    values
        A record of the quiet past from which elements are drawn with replacement, shape (n,).
    confidence
        How sure the promise is, given that only simulated streams were seen.
    n_runs
        Simulated streams; None takes enough for about 30 false alarms at the promise.
    seed
        Seed of the streams.

    Raises
    ------
    ValueError
        If a number is out of range, n_runs is too small for the promise, or even the
        strictest setting alarms too often.

    Examples
    --------
    >>> from coursekit.monitoring.detectors.ddm import DDM
    >>> strict = calibrated(DDM(n_min=100), p_false_alarm=0.05, horizon=1_000, error_rate=0.1)
    >>> strict.drift_level > 3
    True

    References
    ----------
    Wilks (1941). Determination of sample sizes for setting tolerance limits. Annals of
    Mathematical Statistics.
    """
    for name, value in (("p_false_alarm", p_false_alarm), ("confidence", confidence)):
        share = as_finite(value)
        if share is None or not 0 < share < 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {value!r}")
    n_runs = n_runs if n_runs is not None else int(np.clip(np.ceil(30 / p_false_alarm), 500, 20_000))
    n_runs, horizon, seed = _check_sizes(n_runs, horizon, seed)
    record = _check_stream(error_rate, values)
    allowed = int(binom.ppf(1 - confidence, n_runs, p_false_alarm))
    allowed -= binom.cdf(allowed, n_runs, p_false_alarm) > 1 - confidence
    if allowed < 0:
        needed = int(np.ceil(np.log(1 - confidence) / np.log1p(-p_false_alarm)))
        raise ValueError(f"{n_runs} streams cannot show a probability of {p_false_alarm:g}; n_runs >= {needed} can")
    if record is None:
        assert error_rate is not None
        mean, deviation = error_rate, float(np.sqrt(error_rate * (1 - error_rate)))
    else:
        with np.errstate(over="ignore", invalid="ignore"):  # a detector that needs them says what is wrong
            mean, deviation = float(record.mean()), float(record.std())
    start = detector._centred(mean, deviation)

    def alarming(strictness: float, runs: list[int]) -> list[int]:
        candidate = _with_strictness(start, strictness)
        streams = ((run, _stream(run, horizon, error_rate, record, seed)) for run in runs)
        return [run for run, stream in streams if candidate._first_drift(candidate._check(stream)) >= 0]

    loose, strict = start._strictness_range
    suspects, rungs = list(range(n_runs)), np.geomspace(loose, strict, _STEPS + 1)
    for previous, rung in zip(itertools.chain([loose], rungs), rungs, strict=False):
        quieter = alarming(rung, suspects)  # what was quiet under a looser setting stays quiet
        if len(quieter) <= allowed:
            loose, strict = previous, rung
            break
        suspects = quieter
    else:
        patience = 2 * start.parameters().get("n_min", horizon)
        if patience >= horizon:
            raise ValueError(f"{start!r} alarms too often even at {start._strictness}={strict:g}; no setting helps")
        return calibrated(
            type(start)(**{**start.parameters(), "n_min": patience}),
            p_false_alarm=p_false_alarm,
            horizon=horizon,
            error_rate=error_rate,
            values=values,
            confidence=confidence,
            n_runs=n_runs,
            seed=seed,
        )
    for _ in range(_REFINEMENTS):
        middle = float(np.sqrt(loose * strict))
        if len(alarming(middle, suspects)) <= allowed:
            strict = middle
        else:
            loose = middle
    strict = _readable(strict, stricter_is_larger=rungs[0] < rungs[-1])
    # a state that depends on the threshold (HDDM's bounds) can break the order: look at all streams once
    while len(alarming(strict, list(range(n_runs)))) > allowed:
        strict *= float((rungs[1] / rungs[0]) ** 0.1)
    return _with_strictness(start, strict)


def _readable(strictness: float, *, stricter_is_larger: bool) -> float:
    """Four significant digits, rounded to the strict side."""
    unit = 10.0 ** (np.floor(np.log10(strictness)) - 3)
    steps = np.ceil(strictness / unit) if stricter_is_larger else np.floor(strictness / unit)
    return float(f"{steps * unit:.4g}")


def _with_strictness(detector: D, strictness: float) -> D:
    """The same detector with another threshold; a warning never comes later than a drift."""
    parameters = {**detector.parameters(), detector._strictness: float(strictness)}
    loosest, strictest = detector._strictness_range
    if detector._warning:
        looser = min if loosest < strictest else max
        parameters[detector._warning] = looser(parameters[detector._warning], float(strictness))
    return type(detector)(**parameters)
