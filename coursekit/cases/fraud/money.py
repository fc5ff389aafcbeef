"""What a fraud policy is worth, in won."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit.cases.fraud.labels import top_cards
from coursekit.cases.fraud.model import _checked
from coursekit.cases.fraud.world import TransactionLog
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True)
class Costs:
    """What calls and mistakes cost, in won."""

    investigation: float = 5_000.0
    """One card that an investigator looks at: a quarter of an hour."""
    wrong_block: float = 10_000.0
    """One honest payment refused: an angry call, a customer who takes another card next time."""
    recovery: float = 0.7
    """Share of a day's fraud on a card that is won back when the card is investigated, 0 to 1."""
    retraining: float = 300_000.0
    """One training of the model: computing, validation, release."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (np.isfinite(value) and value >= 0) or (field.name == "recovery" and value > 1):
                raise ValueError(f"{field.name} must be a cost of 0 or more (recovery: 0 to 1), got {value}")


@dataclass(frozen=True, eq=False, repr=False)
class PolicyValue(ShortRepr):
    """What a policy saved and cost on each day, in won."""

    date: np.ndarray
    """Days, datetime64[D], shape (days,)."""
    fraud: np.ndarray
    """Amount of all frauds tried."""
    blocked_fraud: np.ndarray
    """Saved by refusing the payment."""
    recovered_fraud: np.ndarray
    """Saved by investigating the card."""
    investigations: np.ndarray
    """Cost of the cards looked at."""
    wrong_blocks: np.ndarray
    """Cost of honest payments refused."""

    @property
    def value(self) -> np.ndarray:
        """Saved less spent, each day."""
        return self.blocked_fraud + self.recovered_fraud - self.investigations - self.wrong_blocks

    @property
    def total(self) -> float:
        """Saved less spent, over all days."""
        return float(self.value.sum())

    def to_frame(self) -> pd.DataFrame:
        """One row per day."""
        return pd.DataFrame({field.name: getattr(self, field.name) for field in fields(self)} | {"value": self.value})

    def plot(self) -> go.Figure:
        """What the policy is worth each day, in units of ten thousand won."""
        figure = go.Figure(layout={"title": "정책의 하루 가치", "xaxis_title": "날짜", "yaxis_title": "만원"})
        figure.add_scatter(x=self.date, y=self.value / 10_000, name="정책의 가치")
        figure.add_scatter(x=self.date, y=self.fraud / 10_000, name="사기 시도 금액", line_dash="dot")
        return figure


def policy_value(
    log: TransactionLog,
    scores: ArrayLike,
    *,
    budget: int = 100,
    block_above: float | None = None,
    costs: Costs | None = None,
) -> PolicyValue:
    r"""Put a price on a model: frauds stopped, less calls made and honest customers refused.

    Nobody is paid for AUC. A model that drifts loses money on a particular day, and whether
    retraining pays is a question of that money against the cost of retraining.

    Payments that score at least ``block_above`` are refused; each day, the ``budget`` cards that score
    highest among the remaining payments are investigated. With fraud amounts :math:`a_i`, value =
    :math:`\sum_{\text{blocked}} a_i + r \sum_{\text{investigated}} a_i - c_I\,\#\text{cards} -
    c_B\,\#\text{honest blocked}`.

    Parameters
    ----------
    log
        Transactions.
    scores
        Score of each, shape (n,).
    budget
        Cards investigated each day, 0 or more.
    block_above
        Score from which a payment is refused; None refuses none.
    costs
        Prices; None takes ``Costs()``.

    Raises
    ------
    ValueError
        If the scores do not fit the log, or the budget is negative.

    Examples
    --------
    >>> import pandas as pd
    >>> log = TransactionLog.from_frame(pd.DataFrame({
    ...     "time": pd.to_datetime(["2020-01-01 09:00", "2020-01-01 10:00", "2020-01-01 11:00"]),
    ...     "customer": [1, 2, 3], "amount": [50_000, 30_000, 20_000], "is_fraud": [True, True, False]}))
    >>> policy_value(log, [0.95, 0.6, 0.1], budget=1, block_above=0.9).total  # 50,000 + 0.7 x 30,000 - 5,000
    66000.0

    References
    ----------
    Bahnsen, Aouada, Stojanovic, Ottersten (2016). Feature engineering strategies for credit card
    fraud detection. Expert Systems with Applications.
    """
    values = _checked(log, scores)
    if budget < 0:
        raise ValueError(f"budget must be 0 cards a day or more, got {budget}")
    price = costs or Costs()
    blocked = np.zeros(len(log), bool) if block_above is None else values >= block_above
    stolen = np.where(log.is_fraud, log.amount, 0)
    dates, first = np.unique(log.date, return_index=True)
    rows = []
    for low, high in zip(first, [*first[1:], len(log)], strict=True):
        refused, customer = blocked[low:high], log.customer[low:high]
        cards = top_cards(customer[~refused], values[low:high][~refused], budget)
        seen = np.isin(customer, cards) & ~refused
        amount = stolen[low:high]
        honest = int((refused & ~log.is_fraud[low:high]).sum())
        rows.append(
            (
                amount.sum(),
                amount[refused].sum(),
                price.recovery * amount[seen].sum(),
                price.investigation * cards.size,
                price.wrong_block * honest,
            )
        )
    return PolicyValue(dates, *np.array(rows, dtype=float).T)
