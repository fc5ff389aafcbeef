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

    def answer(self, message: dict[str, Tree]) -> dict[str, Tree]:
        """Answer one request: ``has``, ``get`` or ``call``."""
        path = message["of"]
        if message["do"] == "has":
            return {"value": path[0] in self._namespace}
        try:
            found = self._find(path)
        except (KeyError, AttributeError, IndexError):
            return {"error": "NameError", "missing": True, "message": str(path[-1])}
        except Exception as error:  # a property may raise anything
            return _failure(error)
        if message["do"] == "get":
            return {"callable": True} if callable(found) else self._value(found)
        try:
            values = [unpack(value, resolve=self._resolve) for value in message["values"]]
            named = {name: unpack(value, resolve=self._resolve) for name, value in message["named"].items()}
            result = found(*values, **named)
        except Exception as error:
            return _failure(error)
        return {"value": self._keep(result)} if message.get("opaque") else self._value(result)

    def _find(self, path: list[Any]) -> Any:
        found = self._kept[path[0]] if isinstance(path[0], int) else self._namespace[path[0]]
        for name in path[1:]:
            found = getattr(found, name)
        return found

    def _resolve(self, tree: dict[str, Any]) -> Any:
        return self._kept[tree["id"]] if tree["type"] == "object" else self._find(tree["of"])

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
