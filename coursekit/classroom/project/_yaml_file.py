"""YAML files that people write: small, one value per key, told with the line where they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_LARGEST = 1_000_000  # bytes; a rubric has some ten thousand


class _OneValuePerKey(yaml.SafeLoader):
    """YAML lets the last of two equal keys win in silence; here that is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands twice", problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds one mapping; raise ValueError with the file, the line and what is wrong."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}); name a YAML file") from None
    if len(raw) > _LARGEST:
        raise ValueError(f"{path.name}: is larger than {_LARGEST:,} bytes, which no such file is")
    try:
        content = yaml.load(raw.decode("utf-8-sig"), _OneValuePerKey)
    except UnicodeDecodeError:
        raise ValueError(f"{path.name}: is not UTF-8; save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise ValueError(f"{path.name}{where}: is no YAML: {getattr(error, 'problem', None) or error}") from None
    except (RecursionError, ValueError) as error:  # nested without end; a date that no calendar has
        raise ValueError(f"{path.name}: is no YAML that can be used: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path.name}: is no mapping; write `name: value` lines")
    return content
