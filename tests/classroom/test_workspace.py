"""A student's edits survive every update of the course."""

from __future__ import annotations

import itertools
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursekit.classroom.workspace import MANIFEST, update_workspace

NAMES = st.sampled_from(["lectures/01.ipynb", "labs/lab01/lab01.ipynb", "README.md"])
TEXT = st.text(string.ascii_lowercase, min_size=1, max_size=4)
counter = itertools.count()


def _write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    editions=st.lists(st.dictionaries(NAMES, TEXT, min_size=1), min_size=2, max_size=4),
    edits=st.lists(st.dictionaries(NAMES, TEXT), min_size=4, max_size=4),
)
def test_no_sequence_of_updates_loses_a_word_of_the_student(tmp_path, editions, edits):
    """Whatever the student wrote is, after every update, still under the name it was written under."""
    folder = tmp_path / str(next(counter))
    mine = folder / "mine"
    written: dict[str, str] = {}
    for number, (shipped, edit) in enumerate(zip(editions, edits, strict=False)):
        _write(folder / f"edition{number}", shipped)
        update_workspace(folder / f"edition{number}", mine)
        for name, text in written.items():
            assert (mine / name).read_text() == text
        for name, text in shipped.items():  # the new version is there, under its name or beside it
            candidates = [p.read_text() for p in (mine / name).parent.glob("*") if p.is_file()]
            known_edit = name in written
            assert text in candidates or known_edit
        # The student edits some files; text that no edition ever shipped, so that it counts as work.
        work = {name: f"my {text}" for name, text in edit.items()}
        _write(mine, work)
        written.update(work)


def test_an_untouched_copy_follows_the_course(tmp_path):
    _write(tmp_path / "one", {"a.md": "1", "b.md": "1"})
    _write(tmp_path / "two", {"a.md": "2", "b.md": "1", "c.md": "1"})
    update_workspace(tmp_path / "one", tmp_path / "mine")
    report = update_workspace(tmp_path / "two", tmp_path / "mine")
    assert (report.updated, report.added, report.laid_beside) == (("a.md",), ("c.md",), ())
    assert (tmp_path / "mine" / "a.md").read_text() == "2"


def test_an_edit_stays_and_the_new_version_lies_beside_it_once(tmp_path):
    _write(tmp_path / "one", {"labs/lab.ipynb": "1"})
    _write(tmp_path / "two", {"labs/lab.ipynb": "2"})
    mine = tmp_path / "mine"
    update_workspace(tmp_path / "one", mine)
    (mine / "labs" / "lab.ipynb").write_text("answer")
    first = update_workspace(tmp_path / "two", mine)
    second = update_workspace(tmp_path / "two", mine)
    assert first.laid_beside == (("labs/lab.ipynb", "labs/lab.new.ipynb"),)
    assert second.laid_beside == ()
    assert second.kept == ("labs/lab.ipynb",)
    assert sorted(p.name for p in (mine / "labs").iterdir()) == ["lab.ipynb", "lab.new.ipynb"]


def test_two_editions_behind_is_still_untouched(tmp_path):
    """A copy that skipped an edition holds no work; the manifest remembers every version shipped."""
    for name in ("one", "two", "three"):
        _write(tmp_path / name, {"a.md": name})
    mine = tmp_path / "mine"
    update_workspace(tmp_path / "one", mine)
    update_workspace(tmp_path / "two", mine)
    (mine / "a.md").write_text("one")  # put back from a backup
    assert update_workspace(tmp_path / "three", mine).updated == ("a.md",)


@pytest.mark.parametrize("manifest", [None, "", "{", "[]", '{"a.md": 3}'])
def test_a_lost_manifest_costs_no_work(tmp_path, manifest):
    _write(tmp_path / "one", {"a.md": "1"})
    _write(tmp_path / "two", {"a.md": "2"})
    mine = tmp_path / "mine"
    update_workspace(tmp_path / "one", mine)
    (mine / "a.md").write_text("answer")
    (mine / MANIFEST).unlink() if manifest is None else (mine / MANIFEST).write_text(manifest)
    update_workspace(tmp_path / "two", mine)
    assert (mine / "a.md").read_text() == "answer"
    assert (mine / "a.new.md").read_text() == "2"


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path, monkeypatch):
    _write(tmp_path / "one", {"a.md": "old"})
    _write(tmp_path / "two", {"a.md": "new"})
    mine = tmp_path / "mine"
    update_workspace(tmp_path / "one", mine)

    def full_disk(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        update_workspace(tmp_path / "two", mine)
    monkeypatch.undo()
    assert (mine / "a.md").read_text() == "old"
    assert sorted(p.name for p in mine.iterdir()) == [MANIFEST, "a.md"]


def test_bad_folders_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        update_workspace(tmp_path / "nowhere", tmp_path / "mine")
    (tmp_path / "edition").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file"):
        update_workspace(tmp_path / "edition", tmp_path / "file")
