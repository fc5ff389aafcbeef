"""What a student's functions are made of, read from the text of the cells."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator, Sequence

from coursekit.classroom.judging.asking import Student


def borrowed_names(student: Student, functions: Iterable[str], *, libraries: Sequence[str]) -> tuple[str, ...]:
    """Find names from given libraries in the text of a student's functions.

    "Write it yourself" is checked on the text, by the judge; asking the student's process what
    its functions call is asking the witness. Names are resolved as Python resolves them: a local
    variable ``table`` has nothing to do with a ``table`` that another cell took from a library.

    Parameters
    ----------
    student
        The answers.
    functions
        Functions to read, and with them every function and class of the student's that they name.
    libraries
        Top packages that may not be used, for example ``("sklearn",)``.

    Returns
    -------
    tuple of str
        The names found, sorted; empty if there are none.

    Examples
    --------
    >>> text = "from sklearn.svm import SVC" + chr(10) + "def fit(x): return SVC()"
    >>> borrowed_names(Student({"In": [text]}), ["fit"], libraries=("sklearn",))
    ('SVC',)
    >>> text = "from sklearn.svm import SVC" + chr(10) + "def fit(SVC): return SVC + 1"
    >>> borrowed_names(Student({"In": [text]}), ["fit"], libraries=("sklearn",))
    ()
    """
    origin: dict[str, str] = {}
    uses: dict[str, tuple[ast.AST, set[str]]] = {}
    for text in student._line.sources():
        tree, scopes = _read(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                origin |= {(alias.asname or alias.name.split(".")[0]): alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                origin |= {(alias.asname or alias.name): node.module or "" for alias in node.names}
        for name, node in _definitions(tree):
            used = _names(node) if isinstance(node, ast.expr) else _names_around(node) | scopes.get(name, set())
            uses[name] = (node, used)
    found: set[str] = set()
    waiting, seen = list(functions), set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in uses:
            continue
        seen.add(name)
        node, used = uses[name]
        waiting += used
        found |= {one for one in used if _home(origin.get(one, ""), libraries)}
        for inner in ast.walk(node):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                homes = [getattr(inner, "module", None) or alias.name for alias in inner.names]
            elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                homes = [inner.value]  # importlib.import_module("sklearn")
            else:
                continue
            found |= {home for home in homes if _home(home, libraries)}
    return tuple(sorted(found))


def _home(name: str, libraries: Sequence[str]) -> bool:
    return name.split(".")[0] in libraries


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """What a cell defines for other cells: functions, classes, assigned values."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            yield from ((name.id, node.value) for name in node.targets if isinstance(name, ast.Name))
        else:
            waiting += [inner for inner in ast.iter_child_nodes(node) if isinstance(inner, ast.stmt)]


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _names_around(node: ast.AST) -> set[str]:
    """Names that a definition uses outside of its own scope: decorators, defaults, bases."""
    around: list[ast.AST | None] = [*getattr(node, "decorator_list", []), *getattr(node, "bases", [])]
    if arguments := getattr(node, "args", None):
        around += [*arguments.defaults, *arguments.kw_defaults]
    return set().union(*(_names(one) for one in around if one is not None))


def _globals_of(table: symtable.SymbolTable) -> set[str]:
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return own.union(*(_globals_of(child) for child in table.get_children()))


def _read(text: str) -> tuple[ast.Module, dict[str, set[str]]]:
    """A cell's tree, and the global names that each of its functions and classes uses."""
    for attempt in (text, "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(("%", "!")))):
        try:
            scopes = symtable.symtable(attempt, "cell", "exec").get_children()
            return ast.parse(attempt), {scope.get_name(): _globals_of(scope) for scope in scopes}
        except (SyntaxError, ValueError):  # magics, or a cell that never ran
            continue
    return ast.Module([], []), {}
