"""Card transactions as columns, and the world they come from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.cases.fraud._dates import as_second
from coursekit.cases.fraud.drift import Drift
from coursekit.short_repr import ShortRepr

COUNTRIES = ("KR", "JP", "US", "CN", "VN", "TH", "GB", "FR")
"""Countries of merchants; most customers live in the first."""
CATEGORIES = (
    *("shopping", "delivery", "digital", "electronics", "gift_card", "booking"),
    *("grocery", "restaurant", "transport", "fuel", "fashion", "health"),
)
"""Kinds of merchants: the first six sell online, the last six in shops."""
ONLINE_CATEGORIES = 6
"""How many of the categories sell online."""
FRAUD_SCENARIOS = ("none", "stolen_card", "compromised_merchant", "account_takeover", "card_testing")
"""What lies behind a fraud: a copied card used abroad, a merchant whose payments are tapped for weeks,
somebody else shopping online, small trials before a large purchase."""

_CODED = {"country": COUNTRIES, "category": CATEGORIES, "fraud_scenario": FRAUD_SCENARIOS}
_KINDS: dict[str, Any] = {
    "transaction": np.int64,
    "time": "datetime64[s]",
    "customer": np.int32,
    "merchant": np.int32,
    "online": np.bool_,
    "country": np.int8,
    "category": np.int8,
    "amount": np.int64,
    "is_fraud": np.bool_,
    "fraud_scenario": np.int8,
}


@dataclass(frozen=True, eq=False, repr=False)
class TransactionLog(ShortRepr):
    """Card transactions in the order of time, a column each.

    Two million rows as Python objects would not fit a laptop; as columns they are 70 MB, and a
    month is a slice.

    Examples
    --------
    >>> from coursekit.cases.fraud import simulate
    >>> log = simulate(customers=50, merchants=60, days=30).log
    >>> january = log.between("2019-09-01", "2019-09-15")
    >>> len(january) < len(log)
    True
    """

    transaction: np.ndarray
    """Number of the transaction in the whole log, int64."""
    time: np.ndarray
    """When it was authorised, datetime64[s], ascending."""
    customer: np.ndarray
    """Whose card, int32; one card a customer."""
    merchant: np.ndarray
    """Where, int32."""
    online: np.ndarray
    """Whether bought online (card not present)."""
    country: np.ndarray
    """Position of the merchant's country in `COUNTRIES`, -1 where the feed left it out."""
    category: np.ndarray
    """Position of the merchant's kind in `CATEGORIES`, -1 where the feed left it out."""
    amount: np.ndarray
    """Won, int64."""
    is_fraud: np.ndarray
    """The truth, which nobody knows on the day."""
    fraud_scenario: np.ndarray
    """Position in `FRAUD_SCENARIOS`; 0 where there is no fraud."""

    def __post_init__(self) -> None:
        sizes = {field.name: np.shape(getattr(self, field.name)) for field in fields(self)}
        if any(shape != sizes["time"] or len(shape) != 1 for shape in sizes.values()):
            raise ValueError(f"all columns must be one-dimensional and equally long, got {sizes}")

    def __len__(self) -> int:
        return self.time.size

    @property
    def date(self) -> np.ndarray:
        """The day of each transaction, datetime64[D]."""
        return self.time.astype("datetime64[D]")

    @property
    def month(self) -> np.ndarray:
        """The month of each transaction, datetime64[M]."""
        return self.time.astype("datetime64[M]")

    def take(self, rows: np.ndarray | slice) -> TransactionLog:
        """These rows only; a slice copies nothing.

        Parameters
        ----------
        rows
            A mask, positions in ascending order, or a slice.
        """
        return TransactionLog(**{name: getattr(self, name)[rows] for name in _KINDS})

    def between(
        self, start: str | np.datetime64 | None = None, end: str | np.datetime64 | None = None
    ) -> TransactionLog:
        """Transactions from start (included) to end (left out).

        Parameters
        ----------
        start
            First moment, such as "2020-01-01"; None from the beginning.
        end
            First moment that is left out; None to the end.
        """
        bounds = [None if bound is None else as_second(bound, "start and end") for bound in (start, end)]
        low, high = (None if bound is None else int(np.searchsorted(self.time, bound)) for bound in bounds)
        return self.take(slice(low, high))

    def to_frame(self) -> pd.DataFrame:
        """One row per transaction; country, category and fraud scenario as categories by name."""
        columns = {
            name: pd.Categorical.from_codes(getattr(self, name), list(_CODED[name]))
            if name in _CODED
            else getattr(self, name)
            for name in _KINDS
        }
        return pd.DataFrame(columns)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> TransactionLog:
        """The reverse of ``to_frame``, and the way to write a small log by hand.

        Parameters
        ----------
        frame
            At least ``time``, ``customer`` and ``amount``; what else is missing is taken as: merchant 0,
            offline, country and category unknown, no fraud. Rows are put in the order of time.
        """
        for name in ("time", "customer", "amount"):
            if name not in frame:
                raise ValueError(f"the frame has no column {name!r}; it has {', '.join(map(str, frame.columns))}")
        frame = frame.sort_values("time", kind="stable")
        columns = {}
        for name, kind in _KINDS.items():
            if name not in frame:
                start = -1 if name in ("country", "category") else 0
                values = np.full(len(frame), start) if name != "transaction" else np.arange(len(frame))
            elif name in _CODED:
                given = frame[name]
                known = isinstance(given.dtype, pd.CategoricalDtype) and tuple(given.cat.categories) == _CODED[name]
                values = given.cat.codes if known else pd.Index(_CODED[name]).get_indexer(given.astype(object))
                strange = frame[name].notna().to_numpy() & (values < 0)
                if strange.any():
                    raise ValueError(f"{name} {frame[name].to_numpy()[strange][0]!r} is none of {_CODED[name]}")
            else:
                values = frame[name].to_numpy()
            columns[name] = np.asarray(values).astype(kind)
        if "is_fraud" not in frame:
            columns["is_fraud"] = columns["fraud_scenario"] > 0
        return cls(**columns)

    def plot(self) -> go.Figure:
        """Transactions a day, online and in shops."""
        dates, position = np.unique(self.date, return_inverse=True)
        figure = go.Figure(layout={"title": "하루 거래 건수", "xaxis_title": "날짜", "yaxis_title": "거래 건수"})
        for name, chosen in (("온라인", self.online), ("오프라인", ~self.online)):
            figure.add_scatter(x=dates, y=np.bincount(position[chosen], minlength=len(dates)), name=name)
        return figure


