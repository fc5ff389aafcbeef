"""Opening zip files that strangers made: what is inside, with readable names and within limits."""

from __future__ import annotations

import lzma
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO

_MOST_MEMBERS = 20_000
_LARGEST_MEMBER = 200_000_000
_LARGEST_TOTAL = 8_000_000_000
_LARGEST_NESTED = 400_000_000
_SUSPECT_RATIO = 200  # notebooks compress 3 to 30 times; a bomb a thousand times
_SUSPECT_SIZE = 20_000_000
_UNREADABLE = (  # what zipfile lets through from damaged members
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
)
_JUNK = ("__MACOSX", ".ipynb_checkpoints", "__pycache__")
_NO_TIME = datetime(1980, 1, 1)


class ArchiveError(ValueError):
    """A zip that may not be opened; the text says why."""


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Examples
    --------
    >>> Member("홍길동/lab01.ipynb", b"{}", None).path
    '홍길동/lab01.ipynb'
    """

    path: str
    """Its path inside, NFC, with ``/``; members of inner archives carry the inner archive's path."""
    content: bytes
    """The file."""
    modified: datetime | None
    """The archive's local time, if it has one."""


def members(file: IO[bytes], *, nested: bool = False) -> Iterator[Member]:
    """Read the files of a zip, one by one, after all of it was found harmless.

    Nothing is extracted to names that the zip chooses, so it cannot write outside; a path that
    tries to is refused all the same, because its author was up to something. Sizes are counted
    while reading: a header may lie.

    Parameters
    ----------
    file
        The zip, opened for reading.
    nested
        Whether it came out of another zip; limits are tighter then.

    Raises
    ------
    ArchiveError
        If it is no zip, is encrypted, holds a path that leads out of it or a symbolic link, or
        would grow beyond the limits.

    Examples
    --------
    >>> from io import BytesIO
    >>> list(members(BytesIO(b"PDF")))
    Traceback (most recent call last):
    ...
    coursekit.classroom.archives.ArchiveError: is no zip file
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ArchiveError("is no zip file") from error
    with archive:
        infos = archive.infolist()
        _refuse_harmful(infos, _LARGEST_NESTED if nested else _LARGEST_TOTAL)
        for info in infos:
            path = readable_name(info)
            if info.is_dir() or _is_junk(path):
                continue
            try:
                with archive.open(info) as stream:
                    content = stream.read(_LARGEST_MEMBER + 1)
            except _UNREADABLE as error:
                raise ArchiveError(f"{path} cannot be read ({error}): fetch the zip again") from error
            if len(content) > _LARGEST_MEMBER:
                raise ArchiveError(f"{path} is larger than it says (a zip bomb)")
            yield Member(path, content, _modified(info))


def readable_name(info: zipfile.ZipInfo) -> str:
    """Give a member's path as its author saw it.

    Windows writes Korean names in CP949 and says nothing about it; Python then reads CP437
    ("╚½▒µ╡┐"). macOS writes UTF-8 in pieces (NFD), sometimes without saying so either.

    Parameters
    ----------
    info
        The member.

    Examples
    --------
    >>> mangled = zipfile.ZipInfo("홍길동.ipynb".encode("cp949").decode("cp437"))
    >>> readable_name(mangled)
    '홍길동.ipynb'
    """
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            raw = name.encode("cp437")
        except UnicodeEncodeError:
            raw = b""  # written by Python, which sets the flag only when it writes
        for encoding in ("utf-8", "cp949") if raw else ():
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return unicodedata.normalize("NFC", name).replace("\\", "/")


def _refuse_harmful(infos: list[zipfile.ZipInfo], largest_total: int) -> None:
    if len(infos) > _MOST_MEMBERS:
        raise ArchiveError(f"holds {len(infos)} files, more than {_MOST_MEMBERS}")
    total = 0
    for info in infos:
        path = readable_name(info)
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or "\0" in path or path[1:2] == ":":
            raise ArchiveError(f"{path!r} leads out of the archive (zip slip)")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ArchiveError(f"{path!r} is a symbolic link")
        if info.flag_bits & 0x1:
            raise ArchiveError(f"{path!r} is encrypted")
        total += info.file_size
        ratio = info.file_size / max(1, info.compress_size)
        if info.file_size > _LARGEST_MEMBER or (info.file_size > _SUSPECT_SIZE and ratio > _SUSPECT_RATIO):
            raise ArchiveError(f"{path!r} grows to {info.file_size / 1e6:.0f} MB, {ratio:.0f} times (a zip bomb)")
    if total > largest_total:
        raise ArchiveError(f"grows to {total / 1e9:.1f} GB, more than {largest_total / 1e9:.1f} GB (a zip bomb)")


def _is_junk(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return any(part in _JUNK for part in parts) or parts[-1].startswith(("._", ".DS_Store", "Thumbs.db"))


def _modified(info: zipfile.ZipInfo) -> datetime | None:
    try:
        modified = datetime(*info.date_time)
    except ValueError:
        return None
    return modified if modified > _NO_TIME else None
