"""YAML as people write it by hand: every value with its line, every key once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import yaml

_NUMBER = re.compile(r"[+-]?(\d[\d_]*)?(\.\d+)?")
_DEEPEST = 20


@dataclass(frozen=True)
class Value:
    """A value and the line where it stands."""

    line: int
    value: Any
    """A mapping of text to Value, a tuple of Values, or a text, Fraction, truth value or None."""

    def at(self, key: str) -> Value | None:
        """What stands under a key, if this is a mapping that has it."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def names(self) -> Iterator[str]:
        """The keys, in the order in which they were written."""
        return iter(self.value) if isinstance(self.value, dict) else iter(())


def parse(text: str, *, file: str, problems: list[str]) -> Value | None:
    """Read YAML; what is wrong with it is added to the problems.

    Numbers become fractions of what was written, so that 33.3 + 33.3 + 33.4 is 100. YAML itself lets a
    second "quizzes:" silently take the first one's place; here it is a problem.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problems.append(f"{file}{where}: is no YAML: {getattr(error, 'problem', None) or error}")
        return None
    except (RecursionError, ValueError) as error:
        problems.append(f"{file}: is no YAML that can be read: {error}")
        return None
    return Value(1, None) if node is None else _value(node, file, problems, 0)


def _value(node: yaml.Node, file: str, problems: list[str], depth: int) -> Value:
    line = node.start_mark.line + 1
    if depth > _DEEPEST:
        problems.append(f"{file}, line {line}: is nested too deeply")
        return Value(line, None)
    if isinstance(node, yaml.SequenceNode):
        return Value(line, tuple(_value(one, file, problems, depth + 1) for one in node.value))
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Value] = {}
        for key_node, value_node in node.value:
            at = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                problems.append(f"{file}, line {at}: a key has to be a text")
                continue
            key = str(key_node.value)  # as written: "no" and "on" are texts here
            if key in found:
                problems.append(
                    f"{file}, line {at}: {key} stands there a second time (first in line {found[key].line})"
                )
                continue
            inside = _value(value_node, file, problems, depth + 1)
            found[key] = Value(at, inside.value)
        return Value(line, found)
    return Value(line, _scalar(node, file, problems, line))


def _scalar(node: Any, file: str, problems: list[str], line: int) -> str | Fraction | bool | None:
    text, tag = str(node.value), node.tag.rpartition(":")[2]
    if tag == "null":
        return None
    if tag == "bool":
        return text.casefold() in ("true", "yes", "on")
    if tag in ("int", "float"):
        if _NUMBER.fullmatch(text) and any(map(str.isdigit, text)):
            return Fraction(text.replace("_", ""))
        problems.append(f"{file}, line {line}: {text!r} is no plain number")
        return None
    return text


def told(value: Any) -> str:
    """A value as a message shows it."""
    if isinstance(value, Fraction):
        return f"{float(value):g}"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, tuple) else repr(value)
