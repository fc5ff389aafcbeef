"""The student's guess, kept beside the result."""

from __future__ import annotations

import html
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go
from IPython import get_ipython
from IPython.display import HTML, display

from coursekit.writing import write_whole

Answer = float | str
"""A number, or one of the choices."""


@dataclass(frozen=True)
class Revelation:
    """A guess beside what came out."""

    question: str
    """What was asked."""
    unit: str
    """Unit of both numbers, or empty."""
    guess: Answer | None
    """What the student wrote before; None if nothing."""
    actual: Answer
    """What came out."""
    shown: int | None = field(default=None, repr=False, compare=False)
    """Execution count of the cell in which this was displayed already; None outside of a notebook."""

    @property
    def difference(self) -> float | None:
        """Guess minus result, in the unit; None for choices and where nothing was guessed."""
        if isinstance(self.guess, str) or isinstance(self.actual, str) or self.guess is None:
            return None
        return self.guess - self.actual

    def to_frame(self) -> pd.DataFrame:
        """One row: question, guess, actual, difference, unit."""
        row = {
            "question": self.question,
            "guess": self.guess,
            "actual": self.actual,
            "difference": self.difference,
            "unit": self.unit,
        }
        return pd.DataFrame([row])

    def plot(self) -> go.Figure:
        """Two bars, or the two choices as text."""
        figure = go.Figure(layout={"title": self.question, "showlegend": False, "yaxis_title": self.unit})
        if isinstance(self.actual, str):
            cells = [["예상", "결과"], [_shown(self.guess, ""), _shown(self.actual, "")]]
            figure.add_table(header={"values": ["", "답"]}, cells={"values": cells})
            return figure
        labels, values = ["결과"], [self.actual]
        if self.guess is not None:
            labels, values = ["예상", *labels], [float(self.guess), *values]
        return figure.add_bar(x=labels, y=values, text=[_shown(value, self.unit) for value in values])

    def comment(self) -> str:
        """One calm line on how far apart the two are."""
        if self.guess is None:
            return "적어 둔 예상이 없어 결과만 보입니다."
        if self.difference is None:
            return "예상과 결과가 같습니다." if self.guess == self.actual else "예상과 결과가 다릅니다."
        gap = abs(self.difference)
        assert not isinstance(self.actual, str)
        if gap <= 1e-9 * max(1.0, abs(self.actual)):
            return "예상과 결과가 같습니다."
        points = "%p" if self.unit == "%" else self.unit
        size = _shown(gap, points)
        direction = "높게" if self.difference > 0 else "낮게"
        relative = gap / abs(self.actual) if self.actual else math.inf
        tail = "" if relative <= 0.1 else " 어떤 가정이 달랐는지 생각해 볼 만한 차이입니다."
        return f"예상이 결과보다 {size} {direction} 나왔습니다.{tail}"

    def _repr_html_(self) -> str:
        cell = "flex:1 1 140px;padding:10px 14px;background:var(--jp-layout-color2,#f4f4f4)"
        big = "font-size:1.5em;font-weight:600;font-variant-numeric:tabular-nums"
        faint = "font-size:.9em;color:var(--jp-content-font-color2,#616161)"
        parts = [
            f'<div style="{cell};border-left:3px solid {colour}"><div style="{faint}">{label}</div>'
            f'<div style="{big}">{html.escape(_shown(value, self.unit))}</div></div>'
            for label, value, colour in (("예상", self.guess, "#787878"), ("결과", self.actual, "#3674c8"))
        ]
        return (
            '<div class="coursekit-revelation" style="max-width:640px;margin:6px 0;line-height:1.5;'
            'font-family:var(--jp-content-font-family,sans-serif);color:var(--jp-content-font-color1,inherit)">'
            f'<div style="margin-bottom:6px">{html.escape(self.question)}</div>'
            f'<div style="display:flex;flex-wrap:wrap;gap:8px">{"".join(parts)}</div>'
            f'<div style="margin-top:6px">{html.escape(self.comment())}</div></div>'
        )

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        printer.text(f"예상 {_shown(self.guess, self.unit)}, 결과 {_shown(self.actual, self.unit)}. {self.comment()}")

    def _ipython_display_(self) -> None:
        # reveal() shows itself, wherever in the cell it stands; as last expression it must not appear twice
        if self.shown is None or self.shown != _execution_count():
            display(HTML(self._repr_html_()))


