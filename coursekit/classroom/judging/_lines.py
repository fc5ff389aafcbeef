"""How a judge's requests reach the student's code: on the spot, or over a wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from coursekit.classroom.judging.plain_data import Tree
from coursekit.classroom.judging.responding import Responder


class Line(Protocol):
    """How requests reach the student's code: on the spot, or in a sandbox."""

    def request(self, message: dict[str, Tree]) -> dict[str, Tree]:
        """Send a request of plain data, return the reply."""

    def sources(self) -> list[str]:
        """The cells that the student could edit, in their order."""


class OnTheSpot:
    """Calls within one process: JupyterLab, ``coursekit check``, plain nbgrader.

    Examples
    --------
    >>> OnTheSpot({"f": abs}).request({"do": "call", "of": ["f"], "values": [-1], "named": {}})
    {'value': 1}
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._responder = Responder(namespace)

    def request(self, message: dict[str, Tree]) -> dict[str, Tree]:
        """Answer from the namespace; what the student's code writes on stderr costs nothing."""
        import contextlib
        import io
        import warnings

        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            return self._responder.answer(message)

    def sources(self) -> list[str]:
        """Every cell that was run in this session, as IPython kept it."""
        return [text for text in self._namespace.get("In", []) if isinstance(text, str)]
