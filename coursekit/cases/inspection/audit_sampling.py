"""How many bad parts got through, from the few that were looked at again."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import nbinom

from coursekit._number_checks import check_whole
from coursekit.cases.inspection.human import check_part
from coursekit.modeling.evaluation import Interval


@dataclass(frozen=True)
class EscapeEstimate:
    """Bad parts that an inspector passed, estimated from an audit of some of what it passed."""

    missed: Interval
    """Bad parts passed."""
    shipped: Interval
    """Bad parts passed that the audit did not take out."""

    def recall(self, caught: int) -> Interval:
        """Recall of the inspector, given the number of bad parts that it rejected."""
        if caught < 0:
            raise ValueError(f"EscapeEstimate: caught must be at least 0, got {caught}")
        ends = [caught / (caught + missed) if caught + missed else float("nan") for missed in self._missed]
        return Interval(ends[0], ends[2], ends[1], confidence=self.missed.confidence)

    @property
    def _missed(self) -> tuple[float, float, float]:
        return self.missed.estimate, self.missed.low, self.missed.high


def estimate_escapes(
    found: int, *, audit_rate: float, auditor_recall: float = 1.0, confidence: float = 0.95
) -> EscapeEstimate:
    r"""Estimate the bad parts that an inspector passed, from a random audit.

    Without an audit nobody ever sees what the inspector missed: its recall among known defects is 100%,
    whatever it is. With one, each bad part that was passed is found with the probability
    :math:`\pi = \text{rate} \times \text{auditor's recall}` and stands for :math:`1/\pi` of its kind
    (Horvitz-Thompson):

    .. math:: \hat M = k / \pi, \qquad \hat M - k = k\,(1/\pi - 1) \text{ of them shipped}

    Both are unbiased. :math:`k` of :math:`M` is binomial, and the interval holds every :math:`M` under which
    neither tail at :math:`k` is below :math:`(1 - \text{confidence})/2`; it covers at least as often as
    promised, with three found as with three hundred. An audit that picks parts by looks, or one hour of the
    day, has no such :math:`\pi`: draw at random.

    Parameters
    ----------
    found
        Bad parts that the audit found among the passed, each confirmed.
    audit_rate
        Probability with which a passed part is audited, above 0.
    auditor_recall
        Share of the bad parts that the auditor finds, above 0; measured with parts known to be bad.
    confidence
        Coverage aimed at, between 0 and 1.

    Raises
    ------
    ValueError
        If a number makes no sense; with a rate of 0 nothing can be estimated.

    Examples
    --------
    >>> audit = estimate_escapes(12, audit_rate=0.2, auditor_recall=0.95)
    >>> f"{audit.missed:.0f}"
    '63 [36, 105]'
    >>> f"{audit.recall(100):.0%}"
    '61% [49%, 74%]'

    References
    ----------
    Horvitz, Thompson (1952). A generalization of sampling without replacement from a finite universe. JASA 47.
    """
    k = check_whole("estimate_escapes", "found", found)
    rate = check_part("estimate_escapes", "audit_rate", audit_rate)
    recall = check_part("estimate_escapes", "auditor_recall", auditor_recall)
    sure = check_part("estimate_escapes", "confidence", confidence)
    if not 0 < sure < 1:
        raise ValueError(f"estimate_escapes: confidence must lie between 0 and 1, got {confidence}")
    share = rate * recall
    if share == 0:
        raise ValueError(
            "estimate_escapes: audit_rate and auditor_recall must be above 0; what nobody looks at cannot be estimated"
        )
    tail = (1 - sure) / 2
    fewest, most = k + (nbinom.ppf(tail, k, share) if k else 0), k + nbinom.isf(tail, k + 1, share)
    low, high = max(float(fewest), float(k)), max(float(most), float(k))
    return EscapeEstimate(
        missed=Interval(k / share, low, high, confidence=sure),
        shipped=Interval(k / share - k, low - k, high - k, confidence=sure),
    )
