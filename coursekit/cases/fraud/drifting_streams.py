"""Small streams with a scripted change: the errors of a model, and two windows of its features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy.special import ndtr

from coursekit.short_repr import ShortRepr

ERROR_KINDS = ("none", "sudden", "gradual", "recurring")
"""Kinds of drift that ``error_stream`` makes."""
FEATURE_KINDS = ("none", "mean_shift", "spread", "category_mix", "missing")
"""Kinds of change that ``feature_stream`` makes."""

_NUMERIC = {
    "amount": lambda z: np.exp(10.0 + 0.7 * z),
    "amount_ratio": lambda z: np.exp(0.5 * z),
    "balance": lambda z: 1_000_000 + 250_000 * z,
    "hours_since_last": lambda z: -12 * np.log(ndtr(-z)),
    "online_share": lambda z: ndtr(0.8 * z),
    "count_7d": lambda z: np.floor(np.exp(2.6 + 0.5 * z)),
    "merchant_age_days": lambda z: 400 + 120 * z,
    "latency_ms": lambda z: 20 + np.exp(2.0 + 0.4 * z),
}
_CATEGORICAL = {
    "country": (("KR", "JP", "US", "CN", "VN"), (0.82, 0.06, 0.05, 0.04, 0.03)),
    "category": (("grocery", "restaurant", "shopping", "transport", "travel"), (0.30, 0.26, 0.22, 0.14, 0.08)),
    "device": (("android", "ios", "web"), (0.55, 0.30, 0.15)),
    "card_tier": (("basic", "gold", "platinum"), (0.68, 0.25, 0.07)),
}
_MAGNITUDE = {"none": 0.0, "mean_shift": 0.5, "spread": 1.8, "category_mix": 0.2, "missing": 1.0}


@dataclass(frozen=True, eq=False, repr=False)
class ErrorStream(ShortRepr):
    """The errors of a model, one element a prediction, and where its error rate really changed."""

    values: np.ndarray
    """1 where the model erred, 0 where it was right, int8."""
    rate: np.ndarray
    """Probability of an error at each element: the truth."""
    changes: tuple[int, ...]
    """Positions of the first element under a new rate, ascending; where a gradual change begins."""
    kind: str
    """Which of `ERROR_KINDS`."""

    @property
    def rises(self) -> tuple[int, ...]:
        """The changes that made the model worse; a recurring stream also gets better again."""
        return self.changes[::2]

    def to_frame(self) -> pd.DataFrame:
        """One row per element: error, rate."""
        return pd.DataFrame({"error": self.values, "rate": self.rate})

    def plot(self) -> go.Figure:
        """Moving share of errors beside the true rate, changes marked."""
        window = max(1, min(100, self.values.size // 10))
        share = np.convolve(self.values, np.ones(window) / window, mode="valid")
        figure = go.Figure(layout={"title": "오류율", "xaxis_title": "흐름에서의 위치", "yaxis_title": "오류율"})
        figure.add_scatter(x=np.arange(window - 1, self.values.size), y=share, name=f"최근 {window}건의 오류율")
        figure.add_scatter(y=self.rate, name="참값", line_dash="dash")
        for change in self.changes:
            figure.add_vline(x=change, line_dash="dot")
        return figure


@dataclass(frozen=True, eq=False, repr=False)
class FeatureStream(ShortRepr):
    """Two windows of a model's features, and the list of those that really moved."""

    reference: pd.DataFrame
    """Features while all was well."""
    current: pd.DataFrame
    """The same columns later."""
    moved: tuple[str, ...]
    """Columns whose distribution changed, in the order of the columns; empty for kind none."""
    kind: str
    """Which of `FEATURE_KINDS`."""
    magnitude: float
    """How far they moved."""

    def to_frame(self) -> pd.DataFrame:
        """One row per column: whether it moved, its mean (numbers) and share of missing values in both windows."""
        numeric = self.reference.select_dtypes("number").columns
        return pd.DataFrame(
            {
                "moved": [name in self.moved for name in self.reference],
                "reference_mean": self.reference[numeric].mean().reindex(self.reference.columns),
                "current_mean": self.current[numeric].mean().reindex(self.reference.columns),
                "reference_missing": self.reference.isna().mean(),
                "current_missing": self.current.isna().mean(),
            },
            index=pd.Index(self.reference.columns, name="feature"),
        )

    def plot(self, feature: str) -> go.Figure:
        """Histograms of one feature in both windows.

        Parameters
        ----------
        feature
            Name of a column.
        """
        if feature not in self.reference:
            raise ValueError(f"no feature {feature!r}; there are {', '.join(self.reference)}")
        figure = go.Figure(layout={"title": f"{feature}의 분포", "barmode": "overlay", "yaxis_title": "비율"})
        for name, frame in (("기준 기간", self.reference), ("최근 기간", self.current)):
            figure.add_histogram(x=frame[feature], name=name, opacity=0.6, histnorm="probability")
        return figure