class Prediction:
    """A question that a student answers before the experiment does.

    A result that one has bet on is remembered; a result that one has read is not. The guess is
    stored beside the notebook when the student submits it, never before, and is there again
    after a restart.

    Parameters
    ----------
    question
        What is asked, without its unit.
    unit
        Unit of the number.
    choices
        The answers to choose from; None asks for a number.
    key
        Name under which the guess is stored; None takes the question.
    path
        The file; None takes one beside the notebook.

    Examples
    --------
    >>> guess = Prediction("36시간 레이블이 True인 비율", unit="%")
    >>> guess.value is None
    True
    >>> guess.reveal(97.0).comment()
    '적어 둔 예상이 없어 결과만 보입니다.'
    """

    def __init__(
        self,
        question: str,
        *,
        unit: str = "",
        choices: Sequence[str] | None = None,
        key: str | None = None,
        path: Path | str | None = None,
    ) -> None:
        if not question.strip():
            raise ValueError("the question is empty: say what the student should guess")
        if choices is not None and len(set(choices)) < 2:
            raise ValueError(f"choices must be at least two different answers, got {list(choices)}")
        self.question = question
        self.unit = unit
        self.choices = None if choices is None else tuple(choices)
        self.key = key or question
        self.path = Path(path) if path is not None else _file_beside_notebook()
        self._value = self._valid(_read(self.path).get(self.key))
        self._box: widgets.Box | None = None

    @property
    def value(self) -> Answer | None:
        """The guess, or None while there is none."""
        return self._value

    def guess(self, answer: Answer) -> None:
        """Store a guess, as the box does when the student submits it.

        Raises
        ------
        ValueError
            If the answer is no finite number, or none of the choices.
        OSError
            If the file cannot be written; the guess is kept until the kernel ends.
        """
        value = self._valid(answer)
        if value is None:
            wanted = "a finite number" if self.choices is None else f"one of {list(self.choices)}"
            raise ValueError(f"the guess must be {wanted}, got {answer!r}")
        self._value = value
        _store(self.path, self.key, value)

    def reveal(self, actual: Answer) -> Revelation:
        """Show the guess and the result side by side, and return both.

        Raises
        ------
        ValueError
            If the result is no finite number, or none of the choices.
        """
        result = self._valid(actual)
        if result is None:
            wanted = "a finite number" if self.choices is None else f"one of {list(self.choices)}"
            raise ValueError(f"the result of {self.question!r} must be {wanted}, got {actual!r}")
        revelation = Revelation(self.question, self.unit, self._value, result, _execution_count())
        if get_ipython() is not None:
            display(HTML(revelation._repr_html_()))
        if self._value is not None and self._box is not None:
            self._lock()
        return revelation

    def _valid(self, answer: Any) -> Answer | None:
        if self.choices is not None:
            return answer if isinstance(answer, str) and answer in self.choices else None
        if isinstance(answer, str | bool) or answer is None:
            return None
        try:
            number = float(answer)
        except (TypeError, ValueError):
            return None
        return number if math.isfinite(number) else None

    def _ipython_display_(self) -> None:
        display(self._make_box())

    def _make_box(self) -> widgets.Box:
        """The question, the field, the button and a line that says what is stored."""
        question = widgets.HTML(f"<b>{html.escape(self.question)}</b>")
        if self.choices is None:
            shown = "" if self._value is None else _shown(self._value, "")
            entry: Any = widgets.Text(value=shown, placeholder="숫자", layout=widgets.Layout(width="140px"))
            parts = [entry, widgets.Label(self.unit)] if self.unit else [entry]
        else:
            entry = widgets.RadioButtons(
                options=self.choices, value=self._value, layout=widgets.Layout(width="max-content")
            )
            parts = [entry]
        button = widgets.Button(description="예상 적어 두기", layout=widgets.Layout(width="auto"))
        self._entry, self._button, self._status = entry, button, widgets.HTML(self._stored_line())
        button.on_click(lambda _: self._submit())
        flow = {"flex_flow": "row wrap", "align_items": "center"}
        if self.choices is not None:
            flow = {"flex_flow": "column", "align_items": "flex-start"}
        row = widgets.Box([*parts, button], layout=widgets.Layout(display="flex", **flow))
        self._box = widgets.VBox([question, row, self._status], layout=widgets.Layout(margin="4px 0"))
        return self._box

    def _submit(self) -> None:
        entry = self._entry.value
        try:
            self.guess(_number(entry) if self.choices is None else entry)
        except ValueError:
            self._status.value = "숫자로 적어 주세요. 예: 12.5" if self.choices is None else "하나를 골라 주세요."
        except OSError as error:
            self._status.value = html.escape(
                f"예상은 기억했지만 파일에 적지 못했습니다({error.strerror}). 커널을 다시 시작하면 사라집니다."
            )
        else:
            self._status.value = self._stored_line()

    def _stored_line(self) -> str:
        if self._value is None:
            return "아래 결과를 보기 전에 예상을 적어 두세요."
        return html.escape(f"적어 둔 예상: {_shown(self._value, self.unit)}")

    def _lock(self) -> None:
        self._entry.disabled = self._button.disabled = True


