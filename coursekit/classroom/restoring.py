"""Putting a submission in order before it is graded, by the grade ids of its release."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import v4

from coursekit.classroom.intake import visible

FLAGS = {
    "duplicated": ("stands there more than once; one was graded", "같은 셀이 여럿 있어 하나만 채점했습니다"),
    "deleted": ("was deleted; restored", "지워진 셀을 원본으로 되살려 채점했습니다"),
    "edited": ("a locked cell, was edited; restored", "고칠 수 없는 셀이 바뀌어 원본으로 되돌려 채점했습니다"),
    "points": ("its points were edited; restored", "셀의 배점이 바뀌어 원본으로 되돌렸습니다"),
    "metadata": ("its nbgrader metadata is old or damaged; restored", "셀의 채점 정보를 원본으로 되돌렸습니다"),
    "unknown": ("no such cell in the release; ignored", "배포한 노트북에 없는 채점 셀은 채점하지 않았습니다"),
    "cell_type": ("its type was changed; restored", "셀의 종류가 바뀌어 원본으로 되돌렸습니다"),
    "no_answer_cell": ("the answer cell was deleted", "답안 셀이 지워져 있습니다"),
    "kernelspec": ("another kernel was set; the release's was used", "다른 커널로 저장되어 수업의 커널로 채점했습니다"),
    "timestamp": ("the time of the hand-in is unreadable; ignored", "제출 시각을 읽을 수 없었습니다"),
    "symlink": ("a link, not a file; left out", "파일이 아니라 링크여서 쓰지 않았습니다"),
    "shadow": ("would replace a module; left out", "같은 이름의 모듈을 가리는 파일이어서 쓰지 않았습니다"),
    "special": ("no ordinary file; left out", "보통의 파일이 아니어서 쓰지 않았습니다"),
    "big_file": ("too large; left out", "파일이 너무 커서 쓰지 않았습니다"),
    "outputs": ("the outputs were very large; dropped", "저장된 출력이 너무 커서 뺐습니다"),
    "schema": ("an old notebook format; converted", "예전 형식의 노트북을 변환해 채점했습니다"),
    "tampered": ("the process was changed before a check; undone", "확인이 쓰는 기능이 바뀌어 되돌리고 채점했습니다"),
    "setup_error": ("a locked cell failed there", "수업이 준비한 셀이 오류로 멈추었습니다. 담당자가 살펴봅니다"),
    "check_error": (
        "the check itself stopped; see the audit",
        "확인을 끝내지 못했습니다. 담당자가 살펴봅니다",
    ),
    "renamed": ("the notebook had another name", "노트북의 이름이 달랐습니다"),
}
"""What was found and mended: for the instructor, for the student."""


_LARGE_OUTPUTS = 5_000_000  # characters
_MOST_CELLS = 5_000


class UnreadableError(ValueError):
    """A file that no grader can run; the text says why."""

    flags: tuple[str, ...] = ()
    """What was odd about the hand-in that it came with."""


@dataclass(frozen=True)
class Restored:
    """A submission that nbgrader can grade, and what had to be mended for it.

    Examples
    --------
    >>> Restored(v4.new_notebook(), ("deleted:test_mean",)).flags
    ('deleted:test_mean',)
    """

    notebook: nbformat.NotebookNode
    """The submission with the release's locked cells in place."""
    flags: tuple[str, ...]
    """``kind:cell`` for each oddity; the kinds are those of ``FLAGS``."""


