"""Files that stand whole under their name, or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

UNFINISHED = ".writing-"
"""How the names of files begin that are not all there yet; a killed process leaves them behind."""


def write_whole(path: Path, content: bytes | str, *, private: bool = False, durable: bool = False) -> Path:
    """Write a file so that a crash or a full disk leaves the old one as it was.

    Students' work, grades and guesses are replaced, never truncated: the new content goes into
    a file beside, which takes the name only when all of it is there.

    Parameters
    ----------
    path
        The file; missing folders above it are made.
    content
        Its bytes, or its text (written as UTF-8).
    private
        Whether only the owner may read it.
    durable
        Whether it must be there after a loss of power too, which takes milliseconds more.

    Returns
    -------
    Path
        ``path``.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_whole(folder / "notes" / "a.md", "첫째").read_text(encoding="utf-8")
    '첫째'
    >>> [file.name for file in (folder / "notes").iterdir()]
    ['a.md']
    """
    write_contents({path: content}, private=private, durable=durable)
    return path


def write_contents(files: Mapping[Path, bytes | str], *, private: bool = False, durable: bool = False) -> None:
    """Write several files of known content, all or none.

    A report as page, as table and as JSON belongs together: one of them from an older run misleads.

    Parameters
    ----------
    files
        The bytes, or the text (written as UTF-8), by path.
    private
        Whether only the owner may read them.
    durable
        Whether they must be there after a loss of power too.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_contents({folder / "a.md": "첫째", folder / "b.md": "둘째"})
    >>> (folder / "b.md").read_text(encoding="utf-8")
    '둘째'
    """

    def writer(content: bytes | str) -> Callable[[BinaryIO], object]:
        whole = content.encode("utf-8") if isinstance(content, str) else content
        return lambda file: file.write(whole)

    together = {path: writer(content) for path, content in files.items()}
    write_together(together, private=private, durable=durable)


def write_together(
    files: Mapping[Path, Callable[[BinaryIO], object]], *, private: bool = False, durable: bool = False
) -> None:
    """Write files that take their names when all of them are there.

    A batch of three days must not leave one day behind when the disk is full. A process that is
    killed leaves at most files that no reader looks at (or, between two renames, some of the files,
    each of them whole). With ``durable`` a machine that loses power keeps what was reported as
    written: files and names are on the disk before this returns.

    Parameters
    ----------
    files
        For each path a function that writes the content into an open binary file; missing
        folders above the paths are made.
    private
        Whether only the owner may read them.
    durable
        Whether they must be there after a loss of power too.

    Raises
    ------
    IsADirectoryError
        If a path is a folder; then nothing is written.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_together({folder / name: lambda file: file.write(b"all") for name in ("a", "b")})
    >>> sorted(file.name for file in folder.iterdir())
    ['a', 'b']
    """
    for path in files:
        if path.is_dir():  # or the files before it would have their names already
            raise IsADirectoryError(f"{path} is a folder: give the name of a file")
    unfinished: dict[Path, Path] = {}
    try:
        for path, write in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
            unfinished[path] = Path(name)
            with os.fdopen(handle, "wb") as file:
                write(file)
                if not private:
                    Path(name).chmod(0o644)  # made readable for its owner alone
                if durable:
                    file.flush()
                    os.fsync(handle)
        for path, written in unfinished.items():
            written.replace(path)
    except BaseException:  # an interrupt too must not leave a file behind
        for written in unfinished.values():
            written.unlink(missing_ok=True)
        raise
    if durable:
        for folder in {path.parent for path in files}:
            _sync_names(folder)


def _sync_names(folder: Path) -> None:
    """Make names durable: those of new files, and of the folder and the one above it, which may be new too."""
    for place in (folder, folder.parent, folder.parent.parent):
        with contextlib.suppress(OSError):  # Windows opens no folders
            handle = os.open(place, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
