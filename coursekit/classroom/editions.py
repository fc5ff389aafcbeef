"""The student edition: the course as students may see it, without a solution or a hidden check."""

from __future__ import annotations

import shutil
from pathlib import Path

import coursekit

EDITION_FOLDER = "_edition"
"""Where the wheel carries the student edition, inside the package."""

ASSIGNMENT_FOLDERS = ("labs", "quizzes")
OPEN_FOLDERS = ("lectures", "project_template")


def repository_root() -> Path | None:
    """Find the instructors' repository that this coursekit was installed from.

    The same command has to work for an author, whose notebooks lie beside the package, and for
    a student, who has a wheel; this tells the two apart.

    Returns
    -------
    Path or None
        The folder that holds ``lectures/`` and ``labs/``, or None in an installed wheel.

    Examples
    --------
    >>> root = repository_root()
    >>> root is None or (root / "lectures").is_dir()
    True
    """
    root = Path(coursekit.__file__).resolve().parent.parent
    return root if (root / "lectures").is_dir() and (root / "labs").is_dir() else None


def open_folder(name: str) -> Path:
    """Find a folder of the course that everyone may read, in the repository or in a wheel.

    Templates, rubrics and timelines are files that an instructor edits, not code; commands read
    them from where the course lies.

    Parameters
    ----------
    name
        ``lectures`` or ``project_template``.

    Raises
    ------
    FileNotFoundError
        If this installation has the library alone.

    Examples
    --------
    >>> open_folder("project_template").name
    'project_template'
    """
    root = repository_root() or Path(coursekit.__file__).resolve().parent / EDITION_FOLDER
    if not (root / name).is_dir():
        raise FileNotFoundError(
            f"this installation of coursekit has no {name}: install the wheel that `make dist` builds, "
            "or run from the course repository"
        )
    return root / name


def build_edition(source: Path, destination: Path) -> list[Path]:
    """Write the student edition of a course repository into an empty folder.

    What a student gets must be what was proven not to leak: labs and quizzes pass through the
    same release as a class's assignments, and the result is scanned before it stands under its
    name. A build that fails leaves no folder behind.

    Parameters
    ----------
    source
        The instructors' repository (``lectures/``, ``labs/``, ``quizzes/``, ``project_template/``).
    destination
        A folder that does not exist yet.

    Returns
    -------
    list of Path
        What was written, relative to ``destination``.

    Raises
    ------
    FileNotFoundError
        If ``source`` is no course repository.
    FileExistsError
        If ``destination`` exists.
    coursekit.classroom.releases.ReleaseError
        If a source notebook is faulty or a release would leak.

    Examples
    --------
    >>> build_edition(Path("/nowhere"), Path("edition"))
    Traceback (most recent call last):
    ...
    FileNotFoundError: /nowhere has no lectures/ and labs/: give the course repository
    """
    from coursekit.classroom import releases

    if not (source / "lectures").is_dir() or not (source / "labs").is_dir():
        raise FileNotFoundError(f"{source} has no lectures/ and labs/: give the course repository")
    if destination.exists():
        raise FileExistsError(f"{destination} exists: remove it or choose another folder")
    building = destination.with_name(destination.name + ".building")
    shutil.rmtree(building, ignore_errors=True)
    try:
        for folder in OPEN_FOLDERS:
            if (source / folder).is_dir():
                shutil.copytree(source / folder, building / folder, ignore=_ignored)
        assignments = list(assignment_sources(source))
        for assignment in assignments:
            releases.release(assignment, building / assignment.relative_to(source))
        findings = releases.scan(building, assignments)
        if findings:
            raise releases.ReleaseError("the student edition would leak:\n" + "\n".join(map(str, findings)))
        building.rename(destination)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return sorted(path.relative_to(destination) for path in destination.rglob("*") if path.is_file())


def assignment_sources(source: Path) -> list[Path]:
    """List the labs and quizzes of a repository, each a folder with a notebook of its own name.

    Whatever walks over the assignments (the edition, the contract tests, the demo class) must
    mean the same set, or one of them silently guards less than the others.

    Parameters
    ----------
    source
        The course repository.

    Examples
    --------
    >>> assignment_sources(Path("/nowhere"))
    []
    """
    return sorted(
        folder
        for kind in ASSIGNMENT_FOLDERS
        for folder in (source / kind).glob("*")
        if (folder / f"{folder.name}.ipynb").is_file()
    )


def _ignored(folder: str, names: list[str]) -> set[str]:
    """Leave out caches and hidden files, but for the .gitignore that a team's repository begins with."""
    return {name for name in names if name == "__pycache__" or (name.startswith(".") and name != ".gitignore")}
