"""A model judged by people who see every part as well, and who are not the truth either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit._number_checks import check_whole
from coursekit.cases.inspection.human import check_part
from coursekit.modeling.evaluation import Interval, wilson_interval


@dataclass(frozen=True)
class ShadowReport:
    """A model's recall and precision from a shadow run, taking people for the truth, and correcting for them."""

    recall_against_human: Interval
    """Share of the parts that people rejected that the model rejected too."""
    precision_against_human: Interval
    """Share of the parts that the model rejected that people rejected too."""
    recall: Interval
    """Recall on defects, corrected for people's mistakes."""
    precision: Interval
    """Precision on defects, corrected for people's mistakes."""
    defect_rate: Interval
    """Share of defects among the parts, corrected."""

    def to_frame(self) -> pd.DataFrame:
        """One row a number: estimate and interval."""
        rows = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return pd.DataFrame(
            {name: {"estimate": it.estimate, "low": it.low, "high": it.high} for name, it in rows.items()}
        ).T.rename_axis("figure")

    def plot(self) -> go.Figure:
        """Both recalls and both precisions with their intervals."""
        rows = {
            "재현율 (사람을 정답으로)": self.recall_against_human,
            "재현율 (사람의 실수를 바로잡음)": self.recall,
            "정밀도 (사람을 정답으로)": self.precision_against_human,
            "정밀도 (사람의 실수를 바로잡음)": self.precision,
        }
        figure = go.Figure()
        figure.add_scatter(
            x=[it.estimate for it in rows.values()],
            y=list(rows),
            mode="markers",
            error_x={
                "array": [it.high - it.estimate for it in rows.values()],
                "arrayminus": [it.estimate - it.low for it in rows.values()],
            },
        )
        figure.update_layout(title="섀도 배포에서 잰 모델", showlegend=False, height=320)
        figure.update_xaxes(tickformat=".0%", range=[0, 1.02])
        figure.update_yaxes(autorange="reversed")
        return figure


def shadow_report(
    verdicts: ArrayLike,
    *,
    human_recall: float,
    human_false_reject_rate: float,
    confidence: float = 0.95,
    n_boot: int = 2_000,
    seed: int = 0,
) -> ShadowReport:
    r"""Measure a model against people without taking people for the truth.

    At 2% defects and 1% false rejects a third of what people reject is good, and a model that rightly passes
    it is charged with misses. With :math:`n_{mh}` parts by the verdicts of model and human, and people's
    recall :math:`h` and false-reject rate :math:`f` known from parts whose truth was prepared, mistakes that
    are independent given the truth leave

    .. math:: \text{recall} = \frac{n_{11} - f\,n_{1\cdot}}{n_{\cdot 1} - f\,n}, \qquad
              \text{precision} = \frac{n_{11} - f\,n_{1\cdot}}{(h - f)\,n_{1\cdot}}, \qquad
              \text{defect rate} = \frac{n_{\cdot 1} - f\,n}{(h - f)\,n}

    Recall does not even need :math:`h`. Where rejected parts are taken apart and false rejects struck out,
    give 0 for :math:`f`. Faint defects that both miss make mistakes dependent, and the recall too high: then only
    a truth of another kind helps, such as a gauge.

    Intervals of the raw shares are Wilson's, of the corrected ones from a bootstrap of the four counts.

    Parameters
    ----------
    verdicts
        Counts ``[[neither rejects, human only], [model only, both]]``, ``(2, 2)``.
    human_recall
        Recall of the people.
    human_false_reject_rate
        Share of the good parts that they reject, below their recall.
    confidence
        Coverage aimed at, between 0 and 1.
    n_boot
        Bootstrap samples.
    seed
        Seed of the drawing.

    Raises
    ------
    ValueError
        If the counts are no (2, 2) of whole numbers, nobody rejects anything, or people are no better than chance.

    Examples
    --------
    >>> report = shadow_report([[9_622, 168], [82, 128]], human_recall=0.95, human_false_reject_rate=0.01)
    >>> f"{report.recall_against_human:.0%}", f"{report.recall:.0%}"
    ('43% [38%, 49%]', '64% [56%, 74%]')

    References
    ----------
    Rogan, Gladen (1978). Estimating prevalence from the results of a screening test. American Journal of
    Epidemiology 107. Staquet, Rozencweig, Lee, Muggia (1981). Methodology for the assessment of new dichotomous
    diagnostic tests. Journal of Chronic Diseases 34.
    """
    counts = np.asarray(verdicts)
    if counts.shape != (2, 2) or not np.all(np.isfinite(counts)) or np.any(counts < 0) or np.any(counts % 1):
        raise ValueError("shadow_report: verdicts must be (2, 2) whole numbers of at least 0, model by human")
    counts = counts.astype(np.int64)
    h = check_part("shadow_report", "human_recall", human_recall)
    f = check_part("shadow_report", "human_false_reject_rate", human_false_reject_rate)
    if h <= f:
        raise ValueError("shadow_report: human_recall must be above human_false_reject_rate")
    if not counts[1].sum() or not counts[:, 1].sum():
        raise ValueError("shadow_report: model and human must each have rejected something")
    n_boot = check_whole("shadow_report", "n_boot", n_boot, low=100)
    n = int(counts.sum())
    drawn = np.random.default_rng(seed).multinomial(n, counts.ravel() / n, size=n_boot).reshape(-1, 2, 2)
    estimates, spread = _corrected(counts[None], h, f)[:, 0], _corrected(drawn, h, f)
    recall, precision, rate = (
        Interval.from_replicates(float(value), row[np.isfinite(row)], confidence=confidence)
        for value, row in zip(estimates, spread, strict=True)
    )
    both = int(counts[1, 1])
    return ShadowReport(
        recall_against_human=wilson_interval(both, int(counts[:, 1].sum()), confidence=confidence),
        precision_against_human=wilson_interval(both, int(counts[1].sum()), confidence=confidence),
        recall=recall,
        precision=precision,
        defect_rate=rate,
    )


def _corrected(counts: np.ndarray, h: float, f: float) -> np.ndarray:
    """Recall, precision, defect rate, ``(3, samples)``; shares are cut to [0, 1]."""
    n = counts.sum(axis=(1, 2))
    model, human, both = counts[:, 1].sum(axis=1), counts[:, :, 1].sum(axis=1), counts[:, 1, 1]
    excess = human - f * n
    with np.errstate(divide="ignore", invalid="ignore"):
        recall = np.where(excess > 0, (both - f * model) / excess, np.nan)
        precision = (both - f * model) / ((h - f) * model)
    return np.clip([recall, precision, excess / ((h - f) * n)], 0, 1)
