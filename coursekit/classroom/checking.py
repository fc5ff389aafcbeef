"""What a student may know before handing in: the visible checks."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.markers import AT_GRADING

LEVELS = {
    "passed": "통과",
    "deferred": "채점할 때 확인",
    "failed": "실패",
    "changed": "확인 셀이 바뀜",
    "timeout": "시간 초과",
}
_SAID = ("AssertionError", "CheckFailed", "StudentError")
"""Errors whose text was written for the student."""


@dataclass(frozen=True)
class Check:
    """The outcome of one test cell."""

    name: str
    """The test cell's nbgrader id."""
    outcome: str
    """``passed``, ``deferred`` (nothing against it, but all it checks is checked at grading),
    ``failed``, ``changed`` (the student edited the test cell) or ``timeout``."""
    message: str
    """What the student should read: the violated property, or why the cell could not run."""
    points: float
    """Points of the cell, hidden checks included."""

    @property
    def passed(self) -> bool:
        """Whether there is nothing that the student could mend now."""
        return self.outcome in ("passed", "deferred")


@dataclass(frozen=True)
class CheckReport:
    """What the visible checks of one notebook say."""

    notebook: str
    """The notebook's file name."""
    checks: tuple[Check, ...]
    """One entry per test cell, in the notebook's order."""
    missing: tuple[str, ...]
    """Parts of the notebook that ran into an error before the checks, as messages."""

    @property
    def passed(self) -> bool:
        """Whether every visible check holds; one that is left to grading stands in nobody's way."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    def to_frame(self) -> pd.DataFrame:
        """One row per test cell."""
        rows = [(c.name, c.outcome, c.points, c.message) for c in self.checks]
        return pd.DataFrame(rows, columns=["check", "outcome", "points", "message"])

    def plot(self) -> go.Figure:
        """The checks as a row of bars, failed ones apart."""
        frame = self.to_frame()
        figure = go.Figure(layout={"title": f"{self.notebook} 확인 결과", "xaxis_title": "배점", "barmode": "stack"})
        for outcome, rows in frame.groupby("outcome"):
            figure.add_bar(x=rows["points"], y=rows["check"], orientation="h", name=LEVELS[str(outcome)])
        return figure


def check_notebook(path: Path, *, cell_timeout: float = 60) -> CheckReport:
    """Run a student's notebook from top to bottom in a fresh kernel and report each visible check.

    "It worked on my machine" usually means: cells were run out of order. A fresh run in a copy
    of the folder shows what the grader will see, without touching the student's files.

    Parameters
    ----------
    path
        The student's notebook.
    cell_timeout
        Seconds a cell may take.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no notebook, or holds no test cell.

    Examples
    --------
    >>> check_notebook(Path("nowhere.ipynb"))
    Traceback (most recent call last):
    ...
    FileNotFoundError: nowhere.ipynb 파일이 없습니다. 경로를 확인하세요.
    """
    notebook = read_students_notebook(path)
    from nbgrader.utils import compute_checksum, is_grade, is_locked

    changed = {
        cell.metadata.nbgrader.grade_id
        for cell in notebook.cells
        if is_grade(cell) and is_locked(cell) and "checksum" in cell.metadata.nbgrader
        if compute_checksum(cell) != cell.metadata.nbgrader.checksum
    }
    graded = [cell for cell in notebook.cells if is_grade(cell) and cell.cell_type == "code"]
    if not graded:
        raise ValueError(f"{path.name}에는 확인 셀이 없습니다. 실습이나 퀴즈 노트북을 골라 주세요.")
    executed = _execute(notebook, path.resolve().parent, cell_timeout)
    checks, missing = [], []
    for cell in executed.cells:
        error = next((out for out in cell.get("outputs", []) if out.output_type == "error"), None)
        if is_grade(cell):
            name = cell.metadata.nbgrader.grade_id
            outcome, message = _outcome(error)
            if outcome == "passed" and cell.source.startswith(AT_GRADING):
                outcome = "deferred"  # its visible part only asks whether the cells before it hold
            if name in changed:
                outcome, message = "changed", "확인 셀은 채점할 때 원본으로 되돌아갑니다. 답은 답안 셀에만 쓰세요."
            checks.append(Check(name, outcome, message, float(cell.metadata.nbgrader.points)))
        elif error is not None and cell.cell_type == "code":
            first = next(iter(cell.source.splitlines()), "")
            missing.append(f"'{first[:60]}' 셀: {_outcome(error)[1]}")
    return CheckReport(path.name, tuple(checks), tuple(missing))


def read_students_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook that a student wrote, or say in the student's words why it can't be read.

    The commonest broken hand-in is a file that is no notebook (a screenshot, a web page saved
    from the browser, half a download); better found at home than by the grader.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no notebook.

    Examples
    --------
    >>> import tempfile
    >>> broken = Path(tempfile.mkdtemp()) / "lab01.ipynb"
    >>> _ = broken.write_text("<html>")
    >>> read_students_notebook(broken)
    Traceback (most recent call last):
    ...
    ValueError: lab01.ipynb은(는) 노트북이 아닙니다. JupyterLab에서 열리는지 확인하고 다시 저장하세요.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} 파일이 없습니다. 경로를 확인하세요.")
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:
        # nbformat raises many kinds (JSON, Unicode, schema, attribute); to the student they are one.
        raise ValueError(
            f"{path.name}은(는) 노트북이 아닙니다. JupyterLab에서 열리는지 확인하고 다시 저장하세요."
        ) from error
    return notebook


def _execute(notebook: nbformat.NotebookNode, folder: Path, cell_timeout: float) -> nbformat.NotebookNode:
    """Run a copy in the notebook's folder; an error stops its cell, not the run."""
    # Imported here: nbgrader takes a second, and hand-ins need only the reading above.
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from coursekit.classroom.execution import grading_environment

    running = nbformat.from_dict(notebook)
    for cell in running.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        running,
        timeout=int(cell_timeout),
        allow_errors=True,
        interrupt_on_timeout=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(env=grading_environment(os.environ))
    except (CellTimeoutError, DeadKernelError) as error:
        reason = "TimeoutError" if isinstance(error, CellTimeoutError) else "DeadKernelError"
        # What ran is kept; the rest did not run and so did not pass.
        for cell in running.cells:
            if cell.cell_type == "code" and cell.execution_count is None:
                cell.outputs = [nbformat.v4.new_output("error", ename=reason, evalue="", traceback=[])]
    return running


def _outcome(error: nbformat.NotebookNode | None) -> tuple[str, str]:
    """How a cell ended, in the student's words."""
    if error is None:
        return "passed", ""
    if error.ename in ("TimeoutError", "KeyboardInterrupt"):
        return "timeout", "제한 시간 안에 끝나지 않았습니다. 끝나지 않는 반복이 있는지 확인하세요."
    if error.ename == "DeadKernelError":
        return "failed", "커널이 멈추어 여기까지 실행되지 않았습니다. 바로 앞 셀이 커널을 끝내지 않는지 확인하세요."
    if error.ename == "NotImplementedError":
        return "failed", "아직 답을 쓰지 않았습니다."
    value = re.sub(r"\x1b\[[0-9;]*m", "", error.evalue).strip()
    return "failed", value if error.ename in _SAID and value else f"{error.ename}: {value}"
