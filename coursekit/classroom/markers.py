"""Is a source notebook fit to be released? Everything that is wrong with it, at once."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from coursekit.classroom._check_findings import check_findings
from coursekit.classroom.judging.checks import FILE
from coursekit.classroom.regions import MARKERS, nearly_a_marker, public_part, read_lines, without_markers

KERNEL = "python3"
SCHEMA = 3
PRIVATE_NAMES = ("variants", FILE, "__pycache__")
"""What lies in a source folder and is never released (dotfiles neither)."""
AT_GRADING = "# 채점할 때는"
"""How the first line of a test cell begins that students see almost nothing of.

The release keeps comments, so that ``coursekit check`` can tell such a cell from one that passed.
"""

_GIVE_NOTHING = ("require", "hidden_check")
_QUESTION = re.compile(r"[?？]\s*$|(쓰|설명하|답하|서술하|비교하|고르|적어 보|생각해 보)세요|^\s*#{1,6} ", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a source notebook, and what to do.

    A marker mistake is silent: the notebook runs, the release looks right, and the answer is in
    it. What is silent must be found by a machine before students find it.

    Examples
    --------
    >>> print(Finding("lab01.ipynb", "test_mean", 3, "ends in an expression", "end it in an assert"))
    lab01.ipynb, cell test_mean, line 3: ends in an expression; end it in an assert
    """

    notebook: str
    """File name."""
    cell: str
    """The cell's grade id or cell id; empty for the notebook as a whole."""
    line: int
    """Line in the cell, from 1; 0 for the cell as a whole."""
    problem: str
    """What is wrong."""
    remedy: str
    """What to do about it."""

    def __str__(self) -> str:
        place = [self.notebook, f"cell {self.cell}" if self.cell else "", f"line {self.line}" if self.line else ""]
        return f"{', '.join(filter(None, place))}: {self.problem}; {self.remedy}"


def check_source(folder: Path) -> tuple[Finding, ...]:
    """Find everything in an assignment's source folder that would leak, mislead or misgrade.

    An author who learns of one mistake at a time releases after the third.

    Parameters
    ----------
    folder
        ``labs/<name>`` or ``quizzes/<name>``; its notebook is ``<name>.ipynb``.

    Returns
    -------
    tuple of Finding
        Empty if the source may be released.

    Raises
    ------
    FileNotFoundError
        If the folder has no notebook of its own name.

    Examples
    --------
    >>> check_source(Path("/nowhere/lab01"))
    Traceback (most recent call last):
    ...
    FileNotFoundError: /nowhere/lab01/lab01.ipynb does not exist: an assignment is a folder with a notebook of its name
    """
    path = folder / f"{folder.name}.ipynb"
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist: an assignment is a folder with a notebook of its name")
    findings = list(_folder_findings(folder))
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
    except Exception as error:  # JSON, Unicode and schema errors are one thing to the author
        first = str(error).strip().split("\n")[0]
        return (
            *findings,
            Finding(path.name, "", 0, f"is no valid notebook ({first})", "open and save it in JupyterLab"),
        )
    cells = [(cell_label(cell), cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    checks = (
        Finding(file or path.name, cell, line, problem, remedy)
        for file, cell, line, problem, remedy in check_findings(folder / FILE, cells)
    )
    return (*findings, *check_notebook_source(notebook, path.name), *checks)


def check_notebook_source(notebook: nbformat.NotebookNode, name: str) -> tuple[Finding, ...]:
    """Find everything in one source notebook that would leak, mislead or misgrade.

    This is :func:`check_source` without the folder (and so without what calls into
    ``checks.py``), for notebooks that are not on disk.

    Parameters
    ----------
    notebook
        The source, as read.
    name
        How the findings call it.

    Examples
    --------
    >>> empty = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python"}})
    >>> print(check_notebook_source(empty, "lab01.ipynb")[0])
    lab01.ipynb: has no test cell; mark at least one cell as grade, locked, with points
    """

    def found() -> Iterator[tuple[str, int, str, str]]:
        yield from _notebook_findings(notebook)
        for cell in notebook.cells:
            label = cell_label(cell)
            for line, problem, remedy in _cell_findings(cell):
                yield label, line, problem, remedy
        yield from _repeated_solutions(notebook)

    return tuple(Finding(name, *finding) for finding in found())


def cell_label(cell: nbformat.NotebookNode) -> str:
    """Name a cell as its author knows it: the grade id, else the cell id.

    "Cell 17" is wrong after the next insertion; an id stays.

    Parameters
    ----------
    cell
        A notebook cell.

    Examples
    --------
    >>> cell_label(nbformat.v4.new_code_cell(id="setup"))
    'setup'
    """
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "?"))


