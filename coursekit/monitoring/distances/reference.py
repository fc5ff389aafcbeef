"""A reference, learned once, that any number of later data sets are compared with."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import chain
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coursekit.monitoring.distances._columns import (
    NUMERIC,
    Columns,
    category_counts,
    check_same_columns,
    read_columns,
    refuse_infinite,
)
from coursekit.monitoring.distances._comparison import compare_feature
from coursekit.monitoring.distances._counting import InfiniteValue, count_bins
from coursekit.monitoring.distances._features import (
    CategoricalFeature,
    NumericFeature,
    column_groups,
    fit_categorical,
    fit_numeric,
    sorted_columns,
)
from coursekit.monitoring.distances._merging import Gap, merge_apart
from coursekit.monitoring.distances._parallel import count_workers, run_all
from coursekit.monitoring.distances.drift_report import DISAPPEARED, DISTANCES, NEW_FEATURE, TYPE_CHANGED, DriftReport
from coursekit.monitoring.distances.false_discovery import benjamini_hochberg
from coursekit.monitoring.distances.feature_histogram import FeatureHistogram
from coursekit.monitoring.distances.histograms import _check_pseudo_count

Table: TypeAlias = pd.DataFrame | pd.Series | NDArray[Any]
_ON_SAMPLES = ("ks", "wasserstein")
_SHARES = ("missing_reference", "missing_now")


class Reference:
    r"""Bins, counts and sorted values of a reference; ``compare`` asks how far later data have moved.

    In production the reference stays (the training data, last month) while new data keep coming.
    Choosing bins and sorting once makes each comparison one pass over the new rows. A
    feature that vanishes, becomes text or is suddenly all missing is reported, not raised:
    those are the drifts that hurt most.

    The report's columns: ``feature``, ``kind``, ``status``, ``n_reference`` and ``n_now`` (rows),
    ``missing_reference`` and ``missing_now`` (shares), the distances, ``chi2``, ``test``,
    ``p_value``, ``q_value`` (Benjamini-Hochberg over the features). The rules:

    - *Direction.* p is the data of now and q the reference: ``kl`` is KL(now || reference), nats.
    - *Numbers.* ``bins`` of equal mass or equal width, each including its upper edge, the outer two
      open. A value that is two quantiles or more (many zeros) has a bin of its own; a constant
      has the bins below, equal, above. Infinite values are an error.
    - *Categories* (text, category, bool; object columns unless all numbers): a bin each for the
      ``max_categories`` most frequent, "(other)" for the rest, "(new)" for those never seen before.
    - *Missing values* are a bin of their own; ``ks`` and ``wasserstein`` leave them out.
    - *Empty bins.* Those empty in both are dropped; for ``kl`` and ``psi`` the others get
      ``pseudo_count`` rows more (``smoothed``). With 0 they are infinite where a bin is empty in one.
    - *p-values.* ``test`` "ks": two-sample Kolmogorov-Smirnov (exact up to n m = 1,000,000, cautious
      with ties). Where values are missing, or some are heavy (two quantiles or more), which it hardly
      sees, KS of the others and a test of those shares are taken together,
      :math:`p = 1 - (1 - \min(p_1, p_2))^2`: "ks, missing", "ks, heavy values". Shares, the bins where ``ks``
      was not asked for, and categories (every value, not the bins) are compared by "chi2": the rarest
      cells are put together until each is expected to hold 5 rows, and each rare one is tested by
      "fisher" besides, exactly, as is whatever has two cells.
    - *Precision.* float32 and float64 are compared in float32: a column that was only cast has not moved.
    - *Errors.* An empty table, two columns of one name, an infinite value, a date; in ``compare`` also
      no column in common, an array of another width, names where there were none.
    - *status*: "compared"; "constant" (in the reference); "all missing" (now); "was all missing" (in
      the reference); "disappeared"; "type changed" (numbers became something else); "new".

    Parameters
    ----------
    bins
        Bins of a numeric feature, 2 or more; ties can make them fewer, see above.
    strategy
        ``"quantile"``: bins of equal mass in the reference; ``"uniform"``: of equal width between its
        smallest and largest value.
    pseudo_count
        Rows added to each bin for ``kl`` and ``psi``.
    max_categories
        Categories with a bin of their own; None for all.
    keep_samples
        Keep the sorted values, which ``ks`` and ``wasserstein`` need: 8 bytes a value (4 of
        float32). False keeps only edges and counts.
    n_jobs
        Threads; None for all cores. Small data use one.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> before = pd.DataFrame({"amount": rng.normal(size=2000), "online": rng.random(2000) < 0.3, "age": 40.0})
    >>> after = pd.DataFrame({"amount": rng.normal(size=500), "online": rng.random(500) < 0.6})
    >>> report = Reference().fit(before).compare(after)
    >>> report.drifted()
    ['online', 'age']
    >>> report.to_frame()[["feature", "kind", "status", "tv", "ks"]].round(3)
      feature         kind       status     tv     ks
    0  amount      numeric     compared  0.086  0.058
    1  online  categorical     compared  0.303    NaN
    2     age      numeric  disappeared    NaN    NaN

    References
    ----------
    Rabanser, Günnemann, Lipton (2019). Failing loudly: an empirical study of methods for detecting
    dataset shift. NeurIPS.
    """

    def __init__(
        self,
        *,
        bins: int = 10,
        strategy: Literal["quantile", "uniform"] = "quantile",
        pseudo_count: float = 0.5,
        max_categories: int | None = 100,
        keep_samples: bool = True,
        n_jobs: int | None = None,
    ):
        self.bins = bins
        self.strategy = strategy
        self.pseudo_count = pseudo_count
        self.max_categories = max_categories
        self.keep_samples = keep_samples
        self.n_jobs = n_jobs

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The keyword arguments that make an equal, unfitted reference."""
        return {name: getattr(self, name) for name in self.__init__.__kwdefaults__}  # type: ignore[misc]

    def set_params(self, **params: Any) -> Reference:
        """Change parameters; they count from the next ``fit``."""
        for name, value in params.items():
            if name not in self.get_params():
                raise ValueError(f"Reference has no parameter {name!r}; it has {', '.join(self.get_params())}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        default = self.__init__.__kwdefaults__  # type: ignore[misc]
        told = [f"{name}={value!r}" for name, value in self.get_params().items() if value != default[name]]
        return f"Reference({', '.join(told)})"

    def fit(self, X: Table, y: Any = None) -> Reference:
        """Choose bins, count, and sort.

        Parameters
        ----------
        X
            Features, shape (n, features): a DataFrame (numbers, bool, category, text, nullable), a
            Series, or an array.
        y
            Ignored.

        Returns
        -------
        Reference
            Itself.
        """
        self._check_parameters()
        columns = read_columns(X)
        numeric = [name for name in columns.names if columns.kind(name) == NUMERIC]
        blocks = columns.numeric_blocks(numeric)

        def fit_group(names: list[Hashable], block: np.ndarray, start: int, stop: int) -> list[NumericFeature]:
            chosen = {"bins": self.bins, "strategy": self.strategy, "keep": self.keep_samples}
            return [
                fit_numeric(names[i], block[i], ordered, **chosen)  # type: ignore[arg-type]
                for i, ordered in enumerate(sorted_columns(block, start, stop), start)
            ]

        tasks = [(names, block, *group) for names, block in blocks for group in column_groups(block)]
        workers = count_workers(self.n_jobs, columns.n_rows * len(numeric))
        fitted = dict(zip(numeric, chain.from_iterable(run_all(fit_group, tasks, workers)), strict=True))
        features: dict[Hashable, NumericFeature | CategoricalFeature] = {}
        for name in columns.names:
            features[name] = fitted[name] if name in fitted else self._fit_categories(name, columns)
        self.features_ = features
        self.feature_names_in_ = columns.names
        self.n_rows_ = columns.n_rows
        self._named = columns.named
        self._samples_kept = self.keep_samples
        return self

    def compare(self, X: Table, *, distances: tuple[str, ...] | None = None) -> DriftReport:
        """How far each feature of X is from the reference.

        Parameters
        ----------
        X
            Later data with the same features, in any order if they have names.
        distances
            Which to compute, of kl, tv, hellinger, js, psi, ks, wasserstein; None for all (for the
            first five where samples were not kept). The two on samples cost most of the time.
        """
        if not hasattr(self, "features_"):
            from sklearn.exceptions import NotFittedError

            raise NotFittedError("this Reference has not seen a reference; call fit(X) before compare(X)")
        wanted = self._check_distances(distances)
        columns = read_columns(X)
        check_same_columns(columns, self.feature_names_in_, named=self._named)
        counts = self._count(columns)
        gaps = self._merge(columns, counts, tested="ks" in wanted) if set(wanted) & set(_ON_SAMPLES) else {}
        rows, histograms = [], {}
        for name, feature in self.features_.items():
            row: dict[str, Any] = {"feature": name, "kind": feature.kind}
            if name in counts:
                before, now, values = counts[name]
                row |= compare_feature(feature, before, now, values, gaps.get(name), wanted, self.pseudo_count)
                histograms[name] = FeatureHistogram(str(name), feature.labels, before, now)
            else:
                row["status"] = TYPE_CHANGED if name in columns.positions else DISAPPEARED
                row["missing_reference"] = feature.counts[-1] / self.n_rows_
            rows.append(row)
        for name in columns.names:
            if name not in self.features_:
                rows.append({"feature": name, "kind": "", "status": NEW_FEATURE})
        return DriftReport(self._tabulate(rows, wanted, columns.n_rows), histograms)

    def _fit_categories(self, name: Hashable, columns: Columns) -> CategoricalFeature:
        found = category_counts(name, columns.series(name))
        return fit_categorical(found, columns.n_rows, max_categories=self.max_categories)

    def _count(self, columns: Columns) -> dict[Hashable, tuple[np.ndarray, np.ndarray, dict[Any, int] | None]]:
        """Counts by bin before and now, and the values of categories, of each feature that can be compared."""
        counts: dict[Hashable, tuple[np.ndarray, np.ndarray, dict[Any, int] | None]] = {}
        blocks = self._numeric_blocks(columns)
        bins = [[self.features_[name].bins_for(block.dtype) for name in names] for names, block in blocks]  # type: ignore[union-attr]
        with_edges = [(block, [edges for edges, _ in own]) for (_, block), own in zip(blocks, bins, strict=True)]
        workers = count_workers(self.n_jobs, sum(block.size for _, block in blocks))
        try:
            found = count_bins(with_edges, workers)
        except InfiniteValue as error:
            at, column, row = error.args
            names, block = blocks[at]
            raise refuse_infinite(names[column], row, block[column, row]) from None
        for (names, _), own, of_block in zip(blocks, bins, found, strict=True):
            for name, (_, before), now in zip(names, own, of_block, strict=True):
                counts[name] = before, now, None
        for name, feature in self.features_.items():
            if isinstance(feature, CategoricalFeature) and name in columns.positions:
                values = category_counts(name, columns.series(name))
                counts[name] = feature.counts, feature.count(values, columns.n_rows), values
        return counts

    def _merge(self, columns: Columns, counts: dict, *, tested: bool) -> dict[Hashable, Gap]:
        """The gap and the area between the distribution functions of each numeric feature that has values."""
        blocks = self._numeric_blocks(columns)

        def merge_group(names: list[Hashable], block: np.ndarray, start: int, stop: int) -> list:
            found = []
            for i, ordered in enumerate(sorted_columns(block, start, stop), start):
                present = ordered[: columns.n_rows - int(counts[names[i]][1][-1])]
                feature = self.features_[names[i]]
                samples, heavy = feature.samples, feature.heavy  # type: ignore[union-attr]
                if present.size and samples.size:  # type: ignore[union-attr]
                    found.append((names[i], merge_apart(present, samples, heavy if tested else heavy[:0])))  # type: ignore[arg-type]
            return found

        tasks = [(names, block, *group) for names, block in blocks for group in column_groups(block)]
        workers = count_workers(self.n_jobs, sum(block.size for _, block in blocks))
        return dict(chain.from_iterable(run_all(merge_group, tasks, workers)))

    def _numeric_blocks(self, columns: Columns) -> list[tuple[list[Hashable], np.ndarray]]:
        numeric = [name for name, feature in self.features_.items() if feature.kind == NUMERIC]
        return columns.numeric_blocks([name for name in numeric if name in columns.positions])

    def _tabulate(self, rows: list[dict], wanted: tuple[str, ...], n_now: int) -> pd.DataFrame:
        def column(name: str, default: Any) -> list[Any]:
            return [row.get(name, default) for row in rows]

        numbers = {name: column(name, np.nan) for name in (*_SHARES, *wanted, "chi2", "p_value")}
        table: dict[str, Any] = {name: column(name, "") for name in ("feature", "kind", "status")}
        table |= {"n_reference": self.n_rows_, "n_now": n_now}
        table |= {name: numbers[name] for name in (*_SHARES, *wanted, "chi2")}
        table |= {"test": column("test", ""), "p_value": numbers["p_value"]}
        return pd.DataFrame({**table, "q_value": benjamini_hochberg(numbers["p_value"])})

    def _check_parameters(self) -> None:
        if not isinstance(self.bins, int | np.integer) or self.bins < 2:
            raise ValueError(f"bins must be a whole number of 2 or more, got {self.bins!r}")
        if self.strategy not in ("quantile", "uniform"):
            raise ValueError(f"strategy must be 'quantile' or 'uniform', got {self.strategy!r}")
        most = self.max_categories
        if most is not None and not (isinstance(most, int | np.integer) and most >= 1):
            raise ValueError(f"max_categories must be a whole number of 1 or more, or None for all, got {most!r}")
        _check_pseudo_count(self.pseudo_count)

    def _check_distances(self, distances: tuple[str, ...] | None) -> tuple[str, ...]:
        if distances is None:
            return DISTANCES if self._samples_kept else tuple(d for d in DISTANCES if d not in _ON_SAMPLES)
        asked = (distances,) if isinstance(distances, str) else tuple(distances)
        if not asked:
            raise ValueError(f"distances is empty; name some of {', '.join(DISTANCES)}, or pass None for all")
        unknown = [name for name in asked if name not in DISTANCES]
        if unknown:
            raise ValueError(f"there is no distance {unknown[0]!r}; there are {', '.join(DISTANCES)}")
        on_samples = [name for name in asked if name in _ON_SAMPLES]
        if on_samples and not self._samples_kept:
            raise ValueError(f"{on_samples[0]!r} needs the sorted samples; fit with keep_samples=True")
        return tuple(name for name in DISTANCES if name in asked)
