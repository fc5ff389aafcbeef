"""Files that stand whole under their name, or not at all; and, where asked, after a loss of power too."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from coursekit import writing
from coursekit.writing import write_together, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def calls(monkeypatch):
    """What is made durable, and which names are taken, in order."""
    seen = []
    fsync, replace = os.fsync, Path.replace

    def recorded_fsync(handle):
        seen.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def recorded_replace(path, target):
        seen.append(f"-> {Path(target).name}")
        return replace(path, target)

    monkeypatch.setattr(writing.os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", recorded_replace)
    return seen


def test_content_is_on_the_disk_before_the_name_and_the_name_before_the_answer(tmp_path, calls):
    """Renamed first, a file may be empty after a loss of power; with its folder unsynced it may be gone."""
    folder = tmp_path / "table" / "day"
    write_together(
        {folder / "a": lambda file: file.write(b"1"), folder / "b": lambda file: file.write(b"2")}, durable=True
    )
    assert calls == ["file", "file", "-> a", "-> b", "folder", "folder", "folder"]
    assert [(folder / name).read_bytes() for name in ("a", "b")] == [b"1", b"2"]


def test_what_need_not_be_durable_does_not_wait_for_the_disk(tmp_path, calls):
    write_whole(tmp_path / "a", "첫째")
    assert calls == ["-> a"]
    write_whole(tmp_path / "a", "둘째", durable=True)
    assert calls[1:3] == ["file", "-> a"]
    assert (tmp_path / "a").read_text(encoding="utf-8") == "둘째"


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_files_and_no_other(tmp_path, durable, error):
    (tmp_path / "a").write_text("old")

    def fail(file):
        file.write(b"half")
        raise error

    with pytest.raises(type(error)):
        write_together({tmp_path / "a": lambda file: file.write(b"new"), tmp_path / "b": fail}, durable=durable)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


@pytest.mark.parametrize("durable", [False, True])
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, durable):
    write_whole(tmp_path / "a", "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "a", "new", durable=durable)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


@pytest.mark.parametrize("mask", [0o022, 0o077])
@pytest.mark.parametrize(("private", "mode"), [(False, 0o644), (True, 0o600)])
def test_who_may_read_does_not_depend_on_who_writes(tmp_path, private, mode, mask):
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "a", "x", private=private)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode
