"""A submission is put in order by the grade ids of its release; answers stay as they are."""

from __future__ import annotations

import copy
import json

import assignments
import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import v4

from coursekit.classroom.releases import release_notebook
from coursekit.classroom.restoring import FLAGS, UnreadableError, describe, read_submission, restore

RELEASED = release_notebook(assignments.notebook())
LOCKED = [cell for cell in RELEASED.cells if cell.metadata.get("nbgrader", {}).get("locked")]
NAMES = [cell.metadata.nbgrader.grade_id for cell in RELEASED.cells if "nbgrader" in cell.metadata]


def submission():
    return assignments.filled(copy.deepcopy(RELEASED), assignments.RIGHT_ANSWERS)


def position(notebook, name):
    return next(
        at for at, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == name
    )


def graded(notebook):
    return [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]


def test_a_sound_submission_passes_unchanged():
    restored = restore(submission(), RELEASED)
    assert restored.flags == ()
    assert [cell.source for cell in restored.notebook.cells] == [cell.source for cell in submission().cells]


def test_a_duplicated_test_cell_stands_there_once():
    theirs = submission()
    at = position(theirs, "test_mean")
    theirs.cells.insert(at, copy.deepcopy(theirs.cells[at]))
    restored = restore(theirs, RELEASED)
    assert restored.flags == ("duplicated:test_mean",)
    assert graded(restored.notebook) == NAMES


def test_a_split_test_cell_is_whole_again():
    theirs = submission()
    at = position(theirs, "test_spread")
    first, second = theirs.cells[at].source.split("\n")
    theirs.cells[at].source = first
    theirs.cells.insert(at + 1, copy.deepcopy(theirs.cells[at]))
    theirs.cells[at + 1].source = second
    restored = restore(theirs, RELEASED)
    assert set(restored.flags) == {"duplicated:test_spread", "edited:test_spread"}
    assert restored.notebook.cells[position(restored.notebook, "test_spread")].source == f"{first}\n{second}"


def test_both_copies_of_an_answer_run_and_the_last_one_is_graded():
    theirs = submission()
    at = position(theirs, "solution_mean")
    theirs.cells.insert(at, copy.deepcopy(theirs.cells[at]))
    theirs.cells[at].source = "mean = None"
    restored = restore(theirs, RELEASED)
    assert graded(restored.notebook) == NAMES
    assert "mean = None" in [cell.source for cell in restored.notebook.cells]
    assert restored.notebook.cells[position(restored.notebook, "solution_mean")].source != "mean = None"


def test_deleted_test_cells_return_to_where_their_answers_are_known():
    theirs = submission()
    theirs.cells = [
        cell
        for cell in theirs.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") not in ("test_mean", "test_spread_hidden", "setup_numbers")
    ]
    restored = restore(theirs, RELEASED)
    assert graded(restored.notebook) == NAMES
    assert set(restored.flags) == {"deleted:test_mean", "deleted:test_spread_hidden", "deleted:setup_numbers"}


def test_an_answer_written_into_a_new_cell_is_run_before_its_test():
    theirs = submission()
    at = position(theirs, "solution_mean")
    theirs.cells[at : at + 2] = [v4.new_code_cell(assignments.RIGHT_ANSWERS["solution_mean"])]
    restored = restore(theirs, RELEASED)
    sources = [cell.source for cell in restored.notebook.cells]
    assert sources.index(assignments.RIGHT_ANSWERS["solution_mean"]) < position(restored.notebook, "test_mean")
    assert set(restored.flags) == {"deleted:test_mean", "no_answer_cell:solution_mean"}


MENDED = {
    "edited": ("test_mean", lambda cell: cell.update(source="assert True")),
    "points": ("test_mean", lambda cell: cell.metadata.nbgrader.update(points=100)),
    "metadata": ("test_mean", lambda cell: cell.metadata.nbgrader.update(schema_version=1)),
    "cell_type": ("test_mean", lambda cell: cell.update(cell_type="markdown")),
}


