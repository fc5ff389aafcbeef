"""The situation of the studies: a model in service, labels a month late, and then the pandemic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coursekit.cases.fraud.drift import Drift
from coursekit.cases.fraud.features import FeatureTable, point_in_time_features
from coursekit.cases.fraud.labels import LabelDelay, collect_labels
from coursekit.cases.fraud.model import FraudModel
from coursekit.cases.fraud.simulation import simulate
from coursekit.cases.fraud.world import FraudWorld
from coursekit.short_repr import ShortRepr

TRAINED_ON = 75
"""Days of matured labels that the model in service has learnt from."""
QUIET = 45
"""Days it serves before the shift."""


@dataclass(frozen=True, eq=False, repr=False)
class ServedModel(ShortRepr):
    """A card company shortly before the shift, with the model that it runs."""

    world: FraudWorld
    """The simulated company."""
    features: FeatureTable
    """Features of all its transactions, with the same label delay."""
    model: FraudModel
    """The model in service, trained on what was known on its first day."""
    day: np.ndarray
    """Day of each transaction, from 0, shape (n,)."""
    first_day: int
    """First day of service."""
    shift_day: int
    """First day of the new world."""
    label_delay: int
    """Days until a label is known."""

    @property
    def trained_on(self) -> np.ndarray:
        """Mask of the transactions that the model learnt from."""
        last = self.first_day - self.label_delay
        return (self.day >= last - TRAINED_ON) & (self.day < last)


def serve_before_shift(
    *,
    customers: int = 2_000,
    label_delay: int = 30,
    watched: int = 75,
    magnitude: float = 3.0,
    seed: int = 0,
) -> ServedModel:
    """Simulate a company whose model has served for 45 days when online purchases multiply overnight.

    Detectors and refresh policies are compared on one and the same situation: features, labels and
    the first model all know only what the company could know on the day.

    Parameters
    ----------
    customers
        Number of customers; there are twice as many merchants.
    label_delay
        Days until a label is known.
    watched
        Days after the shift.
    magnitude
        How many times as many online purchases.
    seed
        Seed of the world.

    Raises
    ------
    ValueError
        If a number is too small.

    Examples
    --------
    >>> served = serve_before_shift(customers=300, watched=10)
    >>> str(served.world.truth[0].start), served.shift_day - served.first_day
    ('2020-02-01', 45)
    """
    if label_delay < 0 or watched < 1 or customers < 100:
        raise ValueError(
            f"need label_delay >= 0, watched >= 1 and customers >= 100 (fewer have too little fraud to learn "
            f"from), got {label_delay}, {watched} and {customers}"
        )
    warm_up = 60  # days until the longest feature has its whole past
    first_day = warm_up + TRAINED_ON + label_delay
    shift_day = first_day + QUIET
    shift = np.datetime64("2020-02-01")
    world = simulate(
        customers=customers,
        merchants=2 * customers,
        days=shift_day + watched,
        start=(shift - shift_day).astype(object),
        scenario=Drift("covid", start=shift.astype(object), magnitude=magnitude),
        seed=seed,
    )
    log = world.log
    features = point_in_time_features(log, labels=collect_labels(log, delay=LabelDelay(label_delay)))
    day = (log.date - world.start).astype(np.int64)
    model = FraudModel(random_state=seed)
    served = ServedModel(world, features, model, day, first_day, shift_day, label_delay)
    rows = served.trained_on
    model.fit(features.values[rows], log.is_fraud[rows])
    return served
