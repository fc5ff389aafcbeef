"""The share of patients that a room without a waiting line must refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from coursekit._number_checks import check_number, check_whole

_MOST_BEDS = 10**7


def erlang_b(load: ArrayLike, beds: int) -> Any:
    r"""Blocking probability of a loss system: Erlang's B formula.

    The answer to "how many beds do we need" that needs no simulation, and the oracle of the one here:
    whatever the distribution of the stay, only its mean counts.

    .. math:: B(a, c) = \frac{a^c / c!}{\sum_{k=0}^{c} a^k / k!}, \qquad
       \frac{1}{B(a, k)} = 1 + \frac{k}{a} \frac{1}{B(a, k - 1)}

    Parameters
    ----------
    load
        Offered load in erlangs, arrivals an hour times mean stay in hours; a number or an array.
    beds
        Beds, at least 1.

    Returns
    -------
    float or ndarray
        Share of arrivals refused, in the shape of load.

    Raises
    ------
    ValueError
        If there is no bed, or a load is negative or no number.

    Examples
    --------
    >>> round(erlang_b(27, 30), 5)
    0.08188
    >>> erlang_b([0.0, 1.0], 1)
    array([0. , 0.5])

    References
    ----------
    Erlang (1917). Solution of some problems in the theory of probabilities of significance in automatic
    telephone exchanges.
    """
    c = check_whole("erlang_b", "beds", beds, low=1, high=_MOST_BEDS)
    offered = np.asarray(load, dtype=float)
    if not (np.isfinite(offered) & (offered >= 0)).all():
        raise ValueError(f"erlang_b: load must be finite and at least 0 erlangs, got {load!r}")
    blocked = np.ones_like(offered)
    for k in range(1, c + 1):  # B itself, which stays in [0, 1], where 1/B would overflow
        blocked = offered * blocked / (k + offered * blocked)
    return blocked if offered.ndim else float(blocked)


def beds_needed(load: float, *, blocking: float) -> int:
    """Smallest number of beds that refuses at most this share.

    The same question from the side of whoever builds: a promise of one refusal in a hundred costs so many
    beds, far more for small rooms than for one large one.

    Parameters
    ----------
    load
        Offered load in erlangs.
    blocking
        Share of arrivals that may be refused, above 0 and at most 1.

    Raises
    ------
    ValueError
        If the load is negative or the share lies outside (0, 1].

    Examples
    --------
    >>> beds_needed(27, blocking=0.01)
    38
    """
    offered = check_number("beds_needed", "load", load)
    if not 0 < blocking <= 1:
        raise ValueError(f"beds_needed: blocking must lie in (0, 1], got {blocking!r}")
    beds, blocked = 1, offered / (1 + offered)
    while blocked > blocking:
        beds += 1
        blocked = offered * blocked / (beds + offered * blocked)
    return beds
