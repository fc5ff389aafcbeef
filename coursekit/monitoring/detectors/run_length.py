"""How many elements pass until a control chart alarms, computed instead of simulated."""

from __future__ import annotations

import numpy as np
from scipy.special import roots_legendre
from scipy.stats import norm

from coursekit._number_checks import check_whole
from coursekit.monitoring.detectors._base import check_range

_LONGEST = 1e12  # above, rounding decides
_MOST_STATES = 5_000  # a matrix of 200 MB, solved in seconds


def cusum_run_length(
    *,
    reference_value: float = 0.5,
    threshold: float = 5.0,
    shift: float = 0.0,
    two_sided: bool = False,
    n_states: int | None = None,
) -> float:
    r"""Average number of elements until a CUSUM alarms.

    An alarm that wakes somebody needs a budget: "one false page in ten weeks" is an average
    run length of 10,080 for a stream with one value each ten minutes. Without a shift this
    function gives the mean time to a false alarm, with one the mean delay of detection.

    The sum S is a Markov chain on [0, h]. With :math:`Q` its transitions that do not alarm,
    the mean times obey :math:`(I - Q) L = 1`. State 0 is a point of its own; the others are
    Gauss-Legendre points, so that few states give many digits. Of two sides, one of which is
    at 0 whenever the other alarms, :math:`1/L = 1/L_\text{up} + 1/L_\text{down}`. Tables
    often give the two-sided value: 465.4 for k = 0.5 and h = 5, where one side has 930.9.

    Parameters
    ----------
    reference_value
        Slack k, in standard deviations, at least 0.
    threshold
        Decision interval h, in standard deviations.
    shift
        How far the mean lies above the target, from the first element on, in standard
        deviations.
    two_sided
        Whether a fall alarms too.
    n_states
        Points on (0, h]; None takes as many as h asks for, about 8 digits.

    Returns
    -------
    float
        Mean run length from S = 0, for independent normal elements; ``inf`` above 1e12.

    Raises
    ------
    ValueError
        If the reference value is negative, the threshold not positive (or so large that the chain
        needs more than 5,000 states), the shift not finite, or n_states below 1.

    Examples
    --------
    >>> round(cusum_run_length(reference_value=0.5, threshold=4, two_sided=True), 1)
    167.7
    >>> round(cusum_run_length(reference_value=0.5, threshold=5, shift=1), 2)
    10.38

    References
    ----------
    Brook, Evans (1972). An approach to the probability distribution of CUSUM run length.
    Biometrika.
    """
    if not 0 <= reference_value < np.inf:
        raise ValueError(f"cusum_run_length: reference_value must be 0 or above, got {reference_value!r}")
    check_range("cusum_run_length", "threshold", threshold, low=0)
    check_range("cusum_run_length", "shift", shift, low=-np.inf)

    def one_side(mean: float) -> float:
        drift = mean - reference_value
        # exp(-2 drift S) of a sum S that has not been set to 0 is a martingale, so one rise from 0
        # reaches h with probability below exp(2 drift h): that many rises are needed in the mean
        if -2 * drift * threshold > np.log(_LONGEST):
            return np.inf
        points, weights = _points("cusum_run_length: threshold", 0.0, threshold, spread=1.0, n_states=n_states)
        start = np.append(0.0, points)[:, np.newaxis]
        to_zero = norm.cdf(-drift - start)
        staying = np.hstack([to_zero, weights * _density(points - start - drift)])
        return _mean_steps(staying, norm.cdf(threshold - start - drift))

    rate = 1 / one_side(shift) + (1 / one_side(-shift) if two_sided else 0.0)
    return 1 / rate if rate else np.inf


