"""What `coursekit check` tells a student is what a fresh run shows."""

from __future__ import annotations

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from coursekit.classroom.checking import LEVELS, Check, CheckReport, check_notebook


def _cell(source, grade_id=None, *, points=None):
    cell = nbformat.v4.new_code_cell(source)
    if grade_id:
        grade = points is not None
        meta = {"grade_id": grade_id, "grade": grade, "solution": not grade, "locked": grade, "task": False}
        cell.metadata["nbgrader"] = {**meta, "schema_version": 3, "cell_type": "code"}
        if grade:
            cell.metadata.nbgrader["points"] = points
            cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
    return cell


SETUP = "from coursekit.classroom.judging import Student, require\nstudent = Student(globals())"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """One run shows every way in which a check can end."""
    folder = tmp_path_factory.mktemp("student")
    edited = _cell("assert double(3) == 6", "test_edited", points=1)
    edited.source = "pass"
    cells = [
        _cell("import sys\nprint('noise', file=sys.stderr)\ndef double(x):\n    return 2 * x", "solution_double"),
        _cell("assert double(2) == 4", "test_double", points=2),
        _cell("def triple(x):\n    raise NotImplementedError()", "solution_triple"),
        _cell("assert triple(2) == 6, '세 배가 아닙니다.'", "test_triple", points=1),
        _cell("assert double(2) == 5, '두 배가 아닙니다.'", "test_message", points=1),
        _cell("1 / 0"),
        _cell(SETUP),
        _cell("require(student.double(2) == 5, '두 배가 아닙니다.')", "test_required", points=1),
        _cell("require(student.triple(2) == 6, '세 배가 아닙니다.')", "test_asked", points=1),
        _cell("require(student.half(2) == 1, '반이 아닙니다.')", "test_missing", points=1),
        _cell("# 채점할 때는 여기서 확인합니다.\nrequire(True, '위부터')", "test_deferred", points=1),
        _cell("# 채점할 때는 여기서 확인합니다.\nrequire(False, '위부터')", "test_deferred_failed", points=1),
        edited,
        _cell("while True:\n    pass", "test_loop", points=1),
        _cell("open('written.txt', 'w').write('x')"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "lab.ipynb")
    before = (folder / "lab.ipynb").read_bytes()
    result = check_notebook(folder / "lab.ipynb", cell_timeout=3)
    assert (folder / "lab.ipynb").read_bytes() == before, "the student's file is not touched"
    return result


def test_each_check_has_its_outcome(report):
    outcomes = {check.name: check.outcome for check in report.checks}
    assert outcomes == {
        "test_double": "passed",
        "test_triple": "failed",
        "test_message": "failed",
        "test_required": "failed",
        "test_asked": "failed",
        "test_missing": "failed",
        "test_deferred": "deferred",
        "test_deferred_failed": "failed",
        "test_edited": "changed",
        "test_loop": "timeout",
    }
    assert not report.passed


def test_messages_are_the_students(report):
    messages = {check.name: check.message for check in report.checks}
    assert messages["test_triple"] == "아직 답을 쓰지 않았습니다."
    assert messages["test_message"] == "두 배가 아닙니다."
    assert messages["test_required"] == "두 배가 아닙니다."
    assert messages["test_asked"] == "triple 함수를 아직 쓰지 않았습니다."
    assert messages["test_missing"].startswith("half이(가) 없습니다.")
    assert messages["test_deferred"] == ""
    assert messages["test_deferred_failed"] == "위부터"
    assert any("ZeroDivisionError" in text for text in report.missing)
    assert not any("\x1b" in text for text in messages.values())


def test_noise_on_stderr_is_no_failure(report):
    """The grader forgives it, so the check must as well."""
    assert next(check for check in report.checks if check.name == "test_double").outcome == "passed"


def test_the_report_is_a_table(report):
    frame = report.to_frame()
    assert frame["points"].sum() == 11
    assert len(report.plot().data) == frame["outcome"].nunique()


def test_what_is_left_to_grading_stands_in_nobodys_way():
    checks = [Check("test_a", "passed", "", 1), Check("test_b", "deferred", "", 1), Check("test_c", "failed", "", 1)]
    assert CheckReport("lab.ipynb", tuple(checks[:2]), ()).passed
    assert not CheckReport("lab.ipynb", tuple(checks), ()).passed
    assert {check.outcome for check in checks} < set(LEVELS)


def test_a_lecture_has_nothing_to_check(tmp_path):
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), tmp_path / "a.ipynb")
    with pytest.raises(ValueError, match="확인 셀이 없습니다"):
        check_notebook(tmp_path / "a.ipynb")
