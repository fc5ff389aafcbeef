"""Does a folder hold anything that students must not see? Solutions, hidden checks, variants."""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from coursekit.classroom.judging.checks import FILE
from coursekit.classroom.markers import cell_label, is_private
from coursekit.classroom.regions import MARKERS, nearly_a_marker

_SHORTEST = 12  # characters without blanks; below it, lines coincide ("return total")
_WITHIN = 24  # from this length a secret line is also found inside a longer line
_BLOCK_SHARE = 0.6  # elsewhere than in its own release, a block leaks when this share of it is found
_BLOCK_LINES = 3

_NOTHING_TOLD = re.compile(
    r"^(import |from \S+ import |def |class |@|return \w+$|raise NotImplementedError|else:|try:|pass$"
    r"|[A-Za-z_]\w*,$)"  # a name of an import over several lines
)


@dataclass(frozen=True)
class Leak:
    """A place where students would read what is kept from them.

    Naming the line turns "the release was refused" into a two-minute repair.

    Examples
    --------
    >>> print(Leak("lab01.ipynb", "a solution line of solution_mean", "return sum(x) / len(x)"))
    lab01.ipynb holds a solution line of solution_mean: 'return sum(x) / len(x)'
    """

    file: str
    """Path relative to the scanned folder."""
    what: str
    """What kind of secret it is, and whose."""
    line: str
    """The line or the name that gives it away."""

    def __str__(self) -> str:
        return f"{self.file} holds {self.what}: {self.line!r}"


@dataclass(frozen=True)
class Secret:
    """One connected piece of text that is never released.

    A piece is kept whole because a single line may be an idiom that stands anywhere, while most
    of a solution's lines together are the solution.

    Examples
    --------
    >>> Secret("a solution line of solution_mean", ("return sum(x) / len(x)",)).lines
    ('return sum(x) / len(x)',)
    """

    what: str
    """What it is and which cell it belongs to."""
    lines: tuple[str, ...]
    """Its telling lines, as written."""


