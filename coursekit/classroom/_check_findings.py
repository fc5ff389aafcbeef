"""Do an assignment's hidden checks and its notebook fit? Every check called exists, every check is called."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from coursekit.classroom.judging.checks import FILE, PREFIX
from coursekit.classroom.regions import read_lines

JUDGING = "coursekit.classroom.judging"
_CALL = re.compile(r"(?<![\w.])hidden_check\s*\(")
_WRITE_IT_SO = 'write hidden_check("name", student)'


def check_findings(checks: Path, cells: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, int, str, str]]:
    """Findings as (file, cell, line, problem, remedy); the file is empty for the notebook's own cells.

    ``checks`` is the path of the assignment's checks.py, which may be missing; ``cells`` are the
    labels and texts of the notebook's code cells.
    """
    judged, defined = checks.is_file(), None
    if judged:
        try:
            tree = ast.parse(checks.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError, ValueError) as error:
            line = getattr(error, "lineno", None) or 0
            yield FILE, "", line, f"does not parse ({getattr(error, 'msg', error)})", "mend the code"
        else:
            functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
            defined = {node.name: node.lineno for node in functions if node.name.startswith(PREFIX)}
    called: set[str] = set()
    for label, source in cells:
        yield from (("", label, *finding) for finding in _in_the_open(source))
        for line, statement in _hidden_statements(source):
            names = list(_checks_called(statement))
            for name in names:
                if name is None:
                    yield "", label, line, "calls a hidden check by something else than its name", _WRITE_IT_SO
                elif not judged:
                    yield "", label, line, f"calls a hidden check, but there is no {FILE}", f"write {FILE}"
                elif defined is not None and PREFIX + name not in defined:
                    yield "", label, line, f"{FILE} has no {PREFIX}{name}", "write it, or correct the name"
                called.add(PREFIX + str(name))
            if judged and not (_is_plain_call(statement) or _imports_judging(statement)):
                yield "", label, line, "a hidden region holds more than calls of hidden checks", f"move it to {FILE}"
    for name, line in (defined or {}).items():
        if name not in called:
            yield FILE, "", line, f"no cell calls {name}", "call it in a hidden region, or remove it"


def _in_the_open(source: str) -> Iterator[tuple[int, str, str]]:
    for line in read_lines(source):
        if line.kind in ("public", "solution") and _CALL.search(line.text.split("#")[0]):
            yield line.number, "calls a hidden check in the open, where it only fails", "enclose it in hidden markers"


def _hidden_statements(source: str) -> Iterator[tuple[int, ast.stmt]]:
    """Each statement of the hidden regions with its line in the cell."""
    for kind, group in groupby(read_lines(source), key=lambda line: line.kind):
        lines = list(group)
        if kind != "hidden":
            continue
        try:
            body = ast.parse(textwrap.dedent("\n".join(line.text for line in lines))).body
        except SyntaxError:  # the check of the cell's own text reports it
            continue
        yield from ((lines[0].number + statement.lineno - 1, statement) for statement in body)


def _checks_called(statement: ast.stmt) -> Iterator[str | None]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hidden_check":
            name = node.args[0] if node.args else None
            yield name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else None


def _is_plain_call(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "hidden_check":
        return False
    names_itself = len(call.args) == 2 and isinstance(call.args[0], ast.Constant) and not call.keywords
    return names_itself and isinstance(call.args[1], ast.Name)


def _imports_judging(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == JUDGING
