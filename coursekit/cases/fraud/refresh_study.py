"""What does each refresh policy cost, in won, when the pandemic comes and labels are a month late?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit.cases.fraud.covid_world import TRAINED_ON, ServedModel
from coursekit.cases.fraud.features import FeatureTable
from coursekit.cases.fraud.model import FraudModel
from coursekit.cases.fraud.money import Costs
from coursekit.monitoring.detectors import ADWIN, Alarms
from coursekit.monitoring.refresh import Backtest, OnDemand, RefreshPolicy, Scheduled, Triggered, backtest
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class RefreshCosts(ShortRepr):
    """Policies replayed on the same transactions, their bills in won."""

    runs: dict[str, Backtest]
    """Each policy's run: loss of each day (frauds paid out, honest payments refused), trainings."""
    shift_day: int
    """First day of the new world."""

    def to_frame(self) -> pd.DataFrame:
        """One row per policy: trainings, won lost, won for trainings, total, and what it spares beside the first."""
        frame = pd.DataFrame(
            {
                "policy": list(self.runs),
                "trainings": [len(run.starts) for run in self.runs.values()],
                "lost": [float(run.loss.sum()) for run in self.runs.values()],
                "retraining": [run.retrain_cost * len(run.starts) for run in self.runs.values()],
                "total": [run.cost for run in self.runs.values()],
            }
        )
        return frame.assign(spared=frame["total"].iloc[0] - frame["total"])

    def plot(self) -> go.Figure:
        """Bills over time: what each policy has cost so far, in units of ten thousand won."""
        title = "정책마다 쌓이는 비용 (점선: 변화)"
        figure = go.Figure(layout={"title": title, "xaxis_title": "날", "yaxis_title": "만원"})
        for name, run in self.runs.items():
            spent = run.loss + run.retrain_cost * np.isin(run.step, run.starts)
            figure.add_scatter(x=run.step, y=np.cumsum(spent) / 10_000, name=name)
        figure.add_vline(x=self.shift_day, line_dash="dot")
        return figure


class _Blocking(FraudModel):
    """A fraud model that learns from stolen won (0 for an honest payment) and refuses payments."""

    def __init__(
        self, *, kind: str = "boosting", honest_share: float = 0.1, random_state: int = 0, block_above: float = 0.3
    ):
        super().__init__(kind=kind, honest_share=honest_share, random_state=random_state)
        self.block_above = block_above

    def fit(self, X: ArrayLike | FeatureTable, y: ArrayLike) -> _Blocking:
        super().fit(X, np.asarray(y) > 0)
        return self

    def predict(self, X: ArrayLike | FeatureTable) -> np.ndarray:
        return self.scores(X) >= self.block_above


class _HearsErrors:
    """Hears of won, tells a detector of errors."""

    def __init__(self, detector: Any):
        self.detector = detector

    @property
    def drift_detected(self) -> bool:
        return self.detector.drift_detected

    def reset(self) -> None:
        self.detector.reset()

    def update(self, won: float) -> None:
        self.detector.update(float(won > 0))

    def update_many(self, won: np.ndarray) -> Alarms:
        return self.detector.update_many(won > 0)


def refresh_policies(served: ServedModel) -> dict[str, RefreshPolicy]:
    """The policies that a team argues about, for one company.

    "Retrain at once" sounds decisive and learns nothing: on the day of the shift no label of the
    new world exists. It is in the list because it is what people propose.

    Parameters
    ----------
    served
        The company with its model.

    Examples
    --------
    >>> from coursekit.cases.fraud import serve_before_shift
    >>> list(refresh_policies(serve_before_shift(customers=300, watched=10)))
    ['never', 'at once', 'monthly', 'weekly', 'shift + label delay + 14', 'triggered by errors']
    """
    shift, delay = served.shift_day, served.label_delay
    return {
        "never": OnDemand([]),
        "at once": OnDemand([shift]),
        "monthly": Scheduled(30, offset=served.first_day + 30),
        "weekly": Scheduled(7, offset=served.first_day + 7),
        "shift + label delay + 14": OnDemand([shift + delay + 14]),
        "triggered by errors": Triggered(_HearsErrors(ADWIN()), wait=7, min_interval=14),
    }


def refresh_costs(
    served: ServedModel,
    *,
    policies: Mapping[str, RefreshPolicy] | None = None,
    block_above: float = 0.3,
    train_duration: int = 1,
    costs: Costs | None = None,
) -> RefreshCosts:
    """Replay refresh policies on a company through the shift, and count won.

    Whether to retrain weekly is not a matter of taste: a training has a price, a stale model
    loses an amount a day, and labels that are a month late bound what any policy can do.

    A payment that scores ``block_above`` or more is refused. A day's loss is the amount of frauds that
    were paid out, plus the price of each honest payment refused. Models learn from the newest 75
    days whose labels are known when their training starts.

    Parameters
    ----------
    served
        The company, as `serve_before_shift` makes it.
    policies
        Policies by name, in days of ``served.day``; None takes `refresh_policies`.
    block_above
        Score from which a payment is refused, above 0.
    train_duration
        Days from the start of a training until its model serves.
    costs
        Prices; ``wrong_block`` and ``retraining`` are read.

    Raises
    ------
    ValueError
        If there is no policy, or block_above lies outside (0, 1].

    Examples
    --------
    >>> from coursekit.cases.fraud import serve_before_shift
    >>> from coursekit.monitoring.refresh import OnDemand
    >>> served = serve_before_shift(customers=400, watched=50)
    >>> bills = refresh_costs(served, policies={"never": OnDemand([]), "once": OnDemand([served.shift_day + 40])})
    >>> bills.to_frame()["trainings"].tolist()
    [0, 1]

    References
    ----------
    Mahadevan, Mathioudakis (2023). Cost-effective retraining of machine learning models. arXiv:2310.04216.
    """
    chosen = refresh_policies(served) if policies is None else dict(policies)
    if not chosen or not 0 < block_above <= 1:
        raise ValueError(f"give at least one policy and block_above in (0, 1]; got {len(chosen)} and {block_above}")
    price = costs or Costs()
    log = served.world.log

    def lost(stolen: np.ndarray, refused: np.ndarray) -> np.ndarray:
        return np.where(stolen > 0, np.where(refused, 0, stolen), np.where(refused, price.wrong_block, 0))

    runs = {
        name: backtest(
            _Blocking(random_state=served.world.seed, block_above=block_above),
            served.features.values,
            np.where(log.is_fraud, log.amount, 0),
            time=served.day,
            policy=policy,
            initial=served.first_day,
            train_duration=train_duration,
            label_delay=served.label_delay,
            retrain_cost=price.retraining,
            window=TRAINED_ON,
            loss=lost,
            changes=[served.shift_day],
        )
        for name, policy in chosen.items()
    }
    return RefreshCosts(runs, served.shift_day)