def ewma_run_length(
    *,
    smoothing: float = 0.1,
    width: float = 2.814,
    shift: float = 0.0,
    two_sided: bool = True,
    n_states: int | None = None,
) -> float:
    r"""Average number of elements until an EWMA chart alarms.

    "Three sigma" is no answer to how often a chart cries wolf: with :math:`\lambda = 0.05`
    limits at L = 3 give one false alarm in 1,379 elements, three sigma on single elements one
    in 370. This function tells for any pair, and the mean delay for any shift.

    Z is a Markov chain between its limits; with :math:`Q` its transitions that do not alarm,
    the mean times obey :math:`(I - Q) L = 1` on Gauss-Legendre points. One-sided, Z has no
    lower limit; it is cut where chance does not get, ten standard deviations down.

    Parameters
    ----------
    smoothing
        Weight of the newest element, between 0 and 1.
    width
        Half width L of the band, in standard deviations of the average.
    shift
        How far the mean lies above the target, from the first element on, in standard
        deviations of one element.
    two_sided
        Whether a fall alarms too.
    n_states
        Points between the limits; None takes as many as the smoothing asks for, about 8 digits.

    Returns
    -------
    float
        Mean run length from Z = 0, for independent normal elements and the limits of the
        steady state; ``inf`` above 1e12.

    Raises
    ------
    ValueError
        If smoothing is not between 0 and 1 (or so small that the chain needs more than 5,000
        states), the width not positive, the shift not finite, or n_states below 1.

    Examples
    --------
    >>> round(ewma_run_length(smoothing=0.1, width=2.814))
    500
    >>> round(ewma_run_length(smoothing=0.1, width=2.814, shift=1), 1)
    10.3

    References
    ----------
    Lucas, Saccucci (1990). Exponentially weighted moving average control schemes: properties
    and enhancements. Technometrics.
    """
    check_range("ewma_run_length", "smoothing", smoothing, low=0, high=1)
    check_range("ewma_run_length", "width", width, low=0)
    check_range("ewma_run_length", "shift", shift, low=-np.inf)
    deviation = np.sqrt(smoothing / (2 - smoothing))
    upper = width * deviation
    lower = -upper if two_sided else min(shift, 0.0) - 10 * deviation
    # each Z is normal, of at most this deviation and a mean between 0 and the shift: with p its chance to be
    # outside, no alarm came within n steps with probability at least 1 - n p, which sums to 1 / 2p and more
    if 4 * _LONGEST * norm.sf((upper - abs(shift)) / deviation) < 1:
        return np.inf
    points, weights = _points("ewma_run_length: smoothing, width", lower, upper, spread=smoothing, n_states=n_states)
    start = np.append(0.0, points)[:, np.newaxis]
    density = _density((points - (1 - smoothing) * start) / smoothing - shift) / smoothing

    def below(limit: float) -> np.ndarray:
        return norm.cdf((limit - (1 - smoothing) * start) / smoothing - shift)

    quiet = below(upper) - (below(lower) if two_sided else 0.0)
    return _mean_steps(np.hstack([np.zeros_like(start), weights * density]), quiet)


def _points(
    what: str, low: float, high: float, *, spread: float, n_states: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre points and weights, by default dense beside a normal step of this spread."""
    needed = 32 + np.ceil(3 * (high - low) / spread)
    n_states = needed if n_states is None else check_whole("run length", "n_states", n_states, low=1)
    if n_states > _MOST_STATES:
        raise ValueError(f"{what} ask for {n_states:g} states, more than {_MOST_STATES:,}; simulate this chart")
    points, weights = roots_legendre(int(n_states))
    return (low + high) / 2 + (high - low) / 2 * points, (high - low) / 2 * weights


def _density(z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # so far out that the square is infinite, it is 0
        return norm.pdf(z)


def _mean_steps(staying: np.ndarray, quiet: np.ndarray) -> float:
    """Mean steps from state 0 to the alarm.

    Given are the chances to go from state to state without one, and what those of each state sum
    to exactly, shape (n, 1): an error of the sum would count as an alarm, once in 1 / error steps.
    """
    sums = staying.sum(axis=1, keepdims=True)
    staying = staying * np.divide(quiet, sums, out=np.ones_like(sums), where=sums > 0)
    try:
        steps = float(np.linalg.solve(np.eye(len(staying)) - staying, np.ones(len(staying)))[0])
    except np.linalg.LinAlgError:  # no way to the alarm
        return np.inf
    return steps if 1 <= steps <= _LONGEST else np.inf