def read_submission(raw: bytes) -> nbformat.NotebookNode:
    """Read what a student handed in, or say why it cannot be read.

    Every year somebody hands in an empty file, half a download or a web page; each deserves its
    reason instead of a zero without one.

    Parameters
    ----------
    raw
        The file's bytes.

    Raises
    ------
    UnreadableError
        If it is empty, no JSON, or no notebook.

    Examples
    --------
    >>> read_submission(b"{")
    Traceback (most recent call last):
    ...
    coursekit.classroom.restoring.UnreadableError: broken JSON at line 1
    """
    if not raw.strip():
        raise UnreadableError("the file is empty")
    try:
        text = raw.decode("utf-8-sig")
        content = json.loads(text)
        if "\\ud" in text.lower():  # perhaps half a character, which fits into no file
            content = json.loads(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))
    except UnicodeDecodeError as error:
        raise UnreadableError(f"no UTF-8 text at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise UnreadableError(f"broken JSON at line {error.lineno}") from error
    except RecursionError as error:
        raise UnreadableError("JSON nested without end") from error
    except ValueError as error:  # a number of more digits than Python reads
        raise UnreadableError(f"broken JSON ({error})") from error
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise UnreadableError("JSON, but no notebook")
    try:
        if content["nbformat"] != 4:
            content = nbformat.convert(nbformat.from_dict(content), 4)
        cells = [_plain_cell(cell) for cell in content["cells"][: _MOST_CELLS + 1]]
        metadata = content.get("metadata", {})
        kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
        kept = {"kernelspec": kernel} if isinstance(kernel, dict) else {}
        if len(cells) > _MOST_CELLS:
            raise UnreadableError(f"more than {_MOST_CELLS} cells")
        return nbformat.from_dict({"cells": cells, "metadata": kept, "nbformat": 4, "nbformat_minor": 5})
    except UnreadableError:
        raise
    except Exception as error:  # a notebook can be wrong in more ways than can be named
        raise UnreadableError(f"no valid notebook ({type(error).__name__}: {error})") from error


def oddities(raw: bytes) -> tuple[str, ...]:
    r"""Say what is odd about a notebook's file itself: an old format, very large outputs.

    Neither hinders grading, and both explain a page that looks different from the student's.

    Parameters
    ----------
    raw
        The file's bytes, as :func:`read_submission` reads them.

    Examples
    --------
    >>> oddities(b'{"cells": [], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}')
    ('schema:',)
    """
    content = json.loads(raw.decode("utf-8-sig"))
    flags = ["schema:"] if content.get("nbformat") != 4 else []
    cells = content.get("cells", []) if len(raw) > _LARGE_OUTPUTS else []
    shown = sum(len(json.dumps(cell.get("outputs", []))) for cell in cells if isinstance(cell, dict))
    return (*flags, "outputs:") if shown > _LARGE_OUTPUTS else tuple(flags)


def restore(submission: nbformat.NotebookNode, released: nbformat.NotebookNode) -> Restored:
    """Give the submission with every locked cell as released, once, and in its place.

    A duplicated test cell makes nbgrader stop the whole batch and a deleted one silently costs
    its points; both happen by one keystroke. The answers are left as they are. nbgrader itself
    puts the hidden tests in afterwards.

    Parameters
    ----------
    submission
        As read by :func:`read_submission`; it is not changed.
    released
        The notebook that students got.

    Raises
    ------
    UnreadableError
        If no cell of the release is found: this is another notebook.

    Examples
    --------
    >>> meta = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False,
    ...         "grade_id": "test_mean", "points": 2}
    >>> test = v4.new_code_cell("assert mean([1]) == 1", metadata={"nbgrader": meta})
    >>> answer = v4.new_code_cell("mean = sum")
    >>> theirs = nbformat.from_dict({"cells": [test, answer, test], "metadata": {}})
    >>> mended = restore(theirs, v4.new_notebook(cells=[test]))
    >>> [cell.source for cell in mended.notebook.cells], mended.flags
    (['mean = sum', 'assert mean([1]) == 1'], ('duplicated:test_mean',))
    """
    wanted = {meta["grade_id"]: cell for cell in released.cells if (meta := _meta(cell)).get("grade_id")}
    flags: list[str] = []
    ids = [_grade_id(cell, wanted) for cell in submission.cells]
    claimed = set(ids)
    for position, cell in enumerate(submission.cells):  # tools that drop metadata leave the text
        if not ids[position] and not _meta(cell):
            same = (name for name, one in wanted.items() if _locked(one) and _same(one.source, cell.source))
            ids[position] = next((name for name in same if name not in claimed), "")
    if not any(ids):
        raise UnreadableError("holds no cell of this assignment: another notebook was handed in")

    cells: list[nbformat.NotebookNode] = []
    place: dict[str, int] = {}
    for position, cell in enumerate(submission.cells):
        name = ids[position]
        if not name:
            if _meta(cell).get("grade_id") or _meta(cell).get("grade"):
                flags.append(f"unknown:{str(_meta(cell).get('grade_id', ''))[:100]}")
            cells.append(_fresh(cell))
        elif name in ids[position + 1 :]:  # the last copy is the one that ran last
            flags.append(f"duplicated:{name}")
            if not _locked(wanted[name]):
                cells.append(_fresh(cell))
        else:
            flags += _differences(cell, wanted[name])
            original = wanted[name]
            source = original.source if _locked(original) else cell.source
            cells.append(_like(original, source))
            place[name] = len(cells) - 1

    missing = [name for name in wanted if name not in place]
    order = list(wanted)
    for name in reversed(missing):
        original = wanted[name]
        if not _locked(original) and not _meta(original).get("grade"):
            flags.append(f"no_answer_cell:{name}")
            continue
        flags.append(f"deleted:{name}")
        # Before the next cell of the release that is there, so after all that the student wrote for it.
        later = (place[after] for after in order[order.index(name) + 1 :] if after in place)
        index = min(later, default=len(cells))
        cells.insert(index, _like(original, original.source))
        place = {known: at + (at >= index) for known, at in place.items()} | {name: index}

    kernel = released.metadata.get("kernelspec", {})
    if submission.metadata.get("kernelspec", {}).get("name") != kernel.get("name"):
        flags.append("kernelspec:")
    notebook = v4.new_notebook(cells=_with_ids(cells), metadata=copy.deepcopy(dict(released.metadata)))
    nbformat.validate(notebook)
    return Restored(notebook, tuple(dict.fromkeys(flags)))


def describe(flags: Iterable[str], *, korean: bool = False) -> list[str]:
    """Say each flag as a sentence, for the instructor or for the student.

    A flag that only a programmer can read is not seen by the person who decides.

    Parameters
    ----------
    flags
        ``kind:cell``, as in a grading report.
    korean
        Whether the student reads it.

    Examples
    --------
    >>> describe(["deleted:test_mean"])
    ['test_mean: was deleted; restored']
    """
    told = []
    for flag in flags:
        kind, _, cell = flag.partition(":")
        text, cell = FLAGS[kind][korean], visible(cell)
        told.append(f"{cell}: {text}" if cell else text)
    return told


def _meta(cell: nbformat.NotebookNode) -> dict[str, Any]:
    meta = cell.metadata.get("nbgrader", {})
    return meta if isinstance(meta, dict) else {}


def _grade_id(cell: nbformat.NotebookNode, wanted: dict[str, Any]) -> str:
    name = _meta(cell).get("grade_id")
    return name if isinstance(name, str) and name in wanted else ""


def _locked(cell: nbformat.NotebookNode) -> bool:
    return not _meta(cell).get("solution")


def _same(one: str, other: str) -> bool:
    return [line.rstrip() for line in one.strip().split("\n")] == [line.rstrip() for line in other.strip().split("\n")]


def _differences(cell: nbformat.NotebookNode, original: nbformat.NotebookNode) -> list[str]:
    name, theirs, ours = _meta(original)["grade_id"], _meta(cell), _meta(original)
    flags = []
    if _locked(original) and not _same(cell.source, original.source):
        flags.append(f"edited:{name}")
    if cell.cell_type != original.cell_type:
        flags.append(f"cell_type:{name}")
    if theirs.get("points") != ours.get("points"):
        flags.append(f"points:{name}")
    elif any(theirs.get(key) != ours.get(key) for key in ("schema_version", "grade", "solution", "locked", "task")):
        flags.append(f"metadata:{name}")
    return flags


def _plain_cell(cell: dict[str, Any]) -> nbformat.NotebookNode:
    """A cell of text and metadata alone; outputs and attachments are not graded."""
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else source
    if not isinstance(source, str):
        raise TypeError("a cell's source is no text")
    metadata = cell.get("metadata")
    fresh = _of_type(cell.get("cell_type", "raw"), source)
    fresh.metadata = nbformat.from_dict(metadata if isinstance(metadata, dict) else {})
    if isinstance(cell.get("id"), str) and re.fullmatch(r"[\w-]{1,64}", cell["id"], flags=re.ASCII):
        fresh.id = cell["id"]
    return fresh


def _of_type(kind: str, source: str) -> nbformat.NotebookNode:
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell}.get(kind, v4.new_raw_cell)
    return make(source)


def _fresh(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A student's own cell: it runs, but claims nothing, and no tag makes a runner skip it."""
    fresh = _of_type(cell.cell_type, cell.source)
    if "id" in cell:
        fresh.id = cell.id
    return fresh


def _like(original: nbformat.NotebookNode, source: str) -> nbformat.NotebookNode:
    cell = _of_type(original.cell_type, source)
    cell.metadata = copy.deepcopy(original.metadata)
    if "id" in original:
        cell.id = original.id
    return cell


def _with_ids(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Give each cell an id of its own; the release's cells keep theirs."""
    taken = {cell.id for cell in cells if _meta(cell)}
    for number, cell in enumerate(cells):
        if not _meta(cell):
            if cell.id in taken:
                cell.id = f"own-{number}"
            taken.add(cell.id)
    return cells
