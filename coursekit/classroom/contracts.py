"""Testing the tests: wrong solutions must lose points where they should, right ones nowhere."""

from __future__ import annotations

import ast
import copy
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.course import Course, create_course
from coursekit.classroom.grading import Grade, grade
from coursekit.classroom.regions import without_markers
from coursekit.classroom.roster import Student

KINDS = {"reference": "기준 답안", "blank": "빈 답안", "wrong": "틀린 답안", "right": "다른 옳은 답안"}
_CELL_TIMEOUT, _NOTEBOOK_TIMEOUT = 120, 600  # contracts are about answers; time is measured by the benchmark
_CELL = re.compile(r"^# %% +(\S+)\s*$")


class VariantError(ValueError):
    """A variant file that does not follow the format; the text says where."""


@dataclass(frozen=True)
class Variant:
    """One solution written to be graded: a named mistake, or another right way.

    Examples
    --------
    >>> Variant("wrong_sign", "wrong", "Compares with >=.", ("test_start",), {"solution_ddm": "..."}).loses
    ('test_start',)
    """

    name: str
    """The file's name without ``.py``."""
    kind: str
    """``wrong`` or ``right``."""
    claim: str
    """First line of the docstring: what is wrong with it, or what it does otherwise."""
    loses: tuple[str, ...]
    """Test cells that must give no points; empty for ``right``."""
    cells: Mapping[str, str]
    """Text by answer cell; all other answers stay the reference."""


@dataclass(frozen=True)
class Contract:
    """How one solution was graded, and how it should have been.

    Examples
    --------
    >>> Contract("wrong_sign", "wrong", "", ("test_start",), ("test_start",), 8.0, "").ok
    True
    """

    name: str
    """``reference``, ``blank``, or the variant's name."""
    kind: str
    """``reference``, ``blank``, ``wrong`` or ``right``."""
    claim: str
    """What the variant says of itself."""
    expected: tuple[str, ...]
    """Test cells that must give no points, in the notebook's order."""
    lost: tuple[str, ...]
    """Test cells that did not give full points."""
    score: float
    """Points reached."""
    reason: str
    """What grading noted, for example a time-out, and what tests said that were lost against expectation."""
    partial: tuple[str, ...] = ()
    """Test cells that gave some points, which no test cell should."""

    @property
    def ok(self) -> bool:
        """Whether exactly the expected cells gave no points."""
        return set(self.expected) == set(self.lost) and not self.partial and (self.kind == "wrong" or not self.reason)


@dataclass(frozen=True)
class ContractReport:
    """Whether an assignment's tests see what they should see.

    A grader is code, and untested code is wrong: one that passes everything gives full marks to
    a mistake, one that knows a single way to the answer punishes the better student.

    Examples
    --------
    >>> row = Contract("wrong_sign", "wrong", "", ("test_start",), (), 10.0, "")
    >>> report = ContractReport("lab01", 10.0, ("test_start",), (row,))
    >>> report.ok, report.kill_rate
    (False, 0.0)
    """

    assignment: str
    """The assignment's name."""
    max_score: float
    """Points that can be reached."""
    tests: tuple[str, ...]
    """Automatically graded cells, in the notebook's order."""
    contracts: tuple[Contract, ...]
    """The reference, the blank release, and every variant."""

    @property
    def ok(self) -> bool:
        """Whether every contract holds."""
        return all(contract.ok for contract in self.contracts)

    @property
    def kill_rate(self) -> float:
        """Share of the wrong variants that lose points at every cell where they should."""
        wrong = [contract for contract in self.contracts if contract.kind == "wrong"]
        caught = [contract for contract in wrong if contract.expected and set(contract.expected) <= set(contract.lost)]
        return len(caught) / len(wrong) if wrong else float("nan")

    def to_frame(self) -> pd.DataFrame:
        """One row per graded solution."""
        rows = [
            {
                "name": one.name,
                "kind": one.kind,
                "ok": one.ok,
                "score": one.score,
                "expected": ", ".join(one.expected) if one.kind != "blank" else "all",
                "lost": ", ".join(one.lost) if set(one.lost) != set(self.tests) else "all",
                "reason": one.reason,
            }
            for one in self.contracts
        ]
        return pd.DataFrame(rows)

    def plot(self) -> go.Figure:
        """Solutions by test cells: kept, lost as expected, lost or kept against expectation."""
        verdict = {(False, False): 0, (True, True): 1, (True, False): 2, (False, True): 2}
        names = [one.name for one in self.contracts]
        values = [[verdict[test in one.lost, test in one.expected] for test in self.tests] for one in self.contracts]
        kept, lost, surprising = "#e8edf3", "#3b7dd8", "#d23b3b"
        colours = [[0, kept], [0.33, kept], [0.34, lost], [0.66, lost], [0.67, surprising], [1, surprising]]
        labels = {"tickvals": [0.33, 1, 1.67], "ticktext": ["점수 유지", "예상대로 잃음", "예상과 다름"]}
        figure = go.Figure(
            layout={"title": f"{self.assignment}: 답안별로 잃은 확인", "yaxis": {"autorange": "reversed"}}
        )
        figure.add_heatmap(
            x=list(self.tests), y=names, z=values, zmin=0, zmax=2, colorscale=colours, colorbar=labels, xgap=2, ygap=2
        )
        return figure


