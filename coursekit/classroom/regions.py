"""Which lines of a cell are public, which are solution, which are hidden tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

BEGIN_SOLUTION = "### BEGIN SOLUTION"
END_SOLUTION = "### END SOLUTION"
BEGIN_HIDDEN = "### BEGIN HIDDEN TESTS"
END_HIDDEN = "### END HIDDEN TESTS"
MARKERS = {
    BEGIN_SOLUTION: ("begin", "solution"),
    END_SOLUTION: ("end", "solution"),
    BEGIN_HIDDEN: ("begin", "hidden"),
    END_HIDDEN: ("end", "hidden"),
}
"""Every marker, with what it does to which kind of region."""

_LOOKS_ALIKE = 0.8  # "BEGIN SOLUTOIN" 0.93, "START SOLUTION" 0.82; "BEGIN SECTION" 0.74, "SOLUTION" 0.73


@dataclass(frozen=True)
class Line:
    """A line of a cell and the kind of region it stands in.

    Everything that must agree on what is secret (the release, the leak scan, the contract
    tests) reads cells through this one reading, so that a marker never means two things.

    Examples
    --------
    >>> Line(1, "x = 1", "public").kind
    'public'
    """

    number: int
    """Position in the cell, from 1."""
    text: str
    """The line as written."""
    kind: str
    """``public``, ``solution``, ``hidden`` or ``marker``."""


def read_lines(source: str) -> Iterator[Line]:
    r"""Label every line of a cell as public, solution, hidden or marker.

    Only exact markers count; what nearly is one stays public here, because that is what
    nbgrader would release, and :func:`nearly_a_marker` names it.

    Parameters
    ----------
    source
        The cell's text.

    Examples
    --------
    >>> text = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    >>> [line.kind for line in read_lines(text)]
    ['public', 'marker', 'solution', 'marker']
    """
    region = "public"
    for number, text in enumerate(source.split("\n"), start=1):
        marker = MARKERS.get(text.strip())
        if marker is None:
            yield Line(number, text, region)
            continue
        yield Line(number, text, "marker")
        region = marker[1] if marker[0] == "begin" else "public"


def without_markers(source: str) -> str:
    r"""Give the cell as the author runs it, the marker lines removed.

    The reference solution that is graded must be the text that is kept secret, not a second
    copy of it.

    Parameters
    ----------
    source
        The cell's text.

    Examples
    --------
    >>> without_markers("### BEGIN SOLUTION\nanswer_1 = 'b'\n### END SOLUTION")
    "answer_1 = 'b'"
    """
    return "\n".join(line.text for line in read_lines(source) if line.kind != "marker")


def public_part(source: str) -> str:
    r"""Give the lines that are neither solution, hidden test nor marker.

    Parsing a test cell as students see it needs exactly these lines: a cell may end in a
    statement in full and in an expression once its hidden part is cut away.

    Parameters
    ----------
    source
        The cell's text.

    Examples
    --------
    >>> public_part("f(1)\n### BEGIN HIDDEN TESTS\nassert f(2)\n### END HIDDEN TESTS")
    'f(1)'
    """
    return "\n".join(line.text for line in read_lines(source) if line.kind == "public")


def nearly_a_marker(text: str) -> str | None:
    """Name the marker that a line was probably meant to be, or None.

    nbgrader looks for ``BEGIN SOLUTION`` letter by letter and releases everything else: one
    swapped letter publishes the answer without a word.

    Parameters
    ----------
    text
        One line.

    Examples
    --------
    >>> nearly_a_marker("    ### BEGIN SOLUTOIN")
    '### BEGIN SOLUTION'
    >>> nearly_a_marker("### begin hidden test")
    '### BEGIN HIDDEN TESTS'
    >>> nearly_a_marker("### BEGIN SOLUTION") is None
    True
    >>> nearly_a_marker("# the end of the stream") is None
    True
    """
    stripped = text.strip()
    if stripped in MARKERS:
        return None
    for marker in MARKERS:
        if marker.strip("# ") in text:  # nbgrader acts on these words anywhere in a line
            return marker
    if not stripped.startswith("#") and not re.fullmatch(r"[\W_]*([A-Z]+[\W_]+){1,3}[A-Z]+[\W_]*", stripped):
        return None
    words = re.sub(r"[^A-Z]+", " ", stripped.upper()).strip()
    likeness = {marker: SequenceMatcher(None, words, marker.strip("# "), autojunk=False).ratio() for marker in MARKERS}
    best = max(likeness, key=lambda marker: likeness[marker])
    return best if likeness[best] >= _LOOKS_ALIKE else None