@dataclass(frozen=True, eq=False, repr=False)
class FraudWorld(ShortRepr):
    """A simulated card company: its transactions, its customers and merchants, and the planted truth."""

    log: TransactionLog
    """All transactions."""
    truth: tuple[Drift, ...]
    """Every planted change, complete with first day and magnitude; empty if the world is stable."""
    start: np.datetime64
    """First day."""
    days: int
    """Number of days."""
    seed: int
    """Seed it was made with."""
    home_country: np.ndarray
    """Where each customer lives, position in `COUNTRIES`, shape (customers,)."""
    usual_amount: np.ndarray
    """Each customer's usual amount in won, shape (customers,)."""
    online_rate: np.ndarray
    """Each customer's online purchases a day before any drift, shape (customers,)."""
    offline_rate: np.ndarray
    """The same for purchases in shops, shape (customers,)."""
    stay: np.ndarray
    """Country in which each customer is on each day, shape (customers, days)."""
    merchant_online: np.ndarray
    """Whether each merchant sells online, shape (merchants,)."""
    merchant_country: np.ndarray
    """Each merchant's country, shape (merchants,)."""
    merchant_category: np.ndarray
    """Each merchant's kind, shape (merchants,)."""

    def to_frame(self) -> pd.DataFrame:
        """One row per planted change: kind, start, magnitude, ramp, duration, features, concept."""
        names = ("kind", "start", "magnitude", "ramp_days", "duration", "features", "changes_concept")
        return pd.DataFrame([[getattr(drift, name) for name in names] for drift in self.truth], columns=list(names))

    def plot(self) -> go.Figure:
        """Transactions a day, online and in shops, with the planted changes marked."""
        figure = self.log.plot()
        for drift in self.truth:
            figure.add_vline(x=str(drift.start_date), line_dash="dot")
            figure.add_annotation(x=str(drift.start_date), y=1, yref="paper", text=_KOREAN[drift.kind], showarrow=False)
        return figure


_KOREAN = {
    "gradual": "점진적 변화",
    "seasonal": "연말 성수기",
    "covid": "코로나",
    "vanishing_feature": "피처가 사라짐",
}
