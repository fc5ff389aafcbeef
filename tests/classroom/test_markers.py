"""The marker check finds every silent mistake of a source notebook, and nothing in a sound one."""

from __future__ import annotations

import assignments
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.classroom.markers import check_notebook_source, check_source
from coursekit.classroom.regions import MARKERS, nearly_a_marker, public_part, read_lines, without_markers

MEAN, TEST = assignments.MEAN, assignments.TEST_MEAN


def problems(folder):
    return [f"{finding.cell}: {finding.problem}" for finding in check_source(folder)]


def test_a_sound_source_has_no_finding(sound_source):
    assert check_source(sound_source) == ()


DAMAGE = {
    "misspelt": ("solution_mean", MEAN.replace("BEGIN SOLUTION", "BEGIN SOLUTOIN"), "is no marker"),
    "lower case": ("solution_mean", MEAN.replace("### END SOLUTION", "### end solution"), "is no marker"),
    "two hashes": ("solution_mean", MEAN.replace("### BEGIN SOLUTION", "## BEGIN SOLUTION"), "is no marker"),
    "behind code": ("solution_mean", MEAN.replace("### BEGIN", "x = 1  ### BEGIN"), "is no marker"),
    "singular": ("test_mean", TEST.replace("BEGIN HIDDEN TESTS", "BEGIN HIDDEN TEST"), "is no marker"),
    "never closed": ("solution_mean", MEAN.replace("    ### END SOLUTION", ""), "never closed"),
    "never opened": ("solution_mean", MEAN.replace("    ### BEGIN SOLUTION\n", ""), "never opened"),
    "nested": (
        "solution_mean",
        MEAN.replace("### BEGIN SOLUTION", "### BEGIN SOLUTION\n    ### BEGIN SOLUTION"),
        "opens",
    ),
    "no markers": ("solution_mean", "def mean(values):\n    return 2", "without a solution between markers"),
    "hidden in an answer": ("solution_mean", MEAN + "\n" + TEST, "no test cell"),
    "solution in a test": ("test_mean", MEAN, "no answer cell"),
    "solution in prose": ("title", "### BEGIN SOLUTION\n답\n### END SOLUTION", "no answer cell"),
    "bare expression": ("test_spread", "assert spread([1]) == 0\nspread(numbers)", "ends in an expression"),
    "bare call": ("test_spread", "check(spread)", "ends in an expression"),
    "bare once cut": ("test_mean", TEST.replace("assert mean(numbers) == 2", "mean(numbers) == 2"), "once its hidden"),
    "broken code": ("test_spread", "assert spread(", "does not parse"),
    "autotest": ("test_spread", "### AUTOTEST spread(numbers)\nassert True", "AUTOTEST"),
    "computed outside": (
        "solution_mean",
        MEAN.replace("    return total / len(values)\n", "") + "\n    return total / len(values)",
        "outside the markers",
    ),
    "repeated in prose": ("between", "힌트: `ordered = sorted(values, reverse=True)`", "repeats a solution line"),
}


@pytest.mark.parametrize("cell, text, expected", DAMAGE.values(), ids=DAMAGE.keys())
def test_finds_a_damaged_cell(source, cell, text, expected):
    assignments.change(source, cell, text)
    assert any(expected in problem for problem in problems(source)), problems(source)


METADATA = {
    "points zero": ("test_mean", {"points": 0}, "points are 0"),
    "points negative": ("test_mean", {"points": -1}, "points are -1"),
    "points as text": ("test_mean", {"points": "2"}, "points are '2'"),
    "points missing": ("test_mean", {"points": None}, "points are None"),
    "old schema": ("test_mean", {"schema_version": 1}, "schema 1"),
    "duplicate id": ("test_mean", {"grade_id": "test_spread"}, "stands in 2 cells"),
    "ill-formed id": ("test_mean", {"grade_id": "평균 확인"}, "grade id"),
    "editable test": ("test_mean", {"locked": False}, "students may edit"),
    "locked answer": ("solution_mean", {"locked": True}, "locked"),
}


@pytest.mark.parametrize("cell, metadata, expected", METADATA.values(), ids=METADATA.keys())
def test_finds_damaged_metadata(source, cell, metadata, expected):
    assignments.change(source, cell, **metadata)
    assert any(expected in problem for problem in problems(source)), problems(source)