@pytest.mark.parametrize("kind, damage", MENDED.items())
def test_what_students_may_not_change_is_as_released(kind, damage):
    theirs = submission()
    name, spoil = damage
    spoil(theirs.cells[position(theirs, name)])
    restored = restore(theirs, RELEASED)
    assert f"{kind}:{name}" in restored.flags
    mended = restored.notebook.cells[position(restored.notebook, name)]
    original = RELEASED.cells[position(RELEASED, name)]
    assert (mended.cell_type, mended.source, mended.metadata) == (
        original.cell_type,
        original.source,
        original.metadata,
    )


def test_extra_grade_cells_claim_nothing():
    theirs = submission()
    theirs.cells.append(assignments.test("test_gift", "assert True", 50))
    restored = restore(theirs, RELEASED)
    assert graded(restored.notebook) == NAMES
    assert restored.flags == ("unknown:test_gift",)


def test_another_kernel_and_tags_that_skip_cells():
    theirs = submission()
    theirs.metadata.kernelspec = {"name": "conda-env", "display_name": "x"}
    theirs.cells[position(theirs, "test_mean")].metadata.tags = ["skip-execution"]
    restored = restore(theirs, RELEASED)
    assert restored.notebook.metadata.kernelspec.name == "python3"
    assert restored.flags == ("kernelspec:",)
    assert not any("tags" in cell.metadata for cell in restored.notebook.cells)


def test_metadata_that_a_tool_dropped_is_found_by_the_text():
    theirs = submission()
    for cell in theirs.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") != "solution_mean":
            cell.metadata = {}
    restored = restore(theirs, RELEASED)
    assert [name for name in graded(restored.notebook) if name != "solution_spread"] == [
        name for name in NAMES if name != "solution_spread"
    ]


def test_another_notebook_is_refused():
    with pytest.raises(UnreadableError, match="another notebook"):
        restore(v4.new_notebook(cells=[v4.new_code_cell("1 + 1")]), RELEASED)


BROKEN = {
    b"": "empty",
    b"  \n": "empty",
    b'{"cells": [': "broken JSON",
    b"<html></html>": "broken JSON",
    b"[1, 2]": "no notebook",
    b'{"nbformat": 4, "cells": 3}': "no valid notebook",
    b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 7}]}': "no valid notebook",
    b"\xff\xfe\x00": "no UTF-8",
    b"[" * 100_000: "without end",
}


@pytest.mark.parametrize("raw, said", BROKEN.items(), ids=range(len(BROKEN)))
def test_what_cannot_be_read_says_why(raw, said):
    with pytest.raises(UnreadableError, match=said):
        read_submission(raw)


def test_an_old_format_is_read():
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {},
        "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1", "language": "python", "outputs": []}]}],
    }
    assert read_submission(json.dumps(old).encode()).cells[0].source == "x = 1"


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_whatever_happened_to_the_cells_the_result_has_the_release_in_order(data):
    """Cells dropped, repeated, moved, stripped or spoilt: nbgrader gets every locked cell once."""
    theirs = submission()
    cells = data.draw(st.lists(st.sampled_from(theirs.cells), min_size=1, max_size=14).map(copy.deepcopy))
    for cell in cells:
        if data.draw(st.integers(0, 4)) == 0:
            cell.metadata = data.draw(
                st.sampled_from([{}, {"nbgrader": {}}, {"nbgrader": {"grade_id": "x", "grade": True}}, {"nbgrader": 3}])
            )
    theirs.cells = [nbformat.from_dict(cell) for cell in cells]
    try:
        restored = restore(read_submission(json.dumps(theirs).encode()), RELEASED)
    except UnreadableError:
        return
    names = graded(restored.notebook)
    assert len(names) == len(set(names))
    assert {cell.metadata.nbgrader.grade_id for cell in LOCKED} <= set(names)
    for cell in restored.notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("locked"):
            assert cell.source == RELEASED.cells[position(RELEASED, cell.metadata.nbgrader.grade_id)].source
    nbformat.validate(restored.notebook)


def test_every_flag_is_told_in_both_languages():
    for kind in FLAGS:
        (english,), (korean,) = describe([f"{kind}:x"]), describe([f"{kind}:x"], korean=True)
        assert english.isascii()
        assert not korean.isascii()
