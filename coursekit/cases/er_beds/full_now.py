"""Where a forecast knows nothing: which of the full emergency rooms will take a patient soon?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit._number_checks import check_number, check_whole
from coursekit.cases.er_beds._auc import auc
from coursekit.cases.er_beds.features import point_in_time_features
from coursekit.cases.er_beds.hospitals import single
from coursekit.cases.er_beds.model import AvailabilityModel
from coursekit.cases.er_beds.simulation import simulate
from coursekit.modeling.evaluation import Interval, bootstrap_interval
from coursekit.short_repr import ShortRepr

_STAY_FEATURES = ("oldest_stay_hours", "mean_stay_hours", "stays_over_12h")


@dataclass(frozen=True, eq=False, repr=False)
class FullNowReport(ShortRepr):
    """How well the ages of stays tell which full emergency room will take a patient soon."""

    auc: Interval
    """Area under the ROC curve on the second half; whole days are drawn."""
    n: int
    """Moments at which no bed was left."""
    accepted: float
    """Share of them after which a patient would have been let in."""
    false_positive_rate: np.ndarray
    """Of the ROC curve."""
    true_positive_rate: np.ndarray
    """Of the ROC curve."""

    def to_frame(self) -> pd.DataFrame:
        """The ROC curve."""
        return pd.DataFrame(
            {"false_positive_rate": self.false_positive_rate, "true_positive_rate": self.true_positive_rate}
        )

    def plot(self) -> go.Figure:
        """The ROC curve beside the diagonal of a coin."""
        title = f"지금 가득 찬 응급실에서 체류 시간이 알려 주는 것 (AUC {self.auc.estimate:.2f})"
        figure = go.Figure(layout={"title": title, "height": 420})
        figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line_dash="dot", name="동전 던지기")
        figure.add_scatter(x=self.false_positive_rate, y=self.true_positive_rate, mode="lines", name="체류 시간 모델")
        figure.update_xaxes(title="거짓 양성률").update_yaxes(title="재현율")
        return figure


def full_now_study(
    shape: str,
    *,
    mean_stay_hours: float = 6.7,
    beds: int = 30,
    utilisation: float = 1.0,
    horizon_minutes: float = 20,
    days: int = 400,
    seed: int = 0,
) -> FullNowReport:
    r"""Among the moments at which an emergency room is full, do the ages of stays tell which will have a bed?

    "The patient in bed 7 has been here for ten hours, so bed 7 will be free soon" sounds like a feature. If
    stays have no memory, :math:`P(S > t + s \mid S > t) = P(S > s)`, it is none, and no model makes one of
    it. It helps only where stays are nearly fixed.

    A model learns on the first half of the days from the ages of stays, and is judged on the second.

    Parameters
    ----------
    shape
        Shape of the stay, one of `STAY_SHAPES`.
    mean_stay_hours
        Mean stay.
    beds
        Beds.
    utilisation
        Offered load over beds.
    horizon_minutes
        Minutes until the next patient arrives.
    days
        Days to simulate, looked at every 10 minutes.
    seed
        Seed of the world.

    Raises
    ------
    ValueError
        If a name is unknown, a number out of range, or the room is never full in one of the halves.

    Examples
    --------
    >>> report = full_now_study("exponential", days=200)
    >>> abs(report.auc.estimate - 0.5) < 0.05
    True
    """
    from sklearn.metrics import roc_curve

    check_number("full_now_study", "utilisation", utilisation, above=True)
    check_number("full_now_study", "horizon_minutes", horizon_minutes)
    check_whole("full_now_study", "beds", beds, low=1)
    check_whole("full_now_study", "days", days, low=2)
    room = single(beds=beds, load=utilisation * beds, mean_stay_hours=mean_stay_hours, shape=shape)
    log = simulate(room, days=days, seed=seed)
    times = log.every(10, horizon_minutes=horizon_minutes)
    full = times[log.beds_left(times)[:, 0] <= 0]
    accepted = log.accepts(full, horizon_minutes=horizon_minutes)[:, 0]
    features = point_in_time_features(log, full)
    learned = features.time < log.start + np.timedelta64(86_400 * (days // 2), "s")
    for half, which in ((learned, "first"), (~learned, "second")):
        if len(set(accepted[half].tolist())) < 2:
            raise ValueError(
                f"full_now_study: in the {which} half the {int(half.sum())} full moments do not end both ways; "
                "give more days or another utilisation"
            )
    model = AvailabilityModel(features=_STAY_FEATURES, random_state=seed)
    model.fit(features.rows(learned), accepted[learned])
    truth, probability = accepted[~learned], model.predict_proba(features.rows(~learned))
    day = features.time[~learned].astype("datetime64[D]")
    rates = roc_curve(truth, probability)
    return FullNowReport(
        auc=bootstrap_interval(auc, truth, probability, groups=day, n_boot=200, seed=seed),
        n=truth.size,
        accepted=float(truth.mean()),
        false_positive_rate=rates[0],
        true_positive_rate=rates[1],
    )