def prove(
    source: Path,
    *,
    workers: int | None = None,
    cell_timeout: int = _CELL_TIMEOUT,
    on_result: Callable[[Grade], None] | None = None,
) -> ContractReport:
    """Grade the reference, the blank release and every variant of an assignment as a class.

    They pass through the same release, restoring, execution and gradebook as students' work, in
    a class that is thrown away afterwards.

    Parameters
    ----------
    source
        ``labs/<name>`` or ``quizzes/<name>``, with its ``variants``.
    workers
        Submissions at a time; one per processor by default.
    cell_timeout
        Seconds a cell may take.
    on_result
        Called with each grade as it is there, for a progress bar.

    Raises
    ------
    VariantError
        If a variant does not follow the format, or names a cell that is not there.
    coursekit.classroom.releases.ReleaseError
        If the source may not be released.

    Examples
    --------
    >>> prove(Path("/nowhere/lab01"))
    Traceback (most recent call last):
    ...
    FileNotFoundError: ...
    """
    notebook = nbformat.read(source / f"{source.name}.ipynb", as_version=4)
    references, tests = _cells(notebook)
    variants = [read_variant(path) for path in sorted((source / "variants").glob("*.py"))]
    for variant in variants:
        _require_known(variant, references, tests)
    hand_ins: dict[str, Mapping[str, str]] = {"reference": references, "blank": {}}
    hand_ins |= {variant.name: {**references, **variant.cells} for variant in variants}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        course = create_course(Path(folder) / "contracts")
        course.enrol(Student(name, name, "", "") for name in hand_ins)
        released = course.release(source) / f"{source.name}.ipynb"
        for name, answers in hand_ins.items():
            hand_in(course, source.name, name, with_answers(nbformat.read(released, as_version=4), answers))
        report = grade(
            course,
            source.name,
            workers=workers,
            cell_timeout=cell_timeout,
            notebook_timeout=_NOTEBOOK_TIMEOUT,
            on_result=on_result,
        )
        earned = _earned(course, source.name)
        said = {name: _said(course, source.name, name) for name in hand_ins}
    grades = {result.student: result for result in report.grades}
    expected = {"reference": (), "blank": tests} | {variant.name: variant.loses for variant in variants}
    about = {variant.name: (variant.kind, variant.claim) for variant in variants}

    def contract(name: str) -> Contract:
        kind, claim = about.get(name, (name, ""))
        cells, result = earned.get(name, {}), grades[name]
        lost = tuple(test for test in tests if cells.get(test, (0.0, 1.0))[0] < cells.get(test, (0.0, 1.0))[1])
        partial = tuple(test for test in lost if cells.get(test, (0.0, 1.0))[0] > 0)
        wanted = tuple(test for test in tests if test in expected[name])
        unexpected = [f"{test}: {said[name][test]}" for test in lost if test not in wanted and test in said[name]]
        reason = "; ".join(filter(None, [result.reason, *unexpected]))
        return Contract(name, kind, claim, wanted, lost, result.score, reason, partial)

    return ContractReport(
        source.name, report.grades[0].max_score, tuple(tests), tuple(contract(name) for name in hand_ins)
    )