def is_private(path: Path) -> bool:
    """Whether a path relative to a source folder is one that students never get.

    The release, the leak scan and the class directory must agree on it.

    Parameters
    ----------
    path
        Relative to the source folder.

    Examples
    --------
    >>> is_private(Path("variants/wrong_sign.py")), is_private(Path("data/queries.csv"))
    (True, False)
    """
    return any(part in PRIVATE_NAMES or part.startswith(".") for part in path.parts)


def _folder_findings(folder: Path) -> Iterator[Finding]:
    if not re.fullmatch(r"[a-z0-9_]+", folder.name):
        yield Finding(folder.name, "", 0, "has a name that LMSes and shells mangle", "use a-z, 0-9 and _ only")
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if is_private(inside):
            continue
        if path.is_symlink():
            yield Finding(str(inside), "", 0, "is a symbolic link", "put the file itself there")
        elif path.suffix == ".ipynb" and inside != Path(f"{folder.name}.ipynb"):
            yield Finding(str(inside), "", 0, "is a second notebook", "one notebook an assignment; move it away")
        elif path.suffix == ".json" and (folder.name.startswith("quiz") or "answer" in path.stem.lower()):
            # nbgrader releases it, and at grading copies it over what each student answered
            yield Finding(str(inside), "", 0, "looks like a quiz widget's saved answers", "delete it")


def _notebook_findings(notebook: nbformat.NotebookNode) -> Iterator[tuple[str, int, str, str]]:
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    if kernel != KERNEL:
        yield "", 0, f"kernelspec is {kernel!r}", f"set it to {KERNEL!r}, which every installation has"
    metas = [(cell_label(cell), cell.metadata.get("nbgrader", {})) for cell in notebook.cells]
    if not any(meta.get("grade") for _, meta in metas):
        yield "", 0, "has no test cell", "mark at least one cell as grade, locked, with points"
    counts = Counter(meta.get("grade_id") for _, meta in metas if meta.get("grade_id"))
    for grade_id, count in counts.items():
        if count > 1:
            yield grade_id, 0, f"the grade id stands in {count} cells", "give each cell an id of its own"


def _cell_findings(cell: nbformat.NotebookNode) -> Iterator[tuple[int, str, str]]:
    meta: dict[str, Any] = cell.metadata.get("nbgrader", {})
    if cell.get("outputs") or cell.get("execution_count") is not None:
        yield 0, "holds outputs or an execution count", "clear all outputs"
    yield from _marker_findings(cell.source, meta)
    if "nbgrader" in cell.metadata:
        yield from _metadata_findings(cell, meta)
    if cell.cell_type == "code" and meta.get("solution"):
        yield from _answer_findings(cell.source)
    if cell.cell_type == "code" and meta.get("grade") and not meta.get("solution"):
        yield from _test_findings(cell.source)
    if meta.get("grade") and meta.get("solution") and cell.cell_type != "code":
        question = _QUESTION.search(cell.source)
        if question:
            line = cell.source[: question.start()].count("\n") + 1
            yield (
                line,
                "question and answer share one manual cell",
                "put the question into a cell before",
            )


