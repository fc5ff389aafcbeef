"""Every public class and function of coursekit keeps the conventions of CONTRIBUTING.md."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pandas as pd
import pytest

import coursekit

ROOT = Path(coursekit.__file__).parent
SECTIONS = ("Parameters", "Returns", "Yields", "Raises", "Examples", "References", "Notes", "See Also", "Attributes")
LIFECYCLE = ("data", "modeling", "deployment", "monitoring")


def _modules():
    yield "coursekit"
    for info in pkgutil.walk_packages([str(ROOT)], "coursekit."):
        if not any(part.startswith("_") for part in info.name.split(".")):
            yield info.name


MODULES = sorted(_modules())


def _public_objects():
    for name in MODULES:
        module = importlib.import_module(name)
        for attribute, thing in vars(module).items():
            defined_here = getattr(thing, "__module__", None) == name
            if defined_here and not attribute.startswith("_") and (inspect.isclass(thing) or inspect.isfunction(thing)):
                yield pytest.param(thing, id=f"{name}.{attribute}")


OBJECTS = list(_public_objects())
API = [p for p in OBJECTS if not p.id.startswith("coursekit.cli.")]


def _sections(doc: str) -> dict[str, str]:
    """The numpydoc sections of a docstring; what stands before the first is under ''."""
    pattern = rf"^({'|'.join(SECTIONS)})\n-{{3,}}\n"
    parts = re.split(pattern, doc, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def _parameters(thing) -> list[inspect.Parameter]:
    """The parameters a caller passes; a dataclass's fields carry their own docstrings instead."""
    if inspect.isclass(thing):
        if dataclasses.is_dataclass(thing) or issubclass(thing, BaseException) or "__init__" not in vars(thing):
            return []
        thing = thing.__init__
    return [p for p in inspect.signature(thing).parameters.values() if p.name != "self"]


def _explained_elsewhere(thing) -> bool:
    """An error is shown where it is raised, a result where it is computed."""
    return inspect.isclass(thing) and (issubclass(thing, BaseException) or dataclasses.is_dataclass(thing))


def test_something_is_discovered():
    assert len(API) > 20


@pytest.mark.parametrize("thing", API)
def test_first_line_is_one_claim(thing):
    first, *rest = (inspect.getdoc(thing) or "").split("\n")
    assert first, "no docstring"
    assert first.endswith((".", "?")), f"the first line is no sentence: {first!r}"
    assert len(first) <= 110, "the first line is too long for a list of functions"
    assert not rest or rest[0] == "", "the first line must stand alone"


@pytest.mark.parametrize("thing", API)
def test_docstring_says_why_and_documents_each_parameter(thing):
    sections = _sections(inspect.getdoc(thing) or "")
    assert _explained_elsewhere(thing) or len(sections[""].strip().split("\n\n")) >= 2, "a paragraph must say why"
    documented = [
        name.strip().lstrip("*")
        for line in sections.get("Parameters", "").split("\n")
        if line and not line[0].isspace()
        for name in line.split(":")[0].split(",")
    ]
    assert documented == [p.name for p in _parameters(thing)]


@pytest.mark.parametrize("thing", API)
def test_docstring_has_an_executed_example(thing):
    if _explained_elsewhere(thing):
        return
    assert ">>> " in _sections(inspect.getdoc(thing) or "").get("Examples", "")


@pytest.mark.parametrize("thing", API)
def test_errors_are_documented(thing):
    if inspect.isclass(thing):
        return  # their methods raise; the class's own text tells
    source = inspect.getsource(thing)
    if re.search(r"^\s+raise \w+(Error|Exception)?\(", source, flags=re.MULTILINE):
        assert "Raises" in _sections(inspect.getdoc(thing) or "")


@pytest.mark.parametrize("thing", API)
def test_options_are_keyword_only(thing):
    for position, parameter in enumerate(_parameters(thing)):
        positional = parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        if positional and parameter.default is not inspect.Parameter.empty:
            assert position == 0, f"{parameter.name} has a default and must be keyword-only"


@pytest.mark.parametrize("thing", API)
def test_public_methods_say_what_they_do(thing):
    if not inspect.isclass(thing):
        return
    for name, member in vars(thing).items():
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            assert inspect.getdoc(getattr(thing, name)), f"{thing.__name__}.{name} has no docstring"


