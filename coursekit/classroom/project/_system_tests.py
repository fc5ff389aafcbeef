"""What a team's tests proved: counted from pytest's own report, without those that cannot fail."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

_LARGEST = 20_000_000


@dataclass(frozen=True)
class Counted:
    """How many tests there were, and what became of them."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    hollow: tuple[str, ...] = ()
    """Names of tests that passed and check nothing."""
    failures: tuple[str, ...] = ()
    """Names of tests that failed."""

    @property
    def proving(self) -> int:
        return self.passed - len(self.hollow)


def read_report(path: Path, folder: Path) -> Counted | None:
    """Count from a report in JUnit's form; None if there is none that can be read."""
    from xml.etree.ElementTree import ParseError

    import defusedxml.ElementTree
    from defusedxml import DefusedXmlException

    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        root = defusedxml.ElementTree.parse(path).getroot()
    except (ParseError, DefusedXmlException, OSError, ValueError, LookupError):  # the tests may have written it
        return None
    empty = _hollow(folder)
    passed = skipped = 0
    hollow, failures = [], []
    for case in root.iter("testcase"):
        name = f"{case.get('classname', '')}.{case.get('name', '')}".strip(".")
        results = {child.tag for child in case}
        if results & {"failure", "error"}:
            failures.append(name)
        elif "skipped" in results:  # what is expected to fail is reported so too
            skipped += 1
        else:
            passed += 1
            if re.sub(r"\[.*", "", name) in empty:
                hollow.append(name)
    return Counted(passed, len(failures), skipped, tuple(hollow), tuple(failures))


def _hollow(folder: Path) -> set[str]:
    """Dotted names of test functions that no program can fail."""
    found = set()
    for path in sorted(folder.rglob("*.py")):
        if path.is_symlink() or not re.match(r"(test_.*|.*_test)\.py\Z", path.name):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # pytest has told
        module = ".".join(path.relative_to(folder).with_suffix("").parts)
        found |= {f"{module}.{name}" for name in _functions(tree, "")}
    return found


def _functions(tree: ast.AST, prefix: str) -> set[str]:
    found = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            found |= _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and all(map(_says_nothing, node.body)):
            found.add(f"{prefix}{node.name}")
    return found


def _says_nothing(node: ast.stmt) -> bool:
    """Whether a statement can raise nothing: pass, a docstring, an assertion about constants alone."""
    if isinstance(node, ast.Pass):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assert):
        return not any(isinstance(part, ast.Name | ast.Call | ast.Attribute) for part in ast.walk(node.test))
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return isinstance(node.value, ast.Constant)
    return False