def test_finds_what_is_wrong_with_the_notebook_as_a_whole(source):
    path = source / "lab_mean.ipynb"
    content = nbformat.read(path, as_version=4)
    content.metadata.kernelspec.name = "my-venv"
    content.cells[1].execution_count = 3
    nbformat.write(content, path)
    found = "\n".join(problems(source))
    assert "'my-venv'" in found
    assert "setup_numbers: holds outputs" in found


CHECKS = '''"""Hidden checks."""

from coursekit.classroom.judging import require

NUMBERS = [10, 20, 60]


def check_mean(student):
    """Numbers that nobody was shown."""
    require(student.mean(NUMBERS) == 30, "보지 못한 수의 평균이 다릅니다.")
'''
JUDGED = """# 채점할 때는 여기서 다른 수로 확인합니다.
require(student.mean(numbers) == 2, "세 수의 평균이 다릅니다.")
### BEGIN HIDDEN TESTS
hidden_check("mean", student)
### END HIDDEN TESTS"""


@pytest.fixture
def judged(source):
    """The same assignment with its hidden checks in checks.py."""
    (source / "checks.py").write_text(CHECKS, encoding="utf-8")
    assignments.change(source, "test_mean", JUDGED)
    assignments.change(source, "test_spread_hidden", assignments.TEST_SPREAD)
    return source


def test_a_sound_judged_source_has_no_finding(judged):
    assert check_source(judged) == ()
    imported = JUDGED.replace("hidden_check(", "from coursekit.classroom.judging import hidden_check\n\nhidden_check(")
    assignments.change(judged, "test_mean", imported)
    assert check_source(judged) == ()


MISFITS = {
    "another name": (JUDGED.replace('"mean"', '"median"'), CHECKS, "checks.py has no check_median"),
    "never called": (JUDGED, CHECKS + "\n\ndef check_spread(student):\n    pass\n", "no cell calls check_spread"),
    "left behind": (JUDGED.replace('"mean"', '"other"'), CHECKS, "no cell calls check_mean"),
    "in the open": (JUDGED + '\nhidden_check("mean", student)', CHECKS, "in the open"),
    "in an answer": (MEAN.replace("return total", 'hidden_check("mean", 1)\n    return total'), CHECKS, "in the open"),
    "broken checks": (JUDGED, CHECKS + "def check_more(student:\n", "does not parse"),
    "a test beside the call": (
        JUDGED.replace("hidden_check(", "assert student.mean([4]) == 4\nhidden_check("),
        CHECKS,
        "holds more than calls",
    ),
    "a call inside a loop": (
        JUDGED.replace("hidden_check(", "for _ in range(2):\n    hidden_check("),
        CHECKS,
        "holds more than calls",
    ),
    "another import": (
        JUDGED.replace("hidden_check(", "import random\nhidden_check("),
        CHECKS,
        "holds more than calls",
    ),
    "no literal": (JUDGED.replace('"mean"', "name"), CHECKS, "something else than its name"),
    "no student": (JUDGED.replace(", student", ""), CHECKS, "holds more than calls"),
    "no checks at all": (JUDGED, None, "there is no checks.py"),
}


@pytest.mark.parametrize("text, checks, expected", MISFITS.values(), ids=MISFITS.keys())
def test_finds_hidden_checks_that_do_not_fit(judged, text, checks, expected):
    assignments.change(judged, "solution_mean" if text.startswith("def ") else "test_mean", text)
    if checks is None:
        (judged / "checks.py").unlink()
    else:
        (judged / "checks.py").write_text(checks, encoding="utf-8")
    assert any(expected in problem for problem in problems(judged)), problems(judged)


def test_a_misfit_is_found_where_it_stands(judged):
    assignments.change(judged, "test_mean", JUDGED.replace('"mean"', '"median"'))
    places = {(finding.notebook, finding.cell, finding.line) for finding in check_source(judged)}
    assert places == {("lab_mean.ipynb", "test_mean", 4), ("checks.py", "", 8)}
    (judged / "checks.py").write_text("x = 1\ny = (\n", encoding="utf-8")
    broken = next(finding for finding in check_source(judged) if finding.notebook == "checks.py")
    assert broken.line == 2


def test_a_comment_may_speak_of_a_hidden_check(judged):
    assignments.change(judged, "test_spread", '# hidden_check("mean", student) comes later\nassert True')
    assert check_source(judged) == ()