def error_stream(
    kind: str = "sudden",
    *,
    drift_at: int = 5_000,
    length: int = 10_000,
    before: float = 0.1,
    after: float = 0.3,
    width: int = 2_000,
    seed: int = 0,
) -> ErrorStream:
    r"""Draw the errors of a model whose error rate changes where you say.

    Whether a detector is any good can only be told where the change is known: on the company's
    own stream nobody can say which alarms were false.

    Elements are independent, :math:`P(\text{error}_i) = b + (a - b) w_i` with :math:`w_i` 0 before
    ``drift_at``; then 1 (sudden), :math:`\min(1, (i - \text{drift\_at} + 1) / \text{width})` (gradual),
    or 1 and 0 in turns of ``width`` elements (recurring).

    Parameters
    ----------
    kind
        ``"none"``, ``"sudden"``, ``"gradual"`` or ``"recurring"``.
    drift_at
        Position of the first changed element; not read for none.
    length
        Number of elements.
    before, after
        Error rates :math:`b` and :math:`a`, between 0 and 1.
    width
        Elements that a gradual change takes, or that each turn of a recurring one lasts.
    seed
        Seed.

    Raises
    ------
    ValueError
        If the kind is unknown, a rate lies outside [0, 1], or drift_at outside the stream.

    Examples
    --------
    >>> stream = error_stream("sudden", drift_at=800, length=2_000, seed=1)
    >>> stream.changes, stream.values[:800].mean().round(2), stream.values[800:].mean().round(2)
    ((800,), np.float64(0.1), np.float64(0.28))

    References
    ----------
    Gama, Zliobaite, Bifet, Pechenizkiy, Bouchachia (2014). A survey on concept drift adaptation.
    ACM Computing Surveys.
    """
    if kind not in ERROR_KINDS:
        raise ValueError(f"unknown kind {kind!r}; choose one of {', '.join(ERROR_KINDS)}")
    if length < 1 or width < 1:
        raise ValueError(f"length and width must be at least 1, got {length} and {width}")
    if not (0 <= before <= 1 and 0 <= after <= 1):
        raise ValueError(f"before and after are error rates between 0 and 1, got {before} and {after}")
    if kind != "none" and not 0 < drift_at < length:
        raise ValueError(f"drift_at must lie inside the stream, between 1 and {length - 1}, got {drift_at}")
    since = np.arange(length) - drift_at
    weight = {
        "none": np.zeros(length),
        "sudden": np.ones(length),
        "gradual": np.minimum(1.0, (since + 1) / width),
        "recurring": (since // width % 2 == 0).astype(float),
    }[kind]
    rate = before + (after - before) * np.where(since >= 0, weight, 0.0)
    values = (np.random.default_rng([seed, 91]).random(length) < rate).astype(np.int8)
    changes = {"none": (), "recurring": tuple(range(drift_at, length, width))}.get(kind, (drift_at,))
    return ErrorStream(values, rate, changes, kind)


def feature_stream(
    kind: str = "mean_shift", *, seed: int = 0, rows: int = 5_000, magnitude: float | None = None
) -> FeatureStream:
    r"""Draw two windows of twelve features, of which one to three moved.

    "Something changed" helps nobody on call; "the share of web devices fell" does. Which features
    moved is drawn from the seed and attached, so a drift report can be scored on both sides:
    what it found and what it cried wolf about.

    Each numeric feature is an increasing function of a normal number :math:`z`; a shift or a
    spread acts on :math:`z`, so total variation, KS and Jensen-Shannon between the windows are those
    of the two normal distributions. A category mix moves total variation ``magnitude``.

    Parameters
    ----------
    kind
        ``"mean_shift"`` (:math:`z` moves up or down by ``magnitude``), ``"spread"`` (:math:`z` is
        multiplied by it), ``"category_mix"`` (that much probability moves from the commonest category to
        the others), ``"missing"`` (that share of the values is gone), or ``"none"``.
    seed
        Seed of the values and of which features move.
    rows
        Rows of each window.
    magnitude
        How far; None takes 0.5, 1.8, 0.2 and 1.0, in the order above.

    Raises
    ------
    ValueError
        If the kind is unknown, there are no rows, or the magnitude makes no sense for the kind.

    Examples
    --------
    >>> stream = feature_stream("missing", seed=4)
    >>> tuple(stream.current.columns[stream.current.isna().any()]) == stream.moved
    True
    """
    if kind not in FEATURE_KINDS:
        raise ValueError(f"unknown kind {kind!r}; choose one of {', '.join(FEATURE_KINDS)}")
    if rows < 1:
        raise ValueError(f"rows must be at least 1, got {rows}")
    size = _MAGNITUDE[kind] if magnitude is None else float(magnitude)
    limit = {"missing": 1.0, "category_mix": 0.5}.get(kind, np.inf)
    if kind != "none" and not 0 < size <= limit:
        raise ValueError(f"magnitude of {kind!r} must be above 0 and at most {limit}, got {magnitude}")
    rng = np.random.default_rng([seed, 92])
    names = [*_NUMERIC, *_CATEGORICAL]
    able = {"mean_shift": [*_NUMERIC], "spread": [*_NUMERIC], "category_mix": [*_CATEGORICAL], "none": []}.get(
        kind, names
    )
    chosen = set(rng.choice(able, size=rng.integers(1, 4), replace=False)) if able else set()
    reference, current = (_window(rng, rows, now, chosen, size) for now in ("none", kind))
    return FeatureStream(reference, current, tuple(name for name in names if name in chosen), kind, size)


def _window(rng: np.random.Generator, rows: int, kind: str, moved: set[str], size: float) -> pd.DataFrame:
    columns: dict[str, object] = {}
    for name, transform in _NUMERIC.items():
        z = rng.standard_normal(rows)
        if name in moved and kind == "mean_shift":
            z = z + size * rng.choice([-1, 1])
        elif name in moved and kind == "spread":
            z = z * size
        values = transform(z)
        if name in moved and kind == "missing":
            values = np.where(rng.random(rows) < size, np.nan, values)
        columns[name] = values
    for name, (categories, usual) in _CATEGORICAL.items():
        share = np.array(usual)
        if name in moved and kind == "category_mix":
            share[1:] += size * rng.dirichlet(np.ones(share.size - 1))
            share[0] -= size
        codes = rng.choice(share.size, rows, p=share)
        if name in moved and kind == "missing":
            codes = np.where(rng.random(rows) < size, -1, codes)
        columns[name] = pd.Categorical.from_codes(codes, list(categories))
    return pd.DataFrame(columns)
