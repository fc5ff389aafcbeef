"""Who sees the candidate, and whether routing did what it was told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.stats import chi2

from coursekit._number_checks import as_finite, told
from coursekit.deployment.rollout.conditional import log_likelihood_ratio
from coursekit.deployment.rollout.evidence import CANDIDATE, Minute, check_share

_RATIOS = np.concatenate([1 / np.geomspace(1.02, 2, 8), np.geomspace(1.02, 2, 8)])


def bucket(unit: str | int, *, salt: str) -> float:
    """Where a user stands on [0, 1), the same at every request and on every server.

    A user who sees one version now and another a minute later compares them for us, and complains. A hash
    of the identity needs no table, no state and no agreement between servers. The salt is the rollout's name:
    with the same salt in every rollout, the same users would always be the first to be harmed.

    Parameters
    ----------
    unit
        Identity of a user, or of whatever is assigned as a whole.
    salt
        Name of the rollout.

    Raises
    ------
    ValueError
        If the salt is empty.

    Examples
    --------
    >>> bucket("user-7", salt="intents-v2") == bucket("user-7", salt="intents-v2")
    True
    >>> bucket("user-7", salt="intents-v2") == bucket("user-7", salt="intents-v3")
    False

    References
    ----------
    Kohavi, Tang, Xu (2020). Trustworthy Online Controlled Experiments, chapter 14. Cambridge.
    """
    if not isinstance(salt, str) or not salt:
        raise ValueError(f"bucket: salt must be a text, the rollout's name, got {told(salt)}")
    digest = hashlib.blake2b(f"{salt}\x1f{unit}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def assign(units: Iterable[str | int], weight: float, *, salt: str) -> np.ndarray:
    """Which users see the candidate at a weight; raising the weight takes nobody back.

    Because a user's place does not move, those who see the candidate at 5% are among those who see it at 10%,
    and a weight of 0 is a rollback for all of them at once.

    Parameters
    ----------
    units
        Identities.
    weight
        Share of them that sees the candidate, from 0 to 1.
    salt
        Name of the rollout.

    Raises
    ------
    ValueError
        If the weight lies outside [0, 1] or the salt is empty.

    Examples
    --------
    >>> users = range(10_000)
    >>> small, large = assign(users, 0.05, salt="v2"), assign(users, 0.10, salt="v2")
    >>> bool((small <= large).all()), round(float(small.mean()), 2), round(float(large.mean()), 2)
    (True, 0.05, 0.1)
    """
    share = as_finite(weight)
    if share is None or not 0 <= share <= 1:
        raise ValueError(f"assign: weight must lie between 0 and 1, got {told(weight)}")
    return np.array([bucket(unit, salt=salt) for unit in units], dtype=float) < share


def sample_ratio_mismatch(requests: Sequence[float], weight: float) -> float:
    r"""p-value of the hypothesis that traffic was split as planned.

    If the arms did not get what they were promised, something chose who is in which (a redirect that fails, a
    bot that is filtered in one arm, a crash before the log is written), and every comparison of the two is
    open. The usual threshold is strict, .001, since nothing else can be read once it is passed.

    .. math:: \chi^2 = \sum_{a} \frac{(n_a - n w_a)^2}{n w_a}

    Parameters
    ----------
    requests
        Users (or requests, if each is drawn by itself) seen in baseline and candidate.
    weight
        Planned share of the candidate, between 0 and 1.

    Raises
    ------
    ValueError
        If there are not two counts, they are negative or both 0, or the weight lies outside (0, 1).

    Examples
    --------
    >>> sample_ratio_mismatch([9_500, 500], 0.05)
    1.0
    >>> sample_ratio_mismatch([9_600, 400], 0.05) < 0.001
    True

    References
    ----------
    Fabijan et al. (2019). Diagnosing sample ratio mismatch in online controlled experiments. KDD.
    """
    share = check_share("sample_ratio_mismatch", "weight", weight)
    counts = [as_finite(count) for count in requests]
    if len(counts) != 2 or any(count is None or count < 0 for count in counts) or not sum(filter(None, counts)):
        raise ValueError(
            f"sample_ratio_mismatch: requests must be the counts of baseline and candidate, got {told(requests)}"
        )
    observed = np.array(counts, dtype=float)
    expected = observed.sum() * np.array([1 - share, share])
    return float(chi2.sf(((observed - expected) ** 2 / expected).sum(), df=1))


class RoutingCheck:
    """The same question asked every minute of a ramp, with a guarantee over all of them.

    A p-value that is looked at every minute finds a mismatch in healthy routing sooner or later. This is the
    e-process of the conditional test with requests in place of errors and ratios on both sides of 1.

    Parameters
    ----------
    runs
        Number of rollouts.
    alpha
        Probability that healthy routing is ever suspected.

    Examples
    --------
    >>> check = RoutingCheck(runs=1)
    >>> for _ in range(10):
    ...     minute = Minute(weight=np.array([0.05]), requests=np.array([[9_600, 400]]), bad=np.zeros((1, 1, 2)))
    ...     _ = check.update(minute)
    >>> check.flagged.tolist()
    [True]
    """

    def __init__(self, runs: int, *, alpha: float = 0.001) -> None:
        self._alpha = check_share("RoutingCheck", "alpha", alpha)
        self._log = np.zeros((runs, _RATIOS.size))

    def update(self, minute: Minute) -> RoutingCheck:
        """Take a minute."""
        candidate = minute.requests[:, CANDIDATE].astype(float)[:, None]
        total = minute.requests.sum(axis=1).astype(float)[:, None]
        self._log += log_likelihood_ratio(candidate, total, minute.weight[:, None], _RATIOS)
        return self

    @property
    def flagged(self) -> np.ndarray:
        """Whether routing is not what the plan says, ``(runs,)``."""
        most = self._log.max(axis=1, keepdims=True)
        log_e = most[:, 0] + np.log(np.exp(self._log - most).mean(axis=1))
        return log_e >= np.log(1 / self._alpha)
