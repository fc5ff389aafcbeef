"""If training takes two weeks, is a model updated every two weeks?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from coursekit._number_checks import check_whole
from coursekit.monitoring.refresh.policies import Scheduled
from coursekit.monitoring.refresh.simulation import RefreshSimulation, simulate
from coursekit.monitoring.refresh.staleness import LinearStaleness
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class UpdateFrequency(ShortRepr):
    """The age of the serving model over time, for several intervals between starts of training."""

    runs: dict[int, RefreshSimulation]
    """Interval in steps -> run with overlapping trainings, after its warm-up in the steady state."""
    train_duration: int
    """Steps from the start of a training until its model serves."""
    label_delay: int
    """Steps from a prediction to its label."""
    horizon: int
    """Steps that the figure shows."""

    @property
    def floor(self) -> int:
        """Age of a model on the day of its delivery; no interval gets below."""
        return self.train_duration + self.label_delay

    def to_frame(self) -> pd.DataFrame:
        """One row per interval: floor, mean and oldest age, trainings at once, whether one at a time would do."""
        return pd.DataFrame(
            [
                {
                    "interval": interval,
                    "floor_age": self.floor,
                    "mean_age": run.mean_age,
                    "oldest_age": run.max_age + 0.5,
                    "trainings_at_once": int(run.trainings[run.warm_up :].max()),
                    "one_at_a_time": interval >= self.train_duration,
                }
                for interval, run in self.runs.items()
            ]
        )

    def plot(self) -> go.Figure:
        """Saw teeth above the same floor, one panel per interval."""
        table = self.to_frame()
        titles = [
            f"{row.interval}일마다 시작: 평균 나이 {row.mean_age:.1f}일, 동시에 도는 학습 {row.trainings_at_once}개"
            for row in table.itertuples()
        ]
        height = 130 + 140 * len(titles)
        spacing = min(0.09, 63 / height)  # room for a title, however many panels there are
        figure = make_subplots(len(titles), 1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=spacing)
        top = 1.08 * table["oldest_age"].max()
        for row, run in enumerate(self.runs.values(), start=1):
            x, y = _saw(run, self.horizon)
            figure.add_scatter(x=x, y=y, mode="lines", showlegend=False, row=row, col=1)
            figure.add_hline(y=self.floor, line_dash="dash", line_width=1, row=row, col=1)
            figure.update_yaxes(range=[0, top], row=row, col=1)
        figure.update_xaxes(title_text="시간 (일)", row=len(titles), col=1)
        figure.update_layout(
            title=f"학습에 {self.train_duration}일이 걸릴 때 서빙하는 모델의 나이(일)"
            f"<br><sub>점선: 학습 {self.train_duration}일 + 레이블 지연 {self.label_delay}일 = {self.floor}일. "
            "아무리 자주 시작해도 이보다 젊어지지 않습니다.</sub>",
            height=height,
            margin_t=110,
        )
        return figure


def update_frequency(
    train_duration: int = 14,
    *,
    label_delay: int = 0,
    intervals: Sequence[int] = (1, 7, 14, 28),
    horizon: int = 84,
) -> UpdateFrequency:
    r"""Show what training time does, and does not do, to how often a model can be updated.

    "Training takes two weeks, so we update every two weeks" confuses how long with how often. A
    bakery whose bread takes three hours sells fresh bread every ten minutes: it has many ovens.
    With :math:`\lceil t_t / T \rceil` trainings running at once a model of two weeks' training is
    replaced every day. What the training time does fix is the youngest age.

    Age runs from :math:`t_t + t_l` on the day of delivery to :math:`t_t + t_l + T`, in the mean
    :math:`t_t + t_l + T/2`. One training at a time allows :math:`T \ge t_t` only.

    Parameters
    ----------
    train_duration
        Days from the start of a training until its model serves.
    label_delay
        Days from a prediction to its label.
    intervals
        Days between starts to compare, each at least 1.
    horizon
        Days to show.

    Raises
    ------
    ValueError
        If a number is negative or not whole, or no interval is given.

    Examples
    --------
    >>> update_frequency(14).to_frame()[["interval", "mean_age", "trainings_at_once", "one_at_a_time"]]
       interval  mean_age  trainings_at_once  one_at_a_time
    0         1      14.5                 14          False
    1         7      17.5                  2          False
    2        14      21.0                  1           True
    3        28      28.0                  1           True

    References
    ----------
    Huyen (2022). Designing Machine Learning Systems. O'Reilly, chapter 9.
    """
    duration = check_whole("update_frequency", "train_duration", train_duration)
    delay = check_whole("update_frequency", "label_delay", label_delay)
    shown = check_whole("update_frequency", "horizon", horizon, low=1)
    lengths = sorted({check_whole("update_frequency", "each interval", interval, low=1) for interval in intervals})
    if not lengths:
        raise ValueError("update_frequency: give at least one interval, for example intervals=(1, 7, 14)")
    runs = {}
    for interval in lengths:
        settled = -(-(duration + 1) // interval) * interval  # whole intervals, past the first delivery
        runs[interval] = simulate(
            Scheduled(interval),
            staleness=LinearStaleness(1.0),
            train_duration=duration,
            label_delay=delay,
            horizon=settled + -(-shown // interval) * interval,  # whole intervals, or the mean is off
            warm_up=settled,
        )
    return UpdateFrequency(runs, duration, delay, shown)


def _saw(run: RefreshSimulation, horizon: int) -> tuple[list[float], list[float]]:
    """The age as a line: it grows by a step a step and falls where a model is delivered."""
    x: list[float] = []
    y: list[float] = []
    for step in range(run.warm_up, run.warm_up + horizon):
        x += [step - run.warm_up, step + 1 - run.warm_up]
        y += [run.age[step] - 0.5, run.age[step] + 0.5]
    return x, y
