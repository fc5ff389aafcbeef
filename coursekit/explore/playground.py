"""Ask several intent models the same question, and see where each of them fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from coursekit.explore._asking import Spoken, ask, ask_all, check, checked_masks
from coursekit.explore._panel import Panel
from coursekit.explore._playground_figure import playground_figure
from coursekit.explore.controls import dropdown, text
from coursekit.explore.view import PlotlyView, explain
from coursekit.modeling.evaluation import Interval, proportion_interval

_SHOWN_MISTAKES = 60
_SLOW_MS = 150


class IntentPlayground(Panel):
    """Models side by side on one query, and on one slice of a test set.

    A mean accuracy is what a report says; what a user meets is one answer to one sentence. Here
    the two stand beside each other: type a sentence, see every model's answer, confidence and
    latency, then see on which kind of sentences the chosen model fails, and try one of those.

    Parameters
    ----------
    models
        Name shown for each model to a fitted classifier with ``classes_`` and
        ``predict_proba`` (or at least ``predict``), which takes a list of texts.
    queries
        Rows to measure on: columns ``text`` and ``intent``; a column ``group`` makes the
        intervals honest about paraphrases.
    slices
        Name of each slice to its boolean mask over the rows.
    names
        Label to the name that readers see.
    query
        The sentence asked at the start.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> queries = pd.DataFrame({"text": ["내일 날씨", "오늘 뉴스"], "intent": ["weather", "news"]})
    >>> model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(queries["text"], queries["intent"])
    >>> playground = IntentPlayground({"나이브 베이즈": model}, queries, names={"weather": "날씨", "news": "뉴스"})
    >>> playground.query = "모레 날씨"
    >>> playground.answers()["answer"].tolist()
    ['weather']
    """

    def __init__(
        self,
        models: Mapping[str, Any],
        queries: pd.DataFrame,
        *,
        slices: Mapping[str, ArrayLike] | None = None,
        names: Mapping[str, str] | None = None,
        query: str = "",
    ) -> None:
        check(models, queries)
        self._models = dict(models)
        self._queries = queries.reset_index(drop=True)
        self._names = dict(names or {})
        self._masks = checked_masks(slices or {}, len(queries))
        texts = self._queries["text"].tolist()
        truth = self._queries["intent"].to_numpy()
        self._known = dict(zip(texts, truth, strict=True))
        self._answers = {name: ask_all(model, texts, truth) for name, model in self._models.items()}
        self._intervals: dict[str, dict[str, Interval]] = {}

        slow = max(ask(name, model, texts[0]).milliseconds for name, model in self._models.items()) > _SLOW_MS
        self._model_box = dropdown("모델", list(self._models))
        self._slice_box = dropdown("슬라이스", {_counted(n, m): n for n, m in self._masks.items()})
        self._query_box = text("질의", placeholder="알아볼 문장을 적어 보세요. 예: 내일 우산 챙겨야 할까")
        self._query_box.continuous_update = not slow
        self._mistake_title = widgets.HTML()
        self._mistake_box = widgets.Select(options=[], rows=7, layout=widgets.Layout(width="auto"))
        self._spoken: list[Spoken] = []
        self.view = PlotlyView(height=150 + 46 * len(self._models))
        flow = widgets.Layout(display="flex", flex_flow="row wrap", align_items="center")
        super().__init__(
            [
                widgets.Box([self._query_box], layout=flow),
                widgets.Box([self._model_box, self._slice_box], layout=flow),
                self.view,
                self._mistake_title,
                self._mistake_box,
            ],
            layout=widgets.Layout(width="100%"),
        )
        self._fill_mistakes()
        self._query_box.value = query
        self._speak()
        self._draw()
        self._query_box.observe(self._query_changed, names="value")
        self._model_box.observe(self._choice_changed, names="value")
        self._slice_box.observe(self._choice_changed, names="value")
        self._mistake_box.observe(self._mistake_chosen, names="value")

    @property
    def query(self) -> str:
        """The sentence that the models are asked."""
        return self._query_box.value

    @query.setter
    def query(self, sentence: str) -> None:
        self._query_box.value = sentence

    @property
    def model(self) -> str:
        """Name of the chosen model, whose mistakes are listed."""
        return self._model_box.value

    @model.setter
    def model(self, name: str) -> None:
        if name not in self._models:
            raise ValueError(f"no model {name!r}; there are {', '.join(self._models)}")
        self._model_box.value = name

    @property
    def slice(self) -> str:
        """Name of the chosen slice."""
        return self._slice_box.value

    @slice.setter
    def slice(self, name: str) -> None:
        if name not in self._masks:
            raise ValueError(f"no slice {name!r}; there are {', '.join(self._masks)}")
        self._slice_box.value = name

    def answers(self) -> pd.DataFrame:
        """One row a model: answer, confidence and latency (ms) for the query of now."""
        rows = [(one.model, one.answer, one.confidence, one.milliseconds) for one in self._spoken]
        return pd.DataFrame(rows, columns=["model", "answer", "confidence", "latency_ms"]).set_index("model")

    def accuracy(self) -> pd.DataFrame:
        """One row a model: accuracy on the slice of now, with the ends of its 95% interval."""
        intervals = self._accuracy_on(self.slice)
        rows = [(name, i.estimate, i.low, i.high) for name, i in intervals.items()]
        return pd.DataFrame(rows, columns=["model", "accuracy", "low", "high"]).set_index("model")

    def mistakes(self) -> pd.DataFrame:
        """What the chosen model got wrong in the slice of now, the most confident mistake first."""
        answers = self._answers[self.model]
        rows = np.flatnonzero(self._masks[self.slice] & ~answers.correct)
        rows = rows[np.argsort(-np.nan_to_num(answers.confidence[rows]), kind="stable")]
        return pd.DataFrame(
            {
                "text": self._queries["text"].to_numpy()[rows],
                "intent": self._queries["intent"].to_numpy()[rows],
                "answer": answers.predicted[rows],
                "confidence": answers.confidence[rows],
            }
        )

    def _query_changed(self, _: Any) -> None:
        try:
            self._speak()
            self._draw()
        except Exception as error:  # told to the reader: a kernel's log is read by nobody
            self.view._say(explain(error), tone="error")
        else:
            self.view._say("")

    def _speak(self) -> None:
        asked = self.query.strip()
        self._spoken = [ask(name, model, asked) for name, model in self._models.items()] if asked else []

    def _choice_changed(self, _: Any) -> None:
        self._fill_mistakes()
        self._draw()

    def _mistake_chosen(self, change: Any) -> None:
        if change["new"] is not None:
            self.query = change["new"]

    def _name(self, label: Any) -> str:
        return self._names.get(label, str(label))

    def _fill_mistakes(self) -> None:
        wrong = self.mistakes()
        shown = wrong.head(_SHOWN_MISTAKES)
        options, seen = [], set()
        for row in shown.itertuples():
            sure = "" if np.isnan(row.confidence) else f" ({row.confidence:.0%})"
            label = f"{row.text}   |   정답 {self._name(row.intent)}, 답 {self._name(row.answer)}{sure}"
            if label not in seen:
                seen.add(label)
                options.append((label, row.text))
        part = f" 가운데 확신이 큰 {len(shown)}건" if len(shown) < len(wrong) else ""
        self._mistake_title.value = (
            f"<b>{_escaped(self.model)}</b>의 오답: {_escaped(self.slice)} {len(wrong):,}건{part}. "
            "하나를 고르면 모든 모델에게 그대로 물어봅니다."
            if len(wrong)
            else f"<b>{_escaped(self.model)}</b>의 오답: {_escaped(self.slice)}에는 없습니다."
        )
        self._mistake_box.unobserve_all("value")
        self._mistake_box.options = options
        self._mistake_box.value = None
        self._mistake_box.observe(self._mistake_chosen, names="value")
        self._mistake_box.layout.display = None if options else "none"

    def _accuracy_on(self, name: str) -> dict[str, Interval]:
        if name not in self._intervals:
            mask = self._masks[name]
            groups = self._queries["group"].to_numpy()[mask] if "group" in self._queries else None
            self._intervals[name] = {
                model: proportion_interval(answers.correct[mask], groups=groups)
                if mask.any()
                else Interval(np.nan, np.nan, np.nan, 0.95)
                for model, answers in self._answers.items()
            }
        return self._intervals[name]

    def _draw(self) -> None:
        self.view.figure = self._figure()

    def _figure(self) -> go.Figure:
        return playground_figure(
            list(self._models),
            self._spoken,
            self._accuracy_on(self.slice),
            chosen=self.model,
            slice_name=self.slice,
            rows=int(self._masks[self.slice].sum()),
            truth=self._known.get(self.query.strip()),
            name=self._name,
        )


def intent_playground(
    models: Mapping[str, Any],
    queries: pd.DataFrame,
    *,
    slices: Mapping[str, ArrayLike] | None = None,
    names: Mapping[str, str] | None = None,
    query: str = "",
) -> IntentPlayground:
    """Let the reader ask several intent models, slice by slice.

    Error analysis begins with reading the errors. Each model answers the whole table once,
    here; afterwards moving about costs nothing.

    Parameters
    ----------
    models
        Name shown for each model to a fitted classifier.
    queries
        Rows to measure on: columns ``text`` and ``intent``, and ``group`` if rows are paraphrases.
    slices
        Name of each slice to its boolean mask over the rows.
    names
        Label to the name that readers see.
    query
        The sentence asked at the start.

    Raises
    ------
    ValueError
        If there is no model or no row, a column is missing, or a mask does not fit.
    TypeError
        If a model cannot predict.

    Examples
    --------
    >>> intent_playground({}, pd.DataFrame({"text": ["내일 날씨"], "intent": ["weather"]}))
    Traceback (most recent call last):
    ...
    ValueError: models is empty: give at least one fitted classifier under the name to show
    """
    return IntentPlayground(models, queries, slices=slices, names=names, query=query)


def _counted(name: str, mask: np.ndarray) -> str:
    return f"{name} ({int(mask.sum()):,}건)"


def _escaped(name: str) -> str:
    return name.replace("&", "&amp;").replace("<", "&lt;")