def scan(folder: Path, sources: Iterable[Path]) -> tuple[Leak, ...]:
    """Search a folder for anything that the source assignments keep from students.

    A release is believed only after a search that knows nothing of how it was made. In an
    assignment's own release (the folder with its notebook) a single telling line is a leak, and
    so is any file that does not belong there. Elsewhere (lectures, the library) a line may
    coincide with a solution's; there a leak is a block of which most lines are found. Notebooks
    are read string by string, outputs and metadata too, and archives are opened.

    Parameters
    ----------
    folder
        A release, a student edition, or an unpacked wheel.
    sources
        Source folders of the assignments whose secrets are searched for.

    Returns
    -------
    tuple of Leak
        Empty if nothing was found.

    Raises
    ------
    FileNotFoundError
        If ``folder`` does not exist: a scan of nothing must not pass.

    Examples
    --------
    >>> scan(Path("/nowhere"), [])
    Traceback (most recent call last):
    ...
    FileNotFoundError: /nowhere does not exist: nothing was scanned
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} does not exist: nothing was scanned")
    sources = list(sources)
    files = sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    texts = {path: list(_texts(path.name, path.read_bytes())) for path in files if path.is_file()}
    leaks: list[Leak] = []
    for path, lines in texts.items():
        leaks += _marker_leaks(str(path.relative_to(folder)), lines)
    for source in sources:
        secrets, public = secrets_of(source)
        homes = {path.parent for path in files if path.name == f"{source.name}.ipynb"}
        for home in homes:
            leaks += _extra_files(folder, home, source, files)
        for path, lines in texts.items():
            name = str(path.relative_to(folder))
            at_home = any(home in path.parents for home in homes)
            leaks += _line_leaks(name, lines, secrets, public) if at_home else _block_leaks(name, lines, secrets)
        variants = {path.name for path in (source / "variants").glob("*.py")}
        leaks += [
            Leak(str(path.relative_to(folder)), f"a variant of {source.name}", path.name)
            for path in files
            if path.name in variants and path.parent.name == "variants"
        ]
    return tuple(dict.fromkeys(leaks))


def secrets_of(source: Path) -> tuple[tuple[Secret, ...], frozenset[str]]:
    """Collect what an assignment keeps from students, and the code lines it shows on purpose.

    Markers are read leniently here: what an author meant as a solution is secret even where the
    marker is misspelt, so that the scan does not share the release's blind spot.

    Parameters
    ----------
    source
        The source folder.

    Returns
    -------
    tuple
        The secrets, and the normalised public code lines.

    Examples
    --------
    >>> secrets_of(Path("/nowhere"))
    ((), frozenset())
    """
    path = source / f"{source.name}.ipynb"
    secrets: list[Secret] = []
    public: set[str] = set()
    cells = nbformat.read(path, as_version=4).cells if path.is_file() else []
    for cell in cells:
        answer = cell.metadata.get("nbgrader", {})
        for kind, lines in _regions(cell.source):
            if kind == "public":
                if cell.cell_type == "code":
                    public.update(normalised(line) for line in lines)
                continue
            told = tuple(line.strip() for line in lines if tells_something(line))
            name = "a solution line" if kind == "solution" else "a hidden test"
            secrets.append(Secret(f"{name} of {cell_label(cell)}", told))
        if cell.cell_type == "markdown" and answer.get("solution"):
            told = tuple(line.strip() for line in cell.source.split("\n") if tells_something(line))
            secrets.append(Secret(f"the model answer of {cell_label(cell)}", told))
    secrets += _check_secrets(source / FILE)
    for variant in sorted((source / "variants").glob("*.py")):
        told = tuple(line.strip() for line in variant.read_text(encoding="utf-8").split("\n") if tells_something(line))
        secrets.append(Secret(f"a line of {variant.name}", told))
    return tuple(secret for secret in secrets if secret.lines), frozenset(public)


def _check_secrets(path: Path) -> Iterator[Secret]:
    """The hidden checks, one secret a function or table; a file that does not parse is one secret."""
    if not path.is_file():
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = text.split("\n")
    try:
        blocks = [(node.lineno, node.end_lineno or node.lineno, _name_of(node)) for node in ast.parse(text).body]
    except (SyntaxError, ValueError):
        blocks = [(1, len(lines), FILE)]
    for first, last, name in blocks:
        told = tuple(line.strip() for line in lines[first - 1 : last] if tells_something(line))
        yield Secret(f"a hidden check's line of {name}", told)


def _name_of(node: ast.stmt) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node
    return str(getattr(target, "name", getattr(target, "id", FILE)))


def normalised(line: str) -> str:
    """Give a line without blanks and trailing comment: what stays when it is reformatted.

    A leaked solution is still leaked after a formatter ran over it.

    Parameters
    ----------
    line
        A line of code or prose.

    Examples
    --------
    >>> normalised("    total = sum( x )  # all of them")
    'total=sum(x)'
    """
    return re.sub(r"\s+", "", re.sub(r"(?<=\S)\s+#\s.*$", "", line))


def tells_something(line: str) -> bool:
    """Whether a line says enough that finding it elsewhere is no coincidence.

    ``return total`` stands in every program; a scan that cries at it is switched off.

    Parameters
    ----------
    line
        A line of code or prose.

    Examples
    --------
    >>> tells_something("return counts.argmax(axis=1) + 1"), tells_something("import numpy as np")
    (True, False)
    """
    stripped = line.strip()
    if stripped in MARKERS or _NOTHING_TOLD.match(stripped) or stripped.startswith("#"):
        return False
    return len(normalised(stripped)) >= _SHORTEST


def _regions(source: str) -> Iterator[tuple[str, list[str]]]:
    """Connected regions of a cell; a nearly right marker counts as what it was meant to be."""
    kind, lines = "public", []
    for text in source.split("\n"):
        marker = text.strip() if text.strip() in MARKERS else nearly_a_marker(text)
        if marker is None:
            lines.append(text)
            continue
        yield kind, lines
        action, region = MARKERS[marker]
        kind, lines = (region if action == "begin" else "public"), []
    yield kind, lines


def _texts(name: str, raw: bytes, *, depth: int = 0) -> Iterator[str]:
    """Every line of text in a file: of each string of a notebook, of each member of an archive."""
    if name.endswith((".zip", ".whl")) and depth < 2 and zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for member in archive.infolist():
                yield from _texts(member.filename, archive.read(member), depth=depth + 1)
        return
    text = raw.decode("utf-8", errors="replace")
    if name.endswith((".ipynb", ".json")):
        try:
            strings: Iterable[str] = _strings(json.loads(text))
        except (ValueError, RecursionError):
            strings = [text]
    else:
        strings = [text]
    for string in strings:
        # A quoted source, as in a repr or a traceback, carries its line breaks as two characters;
        # a program does so wherever it names a marker.
        unquoted = string if name.endswith(".py") else string.replace("\\n", "\n")
        yield from unquoted.split("\n")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        if value and all(isinstance(inner, str) for inner in value):
            yield "".join(value)  # nbformat's multi-line strings
        else:
            for inner in value:
                yield from _strings(inner)


def _marker_leaks(name: str, lines: Sequence[str]) -> Iterator[Leak]:
    for line in lines:
        if line.strip() in MARKERS or (name.endswith(".ipynb") and nearly_a_marker(line)):
            yield Leak(name, "a marker", line.strip())


def _line_leaks(name: str, lines: Sequence[str], secrets: Sequence[Secret], public: frozenset[str]) -> Iterator[Leak]:
    present = {normalised(line) for line in lines}
    joined = "\n".join(present)
    for secret in secrets:
        for line in secret.lines:
            text = normalised(line)
            if text in public:
                continue
            if text in present or (len(text) >= _WITHIN and text in joined):
                yield Leak(name, secret.what, line)


def _block_leaks(name: str, lines: Sequence[str], secrets: Sequence[Secret]) -> Iterator[Leak]:
    present = {normalised(line) for line in lines}
    for secret in secrets:
        told = {normalised(line): line for line in secret.lines}
        found = [line for text, line in told.items() if text in present]
        if len(found) >= max(_BLOCK_LINES, _BLOCK_SHARE * len(told)):
            yield Leak(name, f"{len(found)} of {len(told)} lines, {secret.what}", found[0])


def _extra_files(folder: Path, home: Path, source: Path, files: Sequence[Path]) -> Iterator[Leak]:
    for path in files:
        if home not in path.parents:
            continue
        inside = path.relative_to(home)
        if is_private(inside) or path.is_symlink() or not (source / inside).is_file():
            yield Leak(str(path.relative_to(folder)), f"a file that does not belong into {source.name}", path.name)
