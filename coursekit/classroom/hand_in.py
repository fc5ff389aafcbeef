"""A student's hand-in: one file for the LMS, checked before it leaves the house."""

from __future__ import annotations

import hashlib
import io
import json
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
from nbformat import NotebookNode

from coursekit.classroom.checking import read_students_notebook
from coursekit.writing import write_whole

RECEIPT = "hand_in.json"
"""The file inside a hand-in that says whose it is and what it holds."""


@dataclass(frozen=True)
class HandIn:
    """A file that is ready for the LMS."""

    path: Path
    """The zip file to upload."""
    assignment: str
    """Which lab or quiz it answers."""
    student_id: str
    """Whose it is."""
    sha256: str
    """Fingerprint of the notebook inside; the same number stands in the receipt."""
    notes: tuple[str, ...]
    """What the student should know before uploading, in Korean."""

    def to_frame(self) -> pd.DataFrame:
        """One row: what was handed in."""
        row = {"path": str(self.path), "assignment": self.assignment, "student_id": self.student_id}
        return pd.DataFrame([{**row, "sha256": self.sha256}])

    def plot(self) -> go.Figure:
        """The receipt as a table that can be kept as a picture."""
        frame = self.to_frame().T.reset_index()
        return go.Figure(go.Table(cells={"values": [frame["index"], frame[0]]}), layout={"title": "제출 확인"})


def hand_in(notebook: Path, *, student_id: str, folder: Path | None = None) -> HandIn:
    """Pack a lab or quiz for the LMS under a name that the grader recognises.

    Most work lost between student and grader is lost by names: "(1)", a renamed notebook, the
    wrong lab. The zip carries the assignment and the student in its name and in a receipt.

    Parameters
    ----------
    notebook
        The finished notebook; it keeps the name under which it was released.
    student_id
        The student's number, as on the roster.
    folder
        Where the zip goes; beside the notebook's folder by default.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook.
    ValueError
        If the file is no notebook, is no assignment, or the student id has characters that a
        file name cannot carry.

    Examples
    --------
    >>> hand_in(Path("lab01.ipynb"), student_id="../홍길동")
    Traceback (most recent call last):
    ...
    ValueError: 학번 '../홍길동'에는 글자, 숫자, '-', '_', '.'만 쓸 수 있습니다.
    """
    if not re.fullmatch(r"\w[\w.-]*", student_id):
        raise ValueError(f"학번 '{student_id}'에는 글자, 숫자, '-', '_', '.'만 쓸 수 있습니다.")
    content = read_students_notebook(notebook)
    cells = [cell.metadata.get("nbgrader", {}) for cell in content.cells]
    if not any(cell.get("grade") for cell in cells):
        raise ValueError(f"{notebook.name}에는 채점할 셀이 없습니다. 실습이나 퀴즈 노트북을 골라 주세요.")
    assignment = _assignment_of(notebook)
    raw = notebook.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    target = (folder or notebook.resolve().parent) / f"{student_id}_{assignment}.zip"
    receipt = {
        "assignment": assignment,
        "student_id": student_id,
        "sha256": digest,
        "packed_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{assignment}.ipynb", raw)
        archive.writestr(RECEIPT, json.dumps(receipt, ensure_ascii=False, indent=1))
    write_whole(target, packed.getvalue())
    return HandIn(target, assignment, student_id, digest, tuple(_notes(content)))


def _assignment_of(notebook: Path) -> str:
    """The released name, without what file managers and browsers append ("(1)", "복사본", ".new")."""
    stem = unicodedata.normalize("NFC", notebook.stem)
    stem = re.sub(r"(\s*\(\d+\)|[-_ ]?(Copy|copy|복사본)\d*|\.new\d*)+$", "", stem)
    return stem.strip()


def _notes(notebook: NotebookNode) -> list[str]:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    blank = [
        cell.metadata.nbgrader.grade_id
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("solution") and "raise NotImplementedError" in cell.source
    ]
    notes = [f"아직 답을 쓰지 않은 셀이 있습니다: {', '.join(blank)}"] if blank else []
    if all(cell.execution_count is None for cell in cells):
        notes.append("한 번도 실행하지 않은 노트북입니다. `coursekit check`로 먼저 확인해 보세요.")
    return notes
