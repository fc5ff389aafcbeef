"""What students answered to a quiz's items, read from their notebooks and never run."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat

from coursekit.classroom.course import Course
from coursekit.classroom.gradebook.item_analysis import Answers

_OPTION = re.compile(r"^\s*[-*]\s*\*\*([a-z])\.?\*\*\.?\s", re.MULTILINE)
_HEADING = re.compile(r"^#+\s*(.+?)\s*$", re.MULTILINE)
_NAME = re.compile(r"answer_\d+$")
_OPERATIONS: Mapping[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_LONGEST = 40


def read_answers(course: Course, assignment: str) -> dict[str, Answers]:
    """Read what was answered to each item: choices and numbers, by graded cell.

    Which wrong answer is the popular one says what was misunderstood, or that the key is wrong. Answer
    cells are plain assignments (``answer_1 = "b"``); they are parsed, and a formula of numbers is computed.

    Parameters
    ----------
    course
        The class.
    assignment
        A released quiz.

    Returns
    -------
    dict
        By the name of the graded cell; an item whose answer is a program has a title and no answers to count.

    Raises
    ------
    coursekit.classroom.course.CourseError
        If it was not released.

    Examples
    --------
    >>> read_answers(Course(Path("/nowhere/2025")), "quiz01")
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    course.require(assignment)
    items = items_of(course.folder("source", assignment) / f"{assignment}.ipynb")
    given: dict[str, dict[str, str]] = {name: {} for name in items}
    for student in course.students():
        path = course.folder("autograded", assignment, student.id) / f"{assignment}.ipynb"
        if path.is_file():
            cells = _cells(path)
            for name, (answer_cell, _) in items.items():
                given[name][student.id] = answer_of(cells.get(answer_cell, ""))
    return {
        name: Answers(about.title, about.key, about.options, given[name] if about.key else {})
        for name, (_, about) in items.items()
    }


def items_of(source: Path) -> dict[str, tuple[str, Answers]]:
    """Read a quiz's items from its source: for each graded cell its answer's cell, question and key.

    The order is the notebook's; a graded cell belongs to the last answer cell before it, as nbgrader's
    authors lay them out.

    Parameters
    ----------
    source
        The source notebook, solutions included.

    Examples
    --------
    >>> items_of(Path("/nowhere/quiz.ipynb"))
    {}
    """
    if not source.is_file():
        return {}
    items: dict[str, tuple[str, Answers]] = {}
    question, answer_cell, solution = "", "", ""
    for cell in nbformat.read(source, as_version=4).cells:
        meta = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown":
            question = cell.source
        elif meta.get("solution"):
            answer_cell, solution = meta.get("grade_id", ""), cell.source
            if meta.get("grade"):
                items[answer_cell] = (answer_cell, _about(question, solution))
        elif meta.get("grade") and answer_cell:
            items[meta["grade_id"]] = (answer_cell, _about(question, solution))
    return items


def answer_of(source: str) -> str:
    """Say what a cell answers, in a form in which equal answers are equal texts; empty if nothing.

    ``"B "`` and ``'b'`` are one answer, ``30`` and ``400 * 0.045 / 0.6`` too.

    Parameters
    ----------
    source
        The cell's source.

    Examples
    --------
    >>> answer_of('answer_1 = "B "'), answer_of("answer_3 = 400 * 0.045 / 0.6"), answer_of("raise ValueError()")
    ('b', '30', '')
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    values = [
        statement.value
        for statement in body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name) and _NAME.match(target.id)
    ]
    if not values:
        return ""
    value = _value(values[-1])
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, int | float):
        try:
            return f"{value:.6g}"
        except OverflowError:  # a whole number of hundreds of digits
            return str(value)[:_LONGEST]
    # half a surrogate pair can be written as text in Python, and not in any file
    return str(value).encode("utf-8", "replace").decode("utf-8").strip().casefold()[:_LONGEST]


def _value(node: ast.expr, depth: int = 0) -> Any:
    """A literal, or arithmetic of numbers without powers: students' text must not cost memory."""
    if depth > 40:
        return None
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str | int | float) or node.value is None else None
    operation = _OPERATIONS.get(type(getattr(node, "op", None)))
    parts = [node.left, node.right] if isinstance(node, ast.BinOp) else []
    parts = [node.operand] if isinstance(node, ast.UnaryOp) else parts
    values = [_value(one, depth + 1) for one in parts]
    if operation is None or not values or not all(isinstance(one, int | float) for one in values):
        return None
    try:
        return float(operation(*map(float, values)))
    except (ArithmeticError, ValueError):
        return None


def _about(question: str, solution: str) -> Answers:
    heading = _HEADING.search(question)
    options = tuple(_OPTION.findall(question))
    return Answers(heading.group(1) if heading else "", answer_of(solution), options)


def _cells(path: Path) -> dict[str, str]:
    found = nbformat.read(path, as_version=4).cells
    return {cell.metadata.get("nbgrader", {}).get("grade_id", ""): cell.source for cell in found}
