"""The student's side of a check: look a name up, call it, describe what it gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coursekit.classroom.judging.plain_data import NotPlainError, Tree, pack, unpack

_MESSAGE = 500


class Responder:
    """Answers a judge's requests from a namespace that a student filled.

    It is the only part of a check that runs beside the student's code; whatever that code does to
    it, the judge sees values and judges them.

    Parameters
    ----------
    namespace
        The names that the student's cells defined.

    Examples
    --------
    >>> Responder({"f": len}).answer({"do": "call", "of": ["f"], "values": [[1, 2]], "named": {}})
    {'value': 2}
    >>> Responder({}).answer({"do": "get", "of": ["f"]})["error"]
    'NameError'
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._kept: list[Any] = []
        self._snapshots: list[dict[str, Any]] = []

    def answer(self, message: dict[str, Tree]) -> dict[str, Tree]:
        """Answer one request: ``has``, ``get``, ``call``, or ``snapshot``, a view of the names as they are now."""
        if message["do"] == "snapshot":
            self._snapshots.append(dict(self._namespace))
            return {"value": len(self._snapshots) - 1}
        path, at = message["of"], message.get("at")
        names = self._namespace if at is None else self._snapshots[at]
        if message["do"] == "has":
            return {"value": path[0] in names}
        try:
            found = self._find(path, names)
        except (KeyError, AttributeError, IndexError):
            return {"error": "NameError", "missing": True, "message": str(path[-1])}
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a property may raise anything
            return _failure(error)
        if message["do"] == "get":
            return {"callable": True} if callable(found) else self._value(found)
        try:
            values = [unpack(value, resolve=self._resolve) for value in message["values"]]
            named = {name: unpack(value, resolve=self._resolve) for name, value in message["named"].items()}
            result = found(*values, **named)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: it would end more than this call
            return _failure(error)
        return {"value": self._keep(result)} if message.get("opaque") else self._value(result)

    def _find(self, path: list[Any], names: Mapping[str, Any]) -> Any:
        found = self._kept[path[0]] if isinstance(path[0], int) else names[path[0]]
        for name in path[1:]:
            found = getattr(found, name)
        return found

    def _resolve(self, tree: dict[str, Any]) -> Any:
        return self._kept[tree["id"]] if tree["type"] == "object" else self._find(tree["of"], self._namespace)

    def _value(self, value: Any) -> dict[str, Tree]:
        try:
            return {"value": pack(value, keep=self._keep)}
        except NotPlainError:
            return {"value": self._keep(value)}
        except Exception as error:
            return _failure(error)

    def _keep(self, value: Any) -> Tree:
        self._kept.append(value)
        return {"type": "object", "id": len(self._kept) - 1, "of": type(value).__name__}


def _failure(error: BaseException) -> dict[str, Tree]:
    try:
        message = str(error)[:_MESSAGE]
    except Exception:  # an exception's own text may raise
        message = ""
    return {"error": type(error).__name__, "message": message}
