"""Files that stand whole under their name, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes | str, *, private: bool = False) -> Path:
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
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
        if not private:
            Path(name).chmod(0o644)  # made readable for its owner alone
        Path(name).replace(path)
    except BaseException:  # an interrupt too must not leave a file behind
        Path(name).unlink(missing_ok=True)
        raise
    return path
