"""Which of several models is better, and is the difference more than luck?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.modeling.evaluation._figures import interval_figure, interval_trace
from coursekit.modeling.evaluation._metrics import METRIC_TITLES, METRICS, check_metric
from coursekit.modeling.evaluation._resampling import check_confidence, group_codes, jackknife, resampled_counts
from coursekit.modeling.evaluation.intervals import Interval
from coursekit.modeling.evaluation.report import ClassificationReport
from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(ShortRepr):
    """Several models measured on the same rows, side by side.

    Examples
    --------
    >>> from coursekit.modeling.evaluation import evaluate
    >>> truth = ["a", "a", "b", "b"]
    >>> ladder = compare({"always a": evaluate(truth, ["a"] * 4), "perfect": evaluate(truth, truth)})
    >>> ladder.to_frame()["accuracy"].to_dict()
    {'always a': 0.5, 'perfect': 1.0}
    """

    reports: Mapping[str, ClassificationReport]
    """Report of each model, in the order given."""
    extra: Mapping[str, Mapping[str, object]]
    """Further columns of the table: column name to model name to value."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models, in the order given."""
        return tuple(self.reports)

    def to_frame(self) -> pd.DataFrame:
        """One row per model: accuracy and macro-F1 with their ends, then the extra columns."""
        rows = {}
        for name, report in self.reports.items():
            row: dict[str, object] = {}
            for metric in METRICS:
                interval: Interval = getattr(report, metric)
                row |= {metric: interval.estimate, f"{metric}_low": interval.low, f"{metric}_high": interval.high}
            rows[name] = row | {column: values.get(name) for column, values in self.extra.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")

    def plot(self, *, metric: Literal["accuracy", "macro_f1"] = "accuracy") -> go.Figure:
        """One metric of every model with its interval.

        Parameters
        ----------
        metric
            ``"accuracy"`` or ``"macro_f1"``.

        Raises
        ------
        ValueError
            If the metric is unknown.
        """
        check_metric(metric)
        intervals = [getattr(report, metric) for report in self.reports.values()]
        title = METRIC_TITLES[metric]
        return interval_figure(self.names, intervals, title=f"모델별 {title}", x_title=title)

    def slices_to_frame(self) -> pd.DataFrame:
        """Accuracy of every model (columns) on every slice (rows)."""
        return pd.DataFrame(
            {name: report.slices.to_frame()["accuracy"] for name, report in self.reports.items() if report.slices}
        )

    def plot_slices(self) -> go.Figure:
        """Accuracy of every model on every slice, with intervals."""
        figure = go.Figure(layout={"title": "모델과 슬라이스별 정확도", "xaxis_title": "정확도"})
        for name, report in self.reports.items():
            if report.slices is not None:
                figure.add_trace(interval_trace(report.slices.names, report.slices.accuracy, label=name))
        # models of one slice stand below each other instead of on one line
        figure.update_layout(scattermode="group", scattergap=0.3, yaxis_autorange="reversed", xaxis_rangemode="normal")
        return figure

    def difference(self, a: str, b: str, *, metric: Literal["accuracy", "macro_f1"] = "accuracy") -> Interval:
        """Metric of model a minus that of model b, on the same resampled rows.

        Parameters
        ----------
        a, b
            Names of two models.
        metric
            ``"accuracy"`` or ``"macro_f1"``.

        Raises
        ------
        KeyError
            If a name is unknown.
        """
        for name in (a, b):
            if name not in self.reports:
                raise KeyError(f"no model {name!r}; there are {', '.join(self.names)}")
        return paired_difference(self.reports[a], self.reports[b], metric=metric)


def compare(
    reports: Mapping[str, ClassificationReport], *, extra: Mapping[str, Mapping[str, object]] | None = None
) -> Comparison:
    """Put the reports of several models on the same rows side by side.

    A ladder from the simplest baseline upwards shows what each step buys, and the extra
    columns (latency, size, training time) what it costs.

    Parameters
    ----------
    reports
        Model name to its report; all on the same rows.
    extra
        Column name to (model name to value), for columns beside the scores.

    Raises
    ------
    ValueError
        If there is no report, the rows differ, or extra names an unknown model.

    Examples
    --------
    >>> from coursekit.modeling.evaluation import evaluate
    >>> truth = ["a", "a", "b", "b"]
    >>> reports = {"always a": evaluate(truth, ["a"] * 4), "perfect": evaluate(truth, truth)}
    >>> compare(reports, extra={"ms": {"always a": 0.1, "perfect": 7.0}}).to_frame()["ms"].tolist()
    [0.1, 7.0]
    """
    if not reports:
        raise ValueError("give at least one report, as {'model name': evaluate(...)}")
    first_name, first = next(iter(reports.items()))
    for name, report in reports.items():
        _check_same_rows(first, report, first_name, name)
    for column, values in (extra or {}).items():
        unknown = [name for name in values if name not in reports]
        if unknown:
            raise ValueError(f"extra[{column!r}] names the model {unknown[0]!r}, which has no report")
    return Comparison(dict(reports), dict(extra or {}))


def paired_difference(
    report_a: ClassificationReport,
    report_b: ClassificationReport,
    *,
    metric: Literal["accuracy", "macro_f1"] = "accuracy",
    n_boot: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    r"""Bootstrap the difference of two models on the same rows.

    Two overlapping intervals do not mean that two models tie: both fail on the same hard
    rows, and that shared luck cancels in the difference. Resampling rows for both models
    together keeps it:
    :math:`\Delta^*_b = m(\text{rows}^*_b, \text{a}) - m(\text{rows}^*_b, \text{b})` (BCa, as in
    `evaluate`).

    Parameters
    ----------
    report_a
        Report of the one model.
    report_b
        Report of the other, on the same rows.
    metric
        ``"accuracy"`` or ``"macro_f1"``.
    n_boot
        Bootstrap samples.
    confidence
        Coverage of the interval, between 0 and 1.
    seed
        Seed of the bootstrap.

    Returns
    -------
    difference
        Metric of a minus metric of b; an interval that holds 0 leaves the question open.

    Raises
    ------
    ValueError
        If the reports are not on the same rows, or an option is out of range.

    Examples
    --------
    >>> from coursekit.modeling.evaluation import evaluate
    >>> truth = ["a", "b"] * 50
    >>> good, bad = evaluate(truth, truth), evaluate(truth, ["a"] * 100)
    >>> print(paired_difference(good, bad))
    0.500 [0.390, 0.600]
    """
    check_metric(metric)
    check_confidence(confidence)
    if n_boot < 1:
        raise ValueError(f"n_boot must be at least 1, got {n_boot}")
    _check_same_rows(report_a, report_b, "report_a", "report_b")
    score = METRICS[metric]
    labels = sorted({*report_a.labels, *report_b.labels})
    position = {label: index for index, label in enumerate(labels)}
    triples = np.array(
        [
            [position[label] for label in row]
            for row in zip(report_a.y_true.tolist(), report_a.y_pred.tolist(), report_b.y_pred.tolist(), strict=True)
        ]
    )
    # a cell is (true, answer of a, answer of b); few of the K^3 cells ever occur
    kinds, cells = np.unique(triples, axis=0, return_inverse=True)
    cells, groups = cells.ravel(), group_codes(report_a.groups, len(triples))
    counts = resampled_counts(cells, len(kinds), groups=groups, n_boot=n_boot, rng=np.random.default_rng(seed))
    observed = np.bincount(cells, minlength=len(kinds))[None]

    def difference(table: np.ndarray) -> np.ndarray:
        sides = []
        for answer in (1, 2):
            flat = np.zeros((len(labels) ** 2, len(table)))
            np.add.at(flat, kinds[:, 0] * len(labels) + kinds[:, answer], table.T)
            sides.append(score(flat.T.reshape(-1, len(labels), len(labels))))
        return sides[0] - sides[1]

    left_out, weights = jackknife(difference, cells, len(kinds), groups=groups)
    return Interval.from_replicates(
        float(difference(observed)[0]), difference(counts), left_out=left_out, weights=weights, confidence=confidence
    )


def _check_same_rows(a: ClassificationReport, b: ClassificationReport, name_a: str, name_b: str) -> None:
    if not np.array_equal(a.y_true, b.y_true):
        raise ValueError(
            f"{name_a!r} and {name_b!r} were not evaluated on the same rows (y_true differs); "
            "predict one test set with every model"
        )
    groups = (None if report.groups is None else report.groups.tolist() for report in (a, b))
    if len({str(group) for group in groups}) > 1:
        raise ValueError(f"{name_a!r} and {name_b!r} were evaluated with different groups; pass the same to both")
