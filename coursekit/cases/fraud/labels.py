"""When is a label known, and from whom? Labels by the time they arrive, not by the time of the purchase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit.cases.fraud._dates import as_second
from coursekit.cases.fraud.world import TransactionLog
from coursekit.short_repr import ShortRepr

LABEL_SOURCES = ("never", "feedback", "exploration", "delayed")
"""Blocked payments have no label; investigators answer for the cards they were given because of a high
score (feedback) or at random (exploration); all others wait for the customer's complaint (delayed)."""
_NEVER, _FEEDBACK, _EXPLORATION, _DELAYED = range(4)
_DAY = 86_400


@dataclass(frozen=True)
class LabelDelay:
    """How many days pass until customers' complaints tell honest payments from fraud.

    Fraud is reported when the customer reads the bill. An honest payment is never reported: it
    counts as honest once the longest delay has passed. So the young labels that exist are mostly
    frauds, and a model trained on "all labels so far" learns from a biased sample.

    Examples
    --------
    >>> LabelDelay(7), LabelDelay.realistic()
    (LabelDelay(shortest=7, longest=None), LabelDelay(shortest=30, longest=180))
    """

    shortest: float = 7.0
    """Days until the first frauds are reported."""
    longest: float | None = None
    """Days until the last; None is the same as shortest: a constant delay. Frauds are spread evenly between."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.shortest) and self.shortest >= 0):
            raise ValueError(f"the shortest delay must be 0 days or more, got {self.shortest}")
        if self.longest is not None and not (np.isfinite(self.longest) and self.longest >= self.shortest):
            raise ValueError(f"the longest delay must be at least the shortest ({self.shortest}), got {self.longest}")

    @classmethod
    def realistic(cls) -> LabelDelay:
        """What card companies report: 30 to 180 days."""
        return cls(30, 180)

    @property
    def maturity(self) -> float:
        """Days after which every label that comes by complaint is there."""
        return self.shortest if self.longest is None else self.longest


@dataclass(frozen=True, eq=False, repr=False)
class KnownLabels(ShortRepr):
    """The labels that were known at one moment."""

    row: np.ndarray
    """Positions in the log, ascending."""
    label: np.ndarray
    """Whether each was fraud."""
    source: np.ndarray
    """Position in `LABEL_SOURCES`."""

    def __len__(self) -> int:
        return self.row.size

    def to_frame(self) -> pd.DataFrame:
        """One row per known label."""
        source = pd.Categorical.from_codes(self.source, list(LABEL_SOURCES))
        return pd.DataFrame({"row": self.row, "label": self.label, "source": source})


@dataclass(frozen=True, eq=False, repr=False)
class LabelStore(ShortRepr):
    """Every label of a log with the moment it becomes known, and by whom.

    A training set is a question with a date: which labels were known on the first of March?
    Answers that forget the date look better in the notebook than they ever will in production.
    """

    log: TransactionLog
    """The transactions."""
    known_at: np.ndarray
    """When each label arrives, datetime64[s]; NaT if never."""
    source: np.ndarray
    """Position in `LABEL_SOURCES` for each transaction, int8."""
    delay: LabelDelay
    """Delay of the complaints."""

    def label_at(self, time: Any) -> KnownLabels:
        """The labels known at a moment, that moment included.

        Parameters
        ----------
        time
            Such as "2020-01-31" (its first second) or a datetime64.
        """
        row = np.flatnonzero(self.known_at <= as_second(time, "time"))  # NaT compares false
        return KnownLabels(row, self.log.is_fraud[row], self.source[row])

    def training_labels(self, time: Any) -> KnownLabels:
        """Known labels without the bias of the young ones: matured purchases, and what was investigated.

        Parameters
        ----------
        time
            As in ``label_at``.
        """
        now = as_second(time, "time")
        known = self.label_at(now)
        mature = self.log.time[known.row] <= now - np.timedelta64(round(self.delay.maturity * _DAY), "s")
        kept = mature | (known.source != _DELAYED)
        return KnownLabels(known.row[kept], known.label[kept], known.source[kept])

    def to_frame(self) -> pd.DataFrame:
        """One row per source: transactions, share that is fraud, median days until known."""
        waited = (self.known_at - self.log.time) / np.timedelta64(1, "D")
        rows = []
        for code, name in enumerate(LABEL_SOURCES):
            mine = self.source == code
            fraud = self.log.is_fraud[mine].mean() if mine.any() else np.nan
            days = np.median(waited[mine]) if mine.any() and code != _NEVER else np.nan
            rows.append((name, int(mine.sum()), fraud, days))
        return pd.DataFrame(rows, columns=["source", "transactions", "fraud_share", "median_days"])

    def plot(self) -> go.Figure:
        """How labels mature: the share known so many days after the purchase, frauds and honest payments."""
        waited = (self.known_at - self.log.time) / np.timedelta64(1, "D")
        days = np.arange(0, max(2, int(np.ceil(self.delay.maturity)) + 2))
        figure = go.Figure(layout={"title": "레이블이 알려지기까지", "yaxis_range": [0, 102]})
        for name, chosen in (("사기", self.log.is_fraud), ("정상", ~self.log.is_fraud)):
            ages = np.sort(waited[chosen & (self.source != _NEVER)])
            share = np.searchsorted(ages, days, side="right") / max(1, int(chosen.sum()))
            figure.add_scatter(x=days, y=100 * share, name=name, line_shape="hv")
        figure.update_layout(xaxis_title="구매 후 지난 날", yaxis_title="알려진 레이블의 비율 (%)")
        return figure


def collect_labels(
    log: TransactionLog,
    *,
    delay: LabelDelay | float = 7.0,
    blocked: ArrayLike | None = None,
    scores: ArrayLike | None = None,
    budget: int = 0,
    exploration: int = 0,
    seed: int = 0,
) -> LabelStore:
    """Work out when each label of a log becomes known, and from whom.

    The bank's own decisions shape its data: what it blocks is never labelled, what its
    investigators look at is labelled tomorrow, and the rest when customers complain. Investigators
    who only follow the model confirm the model; the exploration slice is the part of their
    budget that is spent at random, so that the model's blind spots show.

    Parameters
    ----------
    log
        Transactions.
    delay
        Delay of complaints: days if it is constant, or a `LabelDelay`.
    blocked
        Whether each payment was refused, shape (n,); None refuses none.
    scores
        The model's score of each payment, shape (n,); needed if the budget exceeds exploration.
    budget
        Cards that investigators look at each day; all of a card's payments of that day are labelled
        when the next day ends.
    exploration
        How many of them are drawn at random among the cards not chosen by score.
    seed
        Seed of the delays and of the exploration.

    Raises
    ------
    ValueError
        If arrays have another length than the log, a score is not finite, or exploration or the budget
        is out of range.

    Examples
    --------
    >>> from coursekit.cases.fraud import simulate
    >>> log = simulate(customers=300, merchants=100, days=60).log
    >>> store = collect_labels(log, delay=30, budget=10, exploration=10)
    >>> known = store.label_at("2019-10-01")
    >>> bool(log.time[known.row].max() < np.datetime64("2019-10-01"))
    True

    References
    ----------
    Dal Pozzolo, Boracchi, Caelen, Alippi, Bontempi (2018). Credit card fraud detection: a realistic
    modeling and a novel learning strategy. IEEE TNNLS.
    """
    wait = delay if isinstance(delay, LabelDelay) else LabelDelay(delay)
    n = len(log)
    refused = np.zeros(n, bool) if blocked is None else np.asarray(blocked, dtype=bool)
    if refused.shape != (n,):
        raise ValueError(f"blocked must hold one value for each of the {n} transactions, got shape {refused.shape}")
    if not 0 <= exploration <= budget:
        raise ValueError(f"exploration is a part of the budget: need 0 <= {exploration} <= {budget}")
    if scores is None and budget > exploration:
        raise ValueError(f"{budget - exploration} cards a day are chosen by score: pass scores, one per transaction")
    rng = np.random.default_rng([seed, 101])
    spread = (wait.maturity - wait.shortest) * rng.random(n)
    days = np.where(log.is_fraud, wait.shortest + spread, wait.maturity)
    known_at = log.time + (days * _DAY).astype(np.int64).astype("timedelta64[s]")
    source = np.full(n, _DELAYED, dtype=np.int8)
    if budget:
        ranks = np.zeros(n) if scores is None else np.asarray(scores, dtype=float)
        if ranks.shape != (n,) or not np.isfinite(ranks).all():
            raise ValueError(f"scores must hold a finite number for each of the {n} transactions")
        _investigate(log, refused, ranks, budget - exploration, exploration, rng, known_at, source)
    known_at[refused] = np.datetime64("NaT")
    source[refused] = _NEVER
    return LabelStore(log, known_at, source, wait)


def _investigate(
    log: TransactionLog,
    refused: np.ndarray,
    scores: np.ndarray,
    by_score: int,
    at_random: int,
    rng: np.random.Generator,
    known_at: np.ndarray,
    source: np.ndarray,
) -> None:
    """Give each day's cards to investigators; writes into known_at and source."""
    dates, first = np.unique(log.date, return_index=True)
    for date, low, high in zip(dates, first, [*first[1:], len(log)], strict=True):
        open_rows = low + np.flatnonzero(~refused[low:high])
        cards = top_cards(log.customer[open_rows], scores[open_rows], by_score)
        others = np.setdiff1d(log.customer[open_rows], cards)
        lucky = rng.choice(others, size=min(at_random, others.size), replace=False)
        answered = (date + 2).astype("datetime64[s]")
        for code, chosen in ((_FEEDBACK, cards), (_EXPLORATION, lucky)):
            rows = open_rows[np.isin(log.customer[open_rows], chosen)]
            sooner = rows[answered < known_at[rows]]
            known_at[sooner], source[sooner] = answered, code


def top_cards(customer: np.ndarray, scores: np.ndarray, k: int) -> np.ndarray:
    """Choose the k cards whose highest score is highest.

    Investigators call people, not transactions: a card with nine suspicious payments costs one
    call. Equal scores are settled by the card's number, so that the choice can be repeated.

    Parameters
    ----------
    customer
        Card of each transaction, shape (n,).
    scores
        Score of each transaction, shape (n,).
    k
        Cards wanted; fewer come back if there are fewer.

    Examples
    --------
    >>> top_cards(np.array([7, 7, 8, 9]), np.array([0.1, 0.9, 0.3, 0.2]), 2)
    array([7, 8])
    """
    cards, position = np.unique(customer, return_inverse=True)
    best = np.full(cards.size, -np.inf)
    np.maximum.at(best, position, scores)
    return cards[np.argsort(-best, kind="stable")[:k]]
