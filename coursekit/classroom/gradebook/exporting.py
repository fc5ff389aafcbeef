"""The final grade as files that a registrar opens: CSV and a workbook, the same bytes from the same input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.writing import write_whole

if TYPE_CHECKING:
    from coursekit.classroom.gradebook.final import FinalGrades


def to_csv(final: FinalGrades, path: Path) -> Path:
    r"""Write one row per student as CSV that Korean Excel opens as it is (UTF-8 with BOM).

    Excel takes ``0251`` for the number 251 and a name that begins with ``=`` for a program. An id that it
    would change is written as ``="0251"``, which it shows as the text 0251; any other text that begins
    like a formula gets an apostrophe in front. What is missing is an empty cell, never a 0, and its
    student is marked 미완료, with what is missing.

    Parameters
    ----------
    final
        The class's final grades.
    path
        The file; written whole or not at all.

    Returns
    -------
    Path
        ``path``.

    Examples
    --------
    >>> import tempfile
    >>> import math
    >>> import pandas as pd
    >>> from fractions import Fraction
    >>> from types import SimpleNamespace
    >>> from coursekit.classroom.gradebook.evaluation import Component, Evaluation
    >>> table = pd.DataFrame({"student": ["0251"], "name": ["=홍길동"], "team": ["A"], "midterm": [27.5],
    ...     "total": [math.nan], "low": [27.5], "high": [97.5], "status": ["incomplete"]})
    >>> lines = pd.DataFrame(columns=["student", "component", "item", "raw", "counted"])
    >>> exam = Component("midterm", Fraction(100), "중간고사", scores="midterm.csv", maximum=Fraction(100))
    >>> final = SimpleNamespace(table=table, lines=lines, evaluation=Evaluation((exam,)))
    >>> file = to_csv(final, Path(tempfile.mkdtemp()) / "final.csv")
    >>> file.read_text(encoding="utf-8-sig").splitlines()[1].split(",", 1)[1]
    "'=홍길동,A,미완료,27.50,,"
    """
    from coursekit.classroom.gradebook._csv_text import csv_bytes

    return write_whole(path, csv_bytes(final))


def to_xlsx(final: FinalGrades, path: Path) -> Path:
    """Write a workbook of four sheets: 성적, 근거 (where each point comes from), 평가 기준, 통계.

    A student asks about a grade months later, and the file must answer without this program. Cells hold
    values, not formulas: a formula without its stored result reads as empty in previews and in scripts.
    Ids are text, names are never formulas, missing scores are empty cells of a marked row. No time of
    writing is kept, so the same grades give the same bytes and a run again changes nothing.

    Parameters
    ----------
    final
        The class's final grades.
    path
        The file; written whole or not at all.

    Returns
    -------
    Path
        ``path``.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from fractions import Fraction
    >>> from types import SimpleNamespace
    >>> from coursekit.classroom.gradebook.evaluation import Component, Evaluation
    >>> table = pd.DataFrame({"student": ["0251"], "name": ["홍길동"], "team": ["A"], "midterm": [27.5],
    ...     "total": [27.5], "low": [27.5], "high": [27.5], "status": ["complete"]})
    >>> lines = pd.DataFrame(columns=["student", "component", "item", "raw", "counted"])
    >>> exam = Component("midterm", Fraction(100), "중간고사", scores="midterm.csv", maximum=Fraction(100))
    >>> final = SimpleNamespace(table=table, lines=lines, evaluation=Evaluation((exam,)))
    >>> file = to_xlsx(final, Path(tempfile.mkdtemp()) / "final.xlsx")
    >>> pd.read_excel(file, sheet_name="성적", dtype={"학번": str})[["학번", "합계"]].values.tolist()
    [['0251', 27.5]]
    """
    from coursekit.classroom.gradebook._workbook import final_workbook

    return write_whole(path, final_workbook(final))