def _marker_findings(source: str, meta: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
    opened: tuple[str, int] | None = None
    for line in read_lines(source):
        meant = nearly_a_marker(line.text)
        if meant:
            yield (
                line.number,
                f"{line.text.strip()!r} is no marker and hides nothing",
                f"write {meant!r} alone on its line",
            )
        if line.kind != "marker":
            continue
        action, region = MARKERS[line.text.strip()]
        if region == "solution" and not meta.get("solution"):
            yield (
                line.number,
                "solution marker in a cell that is no answer cell",
                "mark the cell as solution, or remove the marker",
            )
        if region == "hidden" and (not meta.get("grade") or meta.get("solution")):
            yield (
                line.number,
                "hidden tests in a cell that is no test cell",
                "mark the cell as grade and locked, or remove the marker",
            )
        if action == "begin":
            if opened:
                yield line.number, f"opens before the region of line {opened[1]} is closed", "close it first"
            opened = (region, line.number)
        elif opened is None or opened[0] != region:
            yield (
                line.number,
                f"{line.text.strip()!r} closes what was never opened",
                "add the BEGIN line",
            )
            opened = None
        else:
            opened = None
    if opened:
        yield opened[1], "the region is never closed", "add the END line"


def _metadata_findings(cell: nbformat.NotebookNode, meta: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
    schema = meta.get("schema_version")
    if schema != SCHEMA:
        yield 0, f"nbgrader schema {schema!r}", f"update the cell to schema {SCHEMA} (nbgrader update)"
    missing = [key for key in ("grade", "solution", "locked", "task") if not isinstance(meta.get(key), bool)]
    if missing:
        yield 0, f"nbgrader metadata without {', '.join(missing)}", "set true or false"
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", str(meta.get("grade_id", ""))):
        yield 0, f"grade id {meta.get('grade_id')!r}", "use a-z, 0-9, _ and -, beginning with a letter"
    points = meta.get("points")
    sound = isinstance(points, int | float) and not isinstance(points, bool) and 0 < points < float("inf")
    if (meta.get("grade") or meta.get("task")) and not sound:
        yield 0, f"points are {points!r}", "give a positive number"
    if meta.get("grade") and not meta.get("solution") and not meta.get("locked"):
        yield 0, "a test cell that students may edit", "set locked to true"
    if meta.get("grade") and not meta.get("solution") and cell.cell_type != "code":
        yield 0, "a graded cell that holds no code and no answer", "make it a code cell, or mark it as solution too"
    if meta.get("locked") and meta.get("solution"):
        yield 0, "an answer cell that is locked", "set locked to false"


def _answer_findings(source: str) -> Iterator[tuple[int, str, str]]:
    kinds = {line.kind for line in read_lines(source) if line.text.strip()}
    if "solution" not in kinds:
        yield (
            0,
            "answer cell without a solution between markers",
            "enclose it: all of it becomes the stub",
        )
        return
    try:
        ast.parse(without_markers(source))
    except SyntaxError as error:
        yield error.lineno or 0, f"does not parse ({error.msg})", "mend the code"
        return
    # A return that computes something and is not enclosed is the answer, released.
    solution_lines = [line.kind for line in read_lines(source)]
    tree = ast.parse(source)  # markers are comments: line numbers stay
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        lines = range(function.lineno, (function.end_lineno or function.lineno) + 1)
        if not any(solution_lines[number - 1] == "solution" for number in lines):
            continue
        for node in ast.walk(function):
            if not isinstance(node, ast.Return) or isinstance(node.value, ast.Name | ast.Constant | None):
                continue
            if solution_lines[node.lineno - 1] == "public":
                yield node.lineno, "the result is computed outside the markers", "move END SOLUTION below it"


def _test_findings(source: str) -> Iterator[tuple[int, str, str]]:
    if "AUTOTEST" in source:
        yield 0, "uses nbgrader's AUTOTEST", "write the assertion out"
    for text, what in ((without_markers(source), ""), (public_part(source), " once its hidden tests are cut")):
        try:
            body = ast.parse(text).body
        except SyntaxError as error:
            yield error.lineno or 0, f"does not parse{what} ({error.msg})", "mend the code"
            return
        if body and isinstance(body[-1], ast.Expr) and not _gives_nothing(body[-1].value):
            # nbgrader reads the displayed value as points
            line = next(
                (line.number for line in read_lines(source) if line.text == text.split("\n")[body[-1].lineno - 1]), 0
            )
            yield (
                line,
                f"ends in an expression{what}",
                "end it in require(...) or an assert",
            )
            return
    if not without_markers(source).strip():
        yield 0, "is empty", "write a check"
    if source.startswith(AT_GRADING) and all(line.kind == "public" for line in read_lines(source)):
        yield 1, "promises a check at grading and has none", "add a hidden region, or change the first line"


def _gives_nothing(value: ast.expr) -> bool:
    """Whether an expression is a call of the judging words, which display nothing."""
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in _GIVE_NOTHING


def _repeated_solutions(notebook: nbformat.NotebookNode) -> Iterator[tuple[str, int, str, str]]:
    """Solution lines that also stand in the open: the same answer, released."""
    from coursekit.classroom.leaks import normalised, tells_something

    secret: dict[str, str] = {}
    for cell in notebook.cells:
        for line in read_lines(cell.source):
            if line.kind == "solution" and tells_something(line.text):
                secret[normalised(line.text)] = cell_label(cell)
    for cell in notebook.cells:
        for line in read_lines(cell.source):
            if line.kind != "public":
                continue
            text = normalised(line.text)
            # Code elsewhere may share an idiom; the same cell, or prose, has no reason to.
            if cell.cell_type == "code":
                owner = secret.get(text) if secret.get(text) == cell_label(cell) else None
            else:
                owner = next((secret[told] for told in secret if told in text), None)
            if owner:
                problem = f"repeats a solution line of {owner} in the open"
                yield cell_label(cell), line.number, problem, "remove or enclose it"
