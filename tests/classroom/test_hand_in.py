"""What leaves the student's machine is what the grader can match and read."""

from __future__ import annotations

import hashlib
import json
import unicodedata
import zipfile

import nbformat
import pytest

from coursekit.classroom.hand_in import RECEIPT, hand_in


def _notebook(path, source="def f():\n    return 1"):
    solution = {"grade_id": "solution_f", "solution": True, "grade": False, "locked": False, "schema_version": 3}
    test = {"grade_id": "test_f", "solution": False, "grade": True, "locked": True, "points": 2, "schema_version": 3}
    cells = [
        nbformat.v4.new_code_cell(source, metadata={"nbgrader": {**solution, "task": False}}),
        nbformat.v4.new_code_cell("assert f() == 1", metadata={"nbgrader": {**test, "task": False}}),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.parametrize(
    "name", ["lab01_x.ipynb", "lab01_x (1).ipynb", "lab01_x-Copy1.ipynb", "lab01_x.new.ipynb", "lab01_x 복사본.ipynb"]
)
def test_the_zip_carries_the_released_name_whatever_the_file_is_called(tmp_path, name):
    path = _notebook(tmp_path / unicodedata.normalize("NFD", name))
    result = hand_in(path, student_id="20261234", folder=tmp_path / "out")
    assert result.path.name == "20261234_lab01_x.zip"
    with zipfile.ZipFile(result.path) as archive:
        assert sorted(archive.namelist()) == [RECEIPT, "lab01_x.ipynb"]
        receipt = json.loads(archive.read(RECEIPT))
        assert archive.read("lab01_x.ipynb") == path.read_bytes()
    assert receipt["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest() == result.sha256
    assert receipt["student_id"] == "20261234"


def test_an_unanswered_cell_is_mentioned_but_may_be_handed_in(tmp_path):
    path = _notebook(tmp_path / "lab01_x.ipynb", "raise NotImplementedError()")
    notes = hand_in(path, student_id="s1").notes
    assert any("solution_f" in note for note in notes)


@pytest.mark.parametrize("student_id", ["", "../x", "a/b", "a b", "-x"])
def test_an_id_that_no_file_name_can_carry_is_refused(tmp_path, student_id):
    with pytest.raises(ValueError, match="학번"):
        hand_in(_notebook(tmp_path / "lab01_x.ipynb"), student_id=student_id)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lab01_x.ipynb"]


def test_what_is_no_assignment_is_refused(tmp_path):
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "notes.ipynb")
    with pytest.raises(ValueError, match="채점할 셀이 없습니다"):
        hand_in(tmp_path / "notes.ipynb", student_id="s1")
    (tmp_path / "page.ipynb").write_text("<html>")
    with pytest.raises(ValueError, match="노트북이 아닙니다"):
        hand_in(tmp_path / "page.ipynb", student_id="s1")
