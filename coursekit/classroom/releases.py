"""From a source notebook to what students get: the release, and the proof that it leaks nothing."""

from __future__ import annotations

import copy
import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat

from coursekit.classroom.leaks import Leak, scan
from coursekit.classroom.markers import check_source, is_private

__all__ = ["Leak", "ReleaseError", "copy_public", "release", "release_notebook", "release_steps", "scan"]

CODE_STUB = "# 여기에 답을 쓰세요\nraise NotImplementedError()"
TEXT_STUB = "여기에 답을 쓰세요."


class ReleaseError(ValueError):
    """A source that may not be released, or a release that would leak; the text lists every finding."""


def release_steps(*, gradebook: bool) -> list[type]:
    """Give nbgrader's preprocessors that turn a source notebook into a release, in order.

    One list serves the class directory (which records the cells in the gradebook) and the
    student edition (which has none); a release means the same thing in both. nbgrader's
    IncludeHeaderFooter is left out: it puts an English name header on every notebook.

    Parameters
    ----------
    gradebook
        Whether the step that records cells in a gradebook is part of it.

    Examples
    --------
    >>> [step.__name__ for step in release_steps(gradebook=False)][:3]
    ['LockCells', 'ClearSolutions', 'ClearOutput']
    """
    from nbgrader import preprocessors as steps

    before = [steps.LockCells, steps.ClearSolutions, steps.ClearOutput, steps.CheckCellMetadata, steps.ComputeChecksums]
    after = [steps.ClearHiddenTests, steps.ClearMarkScheme, steps.ComputeChecksums, steps.CheckCellMetadata]
    # The gradebook keeps the hidden tests, so it must see the cells before they are cut.
    return [*before, *([steps.SaveCells] if gradebook else []), *after]


def release_notebook(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    r"""Give the notebook as students get it: stubs for solutions, no hidden test, cells locked.

    The student edition, the class and the contract tests all use this one meaning of a release.

    Parameters
    ----------
    notebook
        The source; it is not changed.

    Raises
    ------
    ReleaseError
        If nbgrader refuses the notebook.

    Examples
    --------
    >>> cell = nbformat.v4.new_code_cell("### BEGIN SOLUTION\nanswer_1 = 'b'\n### END SOLUTION", id="a1")
    >>> cell.metadata.nbgrader = {"schema_version": 3, "grade": False, "solution": True, "locked": False,
    ...                           "task": False, "grade_id": "solution_1"}
    >>> print(release_notebook(nbformat.v4.new_notebook(cells=[cell])).cells[0].source)
    # 여기에 답을 쓰세요
    raise NotImplementedError()
    """
    from coursekit.classroom.settings import nbgrader_config

    released: Any = copy.deepcopy(notebook)
    resources: dict[str, Any] = {}
    config = nbgrader_config()
    for step in release_steps(gradebook=False):
        try:
            released, resources = step(config=config)(released, resources)
        except Exception as error:  # nbgrader raises RuntimeError, ValidationError, KeyError alike
            raise ReleaseError(f"{step.__name__} refuses the notebook: {error}") from error
    return released


def release(source: Path, destination: Path) -> list[Path]:
    """Write an assignment as students get it, or nothing at all.

    Refuses a source with any finding of the marker check, and a result in which the scan finds
    a solution, a hidden test, a variant or a file too many.

    Parameters
    ----------
    source
        ``labs/<name>`` or ``quizzes/<name>``.
    destination
        Folder of the release; it must not exist.

    Returns
    -------
    list of Path
        The files of the release, relative to ``destination``.

    Raises
    ------
    FileExistsError
        If ``destination`` exists.
    ReleaseError
        If the source is faulty or the release would leak.

    Examples
    --------
    >>> release(Path("/nowhere/lab01"), Path("/tmp"))
    Traceback (most recent call last):
    ...
    FileExistsError: /tmp exists: remove it or choose another folder
    """
    if destination.exists():
        raise FileExistsError(f"{destination} exists: remove it or choose another folder")
    refuse_faulty(source)
    destination.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{destination.name}.", dir=destination.parent))
    try:
        copy_public(source, building)
        name = f"{source.name}.ipynb"
        released = release_notebook(nbformat.read(source / name, as_version=4))
        nbformat.write(released, building / name)
        refuse_leaking(building, source)
        building.chmod(0o755)
        building.rename(destination)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return sorted(path.relative_to(destination) for path in destination.rglob("*") if path.is_file())


def refuse_faulty(source: Path) -> None:
    """Raise ReleaseError, with every finding, if a source may not be released.

    A release that "mostly" worked is the one that leaks; there is no option to go on.

    Parameters
    ----------
    source
        The source folder.

    Raises
    ------
    ReleaseError
        If the marker check finds anything.

    Examples
    --------
    >>> refuse_faulty(Path("/nowhere/lab01"))
    Traceback (most recent call last):
    ...
    FileNotFoundError: /nowhere/lab01/lab01.ipynb does not exist: an assignment is a folder with a notebook of its name
    """
    findings = check_source(source)
    if findings:
        raise ReleaseError(f"{source.name} may not be released:\n" + "\n".join(map(str, findings)))


def refuse_leaking(folder: Path, source: Path) -> None:
    """Raise ReleaseError, with every leak, if a release shows what its source keeps.

    The search runs on the written files: what is scanned is what students download.

    Parameters
    ----------
    folder
        The release.
    source
        The source folder.

    Raises
    ------
    ReleaseError
        If the scan finds anything.

    Examples
    --------
    >>> import tempfile
    >>> refuse_leaking(Path(tempfile.mkdtemp()), Path("/nowhere"))
    """
    leaks = scan(folder, [source])
    if leaks:
        raise ReleaseError(f"{source.name} would leak:\n" + "\n".join(map(str, leaks)))


def copy_public(source: Path, destination: Path) -> None:
    """Copy an assignment's folder without what is private, the source notebook left out.

    What is private is decided here and in :func:`~coursekit.classroom.markers.is_private` alone.

    Parameters
    ----------
    source
        The source folder.
    destination
        An existing folder.

    Examples
    --------
    >>> import tempfile
    >>> copy_public(Path("/nowhere"), Path(tempfile.mkdtemp()))
    """
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        if path.is_file() and not is_private(inside) and inside != Path(f"{source.name}.ipynb"):
            (destination / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, destination / inside)