def test_what_is_promised_for_grading_is_there(source):
    """`coursekit check` calls such a cell neither passed nor failed."""
    assignments.change(source, "test_spread", "# 채점할 때는 여기서 확인합니다.\nassert spread([1]) == 0")
    assert any("promises a check at grading" in problem for problem in problems(source))


@pytest.mark.parametrize("word", ["require(spread([1]) == 0, '차이가 있습니다.')", 'hidden_check("mean", student)'])
def test_judging_words_may_end_a_test(source, word):
    """They give nothing back, so that no value is displayed and taken for points."""
    assignments.change(source, "test_spread", word)
    assert not any("expression" in problem for problem in problems(source))


def test_question_and_answer_do_not_share_a_manual_cell(source):
    manual = assignments.meta("essay", grade=True, solution=True, points=1)
    path = source / "lab_mean.ipynb"
    content = nbformat.read(path, as_version=4)
    content.cells.append(
        nbformat.v4.new_markdown_cell("왜 평균이 흔들릴까요?\n\n이상치 때문입니다.", id="essay", metadata=manual)
    )
    nbformat.write(content, path)
    assert any("question and answer" in problem for problem in problems(source))


def test_finds_stray_files(source, tmp_path):
    (source / "answers.json").write_text("{}", encoding="utf-8")
    (source / "old.ipynb").write_text("{}", encoding="utf-8")
    (source / "link.csv").symlink_to(source / "numbers.csv")
    quiz = assignments.write_source(tmp_path / "quiz_mean")
    (quiz / "choices.json").write_text("{}", encoding="utf-8")
    found = "\n".join(finding.notebook + finding.problem for finding in (*check_source(source), *check_source(quiz)))
    for name in ("answers.json", "old.ipynb", "link.csv", "choices.json"):
        assert name in found


def test_all_findings_come_at_once_and_name_their_place(source):
    assignments.change(source, "solution_mean", MEAN.replace("BEGIN SOLUTION", "BEGIN SOLUTON"))
    assignments.change(source, "test_spread", "assert spread([1]) == 0\n\nspread(numbers)", points=0)
    findings = check_source(source)
    places = {(finding.cell, finding.line) for finding in findings}
    assert {("solution_mean", 3), ("test_spread", 3), ("test_spread", 0)} <= places
    assert all(finding.remedy and finding.notebook == "lab_mean.ipynb" for finding in findings)


def test_a_broken_file_is_a_finding_and_a_missing_one_an_error(source, tmp_path):
    (source / "lab_mean.ipynb").write_text("{", encoding="utf-8")
    assert "no valid notebook" in check_source(source)[0].problem
    with pytest.raises(FileNotFoundError, match="nothing_here"):
        check_source(tmp_path / "nothing_here")


@given(st.sampled_from(sorted(MARKERS)), st.data())
def test_one_slip_of_the_finger_is_always_noticed(marker, data):
    """Any one letter dropped, doubled, swapped with its neighbour or lower-cased."""
    letters = [at for at, letter in enumerate(marker) if letter.isalpha()]
    at = data.draw(st.sampled_from(letters))
    slips = {
        marker[:at] + marker[at + 1 :],
        marker[:at] + marker[at] + marker[at:],
        marker[:at] + marker[at].lower() + marker[at + 1 :],
        marker[: at - 1] + marker[at] + marker[at - 1] + marker[at + 1 :],
    } - {marker}
    slip = data.draw(st.sampled_from(sorted(slips)))
    assert nearly_a_marker("    " + slip) == marker


@pytest.mark.parametrize(
    "line", ["# the end", "END = 3", "# 해답은 아래에", "x = begin(solution)", "# solution space", "END", ""]
)
def test_ordinary_lines_are_no_markers(line):
    assert nearly_a_marker(line) is None


@given(st.lists(st.sampled_from([*MARKERS, "x = 1", "", "    return y"]), max_size=12))
def test_every_line_is_read_once_and_the_parts_fit_together(lines):
    source = "\n".join(lines)
    read = list(read_lines(source))
    assert "\n".join(line.text for line in read) == source
    assert [line.number for line in read] == list(range(1, len(read) + 1))
    assert set(public_part(source).split("\n")) <= set(without_markers(source).split("\n")) | {""}


def test_a_notebook_without_tests_is_refused():
    empty = nbformat.v4.new_notebook(metadata={"kernelspec": assignments.KERNEL})
    assert [finding.problem for finding in check_notebook_source(empty, "lab.ipynb")] == ["has no test cell"]