@pytest.mark.parametrize("thing", [p for p in API if dataclasses.is_dataclass(p.values[0])])
def test_dataclasses_are_frozen_results(thing):
    assert thing.__dataclass_params__.frozen, "results do not change after the fact"
    tree = ast.parse(inspect.cleandoc(inspect.getsource(thing)))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    for field, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign):
            told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            assert told, f"{thing.__name__}.{field.target.id} has no docstring under it"


def _holds_tables(annotation, seen=()) -> bool:
    """Whether what is annotated so is an array or a table, or holds some: Mapping[str, np.ndarray], other results."""
    if inspect.isclass(annotation) and issubclass(annotation, np.ndarray | pd.DataFrame | pd.Series):
        return True
    inside = list(get_args(annotation))
    if dataclasses.is_dataclass(annotation) and annotation not in seen:
        seen = (*seen, annotation)
        inside += get_type_hints(annotation).values()
    return any(_holds_tables(part, seen) for part in inside)


TABLES = [p for p in API if dataclasses.is_dataclass(p.values[0]) and _holds_tables(p.values[0])]


def test_results_with_tables_are_discovered():
    """By annotation: an array, a table, a mapping of arrays, other results, and what is inherited."""
    found = {p.values[0].__name__ for p in TABLES}
    assert found >= {"Alarms", "DriftReport", "DailyDrift", "Comparison", "RefreshCosts", "RuleComparison"}
    assert "Interval" not in found


@pytest.mark.parametrize("thing", TABLES)
def test_results_with_tables_fit_a_line_or_two(thing):
    """A wall of numbers at the end of a cell buries the three that were asked for."""
    large = {np.ndarray: np.zeros(100_000), pd.DataFrame: pd.DataFrame(np.zeros((1_000, 30)))}
    result = object.__new__(thing)
    for name, annotation in get_type_hints(thing).items():
        value = next((large[kind] for kind in (annotation, *get_args(annotation)) if kind in large), 12_345)
        object.__setattr__(result, name, value)
    advice = "inherit from ShortRepr, with @dataclass(frozen=True, eq=False, repr=False)"
    assert not thing.__dataclass_params__.repr or "def __repr__(" in inspect.getsource(thing), advice
    assert thing.__repr__ is not object.__repr__, advice
    assert len(repr(result)) < 500, advice


@pytest.mark.parametrize("thing", [p for p in API if re.search(r"(Report|Comparison|Curve)$", p.id)])
def test_reports_can_be_tabulated_and_drawn(thing):
    if dataclasses.is_dataclass(thing):
        assert callable(thing.to_frame)
        assert callable(thing.plot)


PROBE = """
import json, os, sys, warnings
warnings.simplefilter("error", SyntaxWarning)
before = dict(os.environ)
import coursekit
light = sorted(sys.modules)
import importlib
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
heavy = [name for name in ("tensorflow", "tf_keras", "keras") if name in sys.modules]
pio = sys.modules.get("plotly.io")
print(json.dumps({"light": light, "heavy": heavy, "env": dict(os.environ) == before,
                  "template": pio.templates.default if pio else "plotly"}))
"""


def test_importing_does_nothing():
    """No TensorFlow, no environment touched, nothing printed, plotly's default left alone."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(MODULES)], capture_output=True, text=True, check=True
    )
    seen = json.loads(done.stdout)  # anything else printed breaks this
    assert done.stderr == ""
    assert seen["env"], "importing changed os.environ"
    assert seen["template"] == "plotly", "importing changed plotly's default template"
    assert seen["heavy"] == []


def test_import_coursekit_is_light():
    """The bar is 150 ms (make bench prints the time); what takes long is named here."""
    done = subprocess.run([sys.executable, "-c", PROBE, "[]"], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout)["light"])
    assert not loaded & {"numpy", "pandas", "plotly", "sklearn", "scipy", "tensorflow", "numba", "nbgrader", "rich"}


def _imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_layers(path):
    """Lifecycle packages know nothing of cases; classroom knows neither; nothing hides by relative import."""
    room = path.relative_to(ROOT).parts[0]
    forbidden = {
        **dict.fromkeys(LIFECYCLE, ("cases", "classroom", "explore")),
        "classroom": (*LIFECYCLE, "cases"),
        "explore": ("cases", "classroom"),
        "cases": ("classroom",),
    }.get(room, ())
    for name in _imports(path):
        assert not name.startswith(tuple(f"coursekit.{other}" for other in forbidden)), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_say_one_thing(path):
    assert not re.search(r"(^|_)(utils?|helpers?|misc|common)(_|$)", path.stem), "a name that says nothing"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450