def predict(
    question: str,
    *,
    unit: str = "",
    choices: Sequence[str] | None = None,
    key: str | None = None,
    path: Path | str | None = None,
) -> Prediction:
    """Ask the student to guess before the experiment answers.

    Writing a number down makes the difference visible that hindsight hides. In a notebook
    the box appears at once, wherever in the cell this stands; elsewhere nothing is shown.

    Parameters
    ----------
    question
        What is asked, without its unit.
    unit
        Unit of the number, such as "%".
    choices
        The answers to choose from; None asks for a number.
    key
        Name under which the guess is stored; None takes the question.
    path
        The file; None takes ``.<notebook>.guesses.json`` beside the notebook.

    Raises
    ------
    ValueError
        If the question is empty, or there are fewer than two choices.

    Examples
    --------
    >>> guess = predict("무작위 분할과 묶음 분할의 정확도 차이", unit="%p")
    >>> guess.reveal(5.0).guess is None
    True
    """
    prediction = Prediction(question, unit=unit, choices=choices, key=key, path=path)
    if get_ipython() is not None:
        display(prediction)
    return prediction


def _execution_count() -> int | None:
    shell = get_ipython()
    return None if shell is None else shell.execution_count


def _file_beside_notebook() -> Path:
    # The Jupyter server tells its kernels which notebook they serve; a renamed notebook starts anew.
    session = os.environ.get("JPY_SESSION_NAME", "")
    notebook = Path(session)
    if notebook.suffix == ".ipynb" and notebook.parent.is_dir():
        return notebook.with_name(f".{notebook.stem}.guesses.json").absolute()
    return Path.cwd() / ".guesses.json"


def _read(path: Path) -> dict[str, Any]:
    """What was stored; a lost or broken file is as good as none."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}


def _store(path: Path, key: str, value: Answer) -> None:
    """Whole or not at all: the other guesses must survive a crash in the middle."""
    content = json.dumps({**_read(path), key: value}, ensure_ascii=False, indent=1, sort_keys=True)
    write_whole(path, content + "\n", private=True)


def _number(entry: str) -> float:
    """A number as people write it: thousands separated, perhaps with its unit behind."""
    cleaned = entry.strip().replace(",", "").rstrip("%").strip()
    return float(cleaned)


def _shown(value: Answer | None, unit: str) -> str:
    if value is None:
        return "없음"
    if isinstance(value, str):
        return value
    digits = f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:,.4g}"
    if "e" in digits:
        digits = f"{value:.4g}"
    glue = "" if unit.startswith("%") or not unit else " "
    return f"{digits}{glue}{unit}"