def read_variant(path: Path) -> Variant:
    r"""Read a variant: a docstring, then percent cells named after the answer cells they replace.

    A variant is ordinary code that formatters and reviewers can read; what it must lose stands in
    its docstring, beside the reason.

    Parameters
    ----------
    path
        ``wrong_<what>.py`` or ``right_<how>.py``.

    Raises
    ------
    VariantError
        If the name, the docstring, the line ``Loses:`` or the cells are not as they should be.

    Examples
    --------
    >>> file = Path(tempfile.mkdtemp()) / "wrong_sign.py"
    >>> _ = file.write_text("'''Compares with >=.\n\nLoses: test_start\n'''\n\n# %% solution_a\nx = 1\n")
    >>> variant = read_variant(file)
    >>> variant.loses, dict(variant.cells)
    (('test_start',), {'solution_a': 'x = 1'})
    """
    kind = path.stem.split("_")[0]
    if kind not in ("wrong", "right"):
        raise VariantError(f"{path.name}: name it wrong_<what>.py or right_<how>.py")
    text = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise VariantError(f"{path.name}, line {error.lineno}: {error.msg}") from error
    docstring = ast.get_docstring(tree) or ""
    if not docstring:
        raise VariantError(f"{path.name}: say in a docstring what it does otherwise")
    stated = re.search(r"^Loses:(.*?)(?:\n\s*\n|\Z)", docstring, flags=re.MULTILINE | re.DOTALL)
    loses = tuple(re.findall(r"[\w-]+", stated.group(1))) if stated else ()
    if kind == "wrong" and not loses:
        raise VariantError(f"{path.name}: a wrong variant names the cells it must lose, as 'Loses: test_a, test_b'")
    if kind == "right" and stated:
        raise VariantError(f"{path.name}: a right variant loses nothing; remove 'Loses:'")
    cells: dict[str, list[str]] = {}
    current: list[str] | None = None
    end_of_docstring = tree.body[0].end_lineno or 0
    for number, line in enumerate(text.split("\n"), start=1):
        start = _CELL.match(line)
        if start and start.group(1) in cells:
            raise VariantError(f"{path.name}, line {number}: cell {start.group(1)} stands there twice")
        if start:
            current = cells.setdefault(start.group(1), [])
        elif current is not None:
            current.append(line)
        elif number > end_of_docstring and line.strip():
            raise VariantError(f"{path.name}, line {number}: stands before the first '# %% <answer cell>'")
    if not cells:
        raise VariantError(f"{path.name}: has no '# %% <answer cell>'")
    joined = {name: "\n".join(lines).strip("\n") for name, lines in cells.items()}
    return Variant(path.stem, kind, docstring.split("\n")[0], loses, joined)


def with_answers(released: nbformat.NotebookNode, answers: Mapping[str, str]) -> nbformat.NotebookNode:
    """Fill answers into a released notebook, as a student does.

    Contract tests and the demonstration hand in what a student could have typed, no more.

    Parameters
    ----------
    released
        The notebook that students get; it is not changed.
    answers
        Text by answer cell; cells that are not named keep their stub.

    Examples
    --------
    >>> cell = nbformat.v4.new_code_cell("raise NotImplementedError()", metadata={"nbgrader": {"grade_id": "a"}})
    >>> with_answers(nbformat.v4.new_notebook(cells=[cell]), {"a": "x = 1"}).cells[0].source
    'x = 1'
    """
    done = copy.deepcopy(released)
    for cell in done.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    return done


def hand_in(course: Course, assignment: str, student: str, notebook: nbformat.NotebookNode) -> None:
    """Put a notebook where nbgrader looks for a student's submission.

    A class that is made by a program needs no LMS in between.

    Parameters
    ----------
    course
        The class.
    assignment
        A released assignment.
    student
        The student's id.
    notebook
        What is handed in.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> hand_in(Course(folder), "quiz01", "2025001", nbformat.v4.new_notebook())
    >>> (folder / "submitted" / "2025001" / "quiz01" / "quiz01.ipynb").is_file()
    True
    """
    folder = course.folder("submitted", assignment, student)
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{assignment}.ipynb")


def reference_answers(source: Path) -> Mapping[str, str]:
    """Give the reference solution of every answer cell, as the author runs it.

    The text is read from between the markers: there is no second copy that could differ.

    Parameters
    ----------
    source
        The source folder.

    Examples
    --------
    >>> reference_answers(Path("/nowhere/lab01"))
    Traceback (most recent call last):
    ...
    FileNotFoundError: ...
    """
    return _cells(nbformat.read(source / f"{source.name}.ipynb", as_version=4))[0]


def _cells(notebook: nbformat.NotebookNode) -> tuple[dict[str, str], tuple[str, ...]]:
    references: dict[str, str] = {}
    tests: list[str] = []
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        if meta.get("solution"):
            references[meta["grade_id"]] = without_markers(cell.source)
        elif meta.get("grade"):
            tests.append(meta["grade_id"])
    return references, tuple(tests)


def _require_known(variant: Variant, references: Mapping[str, str], tests: tuple[str, ...]) -> None:
    for kind, named, known in (("answer", variant.cells, references), ("test", variant.loses, tests)):
        unknown = [name for name in named if name not in known]
        if unknown:
            raise VariantError(
                f"{variant.name}: no such {kind} cell: {', '.join(unknown)}; there are {', '.join(known)}"
            )


def _said(course: Course, assignment: str, student: str) -> dict[str, str]:
    """What each failed test cell said."""
    path = course.folder("autograded", assignment, student) / f"{assignment}.ipynb"
    if not path.is_file():
        return {}
    return {
        cell.metadata.nbgrader.grade_id: output.evalue
        for cell in nbformat.read(path, as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("grade")
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    }


def _earned(course: Course, assignment: str) -> dict[str, dict[str, tuple[float, float]]]:
    from coursekit.classroom.gradebook import cell_scores

    earned: dict[str, dict[str, tuple[float, float]]] = {}
    for row in cell_scores(course, assignment).itertuples():
        earned.setdefault(str(row.student), {})[str(row.cell)] = (float(row.score or 0), float(row.max_score))
    return earned
