"""Notebooks with which something happened: cells, metadata, formats, bytes."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from typing import Any

import assignments
import nbformat
from hostile.making import (
    FAILED,
    GRADED,
    MEAN,
    NO_MEAN,
    NO_SPREAD,
    SPREAD,
    Case,
    answers,
    at,
    own,
    raw,
    spoilt,
    the,
    written,
)

Notebook = nbformat.NotebookNode
TESTS = ("test_mean", "test_spread", "test_spread_hidden")


def _twice(name: str, **changed: Any) -> Callable[[Notebook], None]:
    def change(done: Notebook) -> None:
        extra = copy.deepcopy(the(done, name))
        extra.update(changed)
        done.cells.insert(at(done, name), extra)

    return change


def _without(*names: str) -> Callable[[Notebook], None]:
    def change(done: Notebook) -> None:
        done.cells = [one for one in done.cells if one.metadata.get("nbgrader", {}).get("grade_id") not in names]

    return change


def _edited(name: str, text: str) -> Callable[[Notebook], None]:
    return lambda done: the(done, name).update(source=text)


def _typed(name: str, kind: str) -> Callable[[Notebook], None]:
    def change(done: Notebook) -> None:
        one = the(done, name)
        one["cell_type"] = kind
        if kind != "code":
            one.pop("outputs", None)
            one.pop("execution_count", None)

    return change


def _marked(name: str, **marks: Any) -> Callable[[Notebook], None]:
    return lambda done: the(done, name).metadata["nbgrader"].update(marks)


def _all_marked(**marks: Any) -> Callable[[Notebook], None]:
    def change(done: Notebook) -> None:
        for one in done.cells:
            if "nbgrader" in one.metadata:
                one.metadata["nbgrader"].update(marks)

    return change


def _unmarked(*keys: str) -> Callable[[Notebook], None]:
    def change(done: Notebook) -> None:
        for one in done.cells:
            for key in keys:
                one.metadata.get("nbgrader", {}).pop(key, None)

    return change


def _kernel(spec: Any) -> Callable[[Notebook], None]:
    return lambda done: done["metadata"].update(kernelspec=spec)


def _tagged(*tags: str) -> Callable[[Notebook], None]:
    def change(done: Notebook) -> None:
        for one in done.cells:
            one.metadata["tags"] = list(tags)

    return change


def _each(key: str, value: Any, *, only: str = "") -> Callable[[Notebook], None]:
    def change(done: Notebook) -> None:
        for one in done.cells:
            if only in ("", one["cell_type"]):
                one[key] = copy.deepcopy(value)

    return change


def _top(**keys: Any) -> Callable[[Notebook], None]:
    return lambda done: done.update(keys)


def _added(*cells: Any) -> Callable[[Notebook], None]:
    return lambda done: done.cells.extend(nbformat.from_dict(one) for one in cells)


def _split(done: Notebook) -> None:
    first, *rest = the(done, "test_spread").source.split("\n")
    _twice("test_spread", source=first)(done)
    done.cells[at(done, "test_spread") + 1]["source"] = "\n".join(rest)


def _in_a_cell_of_its_own(done: Notebook) -> None:
    place = at(done, "solution_mean")
    done.cells[place] = own(0, MEAN)


def _big_outputs(done: Notebook) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "x" * 20_000_000}
    for name in ("solution_mean", "test_mean", "solution_spread"):
        the(done, name)["outputs"] = [stream]


def _pasted_picture(done: Notebook) -> None:
    done.cells[0]["attachments"] = {"x.png": {"image/png": "iVBOR" + "A" * 8_000_000}}


def _as_format_3(done: Notebook) -> Any:
    _as_format_4_0(done)
    older = nbformat.convert(nbformat.from_dict(dict(done)), 3)
    older["metadata"] = {"name": "", "kernelspec": dict(done["metadata"]["kernelspec"])}
    return older


def _as_format_4_0(done: Notebook) -> None:
    done["nbformat_minor"] = 0
    for one in done.cells:
        one.pop("id", None)


def _with_lines(ending: str) -> Callable[[Notebook], None]:
    def change(done: Notebook) -> None:
        for one in done.cells:
            one["source"] = one["source"].replace("\n", ending)

    return change


def _in_lists(done: Notebook) -> None:
    for one in done.cells:
        one["source"] = one["source"].splitlines(keepends=True)


def _from_bytes(change: Callable[[bytes], bytes]) -> Callable[[Notebook], bytes]:
    return lambda done: change(written(done))


def _with_constants(done: Notebook) -> bytes:
    the(done, "solution_mean").metadata["collapsed"] = "@@"
    done["metadata"]["ratio"] = "@@"
    the(done, "test_mean")["outputs"] = [{"output_type": "display_data", "data": {"x": "@@"}, "metadata": {}}]
    return written(done).replace(b'"@@"', b"NaN")


def _nested(depth: int) -> Callable[[Notebook], bytes]:
    def change(done: Notebook) -> bytes:
        done["metadata"]["deep"] = "@@"
        return written(done).replace(b'"@@"', b"[" * depth + b"]" * depth)

    return change


def _deep_cell(done: Notebook) -> bytes:
    done.cells[0].metadata["deep"] = "@@"
    return written(done).replace(b'"@@"', b"[" * 900 + b"]" * 900)


def _many(done: Notebook) -> None:
    done.cells.extend(own(number, "pass") for number in range(1000))


KERNELS = {
    "of_conda": {"name": "conda-env-py", "display_name": "Python [conda]", "language": "python"},
    "of_r": {"name": "ir", "display_name": "R", "language": "R"},
    "of_a_shell": {"name": "bash", "display_name": "Bash", "language": "bash"},
    "with_a_path": {"name": "../../../../bin/sh", "display_name": "x", "language": "python"},
    "of_a_list": ["python3"],
    "of_a_number": {"name": 3},
    "of_nothing": None,
}

MENDED: dict[str, tuple[Callable[[Notebook], Any], tuple[str, ...]]] = {
    "a_duplicated_test": (_twice("test_mean"), ("duplicated:test_mean",)),
    "a_duplicated_setup": (_twice("setup_numbers"), ("duplicated:setup_numbers",)),
    "a_duplicated_answer": (_twice("solution_mean", source="mean = None"), ("duplicated:solution_mean",)),
    "a_triplicated_test": (
        lambda done: (_twice("test_spread")(done), _twice("test_spread")(done), None)[-1],
        ("duplicated:test_spread",),
    ),
    "a_split_test": (_split, ("duplicated:test_spread", "edited:test_spread")),
    "a_deleted_test": (_without("test_mean"), ("deleted:test_mean",)),
    "all_tests_deleted": (_without(*TESTS), tuple(f"deleted:{name}" for name in TESTS)),
    "a_deleted_setup": (_without("setup_numbers"), ("deleted:setup_numbers",)),
    "an_edited_test": (_edited("test_mean", "assert True"), ("edited:test_mean",)),
    "an_emptied_test": (_edited("test_mean", ""), ("edited:test_mean",)),
    "an_edited_setup": (_edited("setup_numbers", "numbers = [2]\nstudent = None"), ("edited:setup_numbers",)),
    "edited_points": (_marked("test_mean", points=100), ("points:test_mean",)),
    "negative_points": (_marked("test_mean", points=-5), ("points:test_mean",)),
    "points_as_text": (_marked("test_mean", points="2"), ("points:test_mean",)),
    "points_without_end": (_marked("test_mean", points=1e308), ("points:test_mean",)),
    "a_test_that_is_an_answer": (_marked("test_mean", solution=True, locked=False), ("metadata:test_mean",)),
    "an_answer_that_is_a_test": (_marked("solution_mean", grade=True, points=50), ("points:solution_mean",)),
    "an_extra_grade_cell": (
        _added(assignments.test("test_gift", "assert True", 50)),
        ("unknown:test_gift",),
    ),
    "a_grade_cell_without_a_name": (
        _added({**own(9, "assert True"), "metadata": {"nbgrader": {"grade": True, "points": 50}}}),
        ("unknown:",),
    ),
    "an_old_schema_1": (_all_marked(schema_version=1), ("metadata:test_mean",)),
    "an_old_schema_2": (_unmarked("task", "schema_version"), ("metadata:test_mean",)),
    "a_future_schema": (_all_marked(schema_version=99), ("metadata:test_mean",)),
    "a_test_as_markdown": (_typed("test_mean", "markdown"), ("cell_type:test_mean",)),
    "a_test_as_raw": (_typed("test_mean", "raw"), ("cell_type:test_mean",)),
    "an_answer_as_markdown": (_typed("solution_mean", "markdown"), ("cell_type:solution_mean",)),
    "an_answer_of_unknown_type": (_typed("solution_mean", "sql"), ("cell_type:solution_mean",)),
    "an_answer_in_a_cell_of_its_own": (_in_a_cell_of_its_own, ("no_answer_cell:solution_mean",)),
    "format_3": (_as_format_3, ("schema:",)),
    **{f"a_kernel_{name}": (_kernel(spec), ("kernelspec:",)) for name, spec in KERNELS.items()},
    "metadata_that_is_a_list": (_top(metadata=[]), ("kernelspec:",)),
    "no_metadata": (lambda done: {key: done[key] for key in done if key != "metadata"}, ("kernelspec:",)),
    "60_mb_of_outputs": (_big_outputs, ("outputs:",)),
}
"""What is mended and flagged; the answers are right."""

PASSED: dict[str, Callable[[Notebook], Any]] = {
    "a_test_without_metadata": lambda done: the(done, "test_mean").update(metadata={}),
    "cells_of_unknown_type": _added({"cell_type": "heading", "source": "x", "metadata": {}, "id": "h", "level": 1}),
    "a_cell_without_a_type": _added({"source": "x = 1", "metadata": {}}),
    "a_cell_without_a_source": _added({"cell_type": "code", "metadata": {}}),
    "tags_that_skip": _tagged("skip-execution", "remove-cell", "injected-parameters"),
    "tags_that_allow_errors": _tagged("raises-exception"),
    "the_same_id_everywhere": _each("id", "same"),
    "ids_that_are_no_ids": _each("id", "../../<script>" * 20),
    "ids_that_are_numbers": _each("id", 7),
    "outputs_that_are_none": _each("outputs", "none", only="code"),
    "odd_outputs": _each("outputs", [{"output_type": "x"}, None, 3], only="code"),
    "odd_run_counts": _each("execution_count", "7", only="code"),
    "odd_attachments": _each("attachments", 3, only="markdown"),
    "a_pasted_picture": _pasted_picture,
    "format_4_0": _as_format_4_0,
    "a_future_minor_format": _top(nbformat_minor=99),
    "keys_of_another_tool": _top(**{"": 1, "worksheets": [{"cells": []}], "signature": "x" * 1000}),
    "lines_of_windows": _with_lines("\r\n"),
    "sources_in_lists": _in_lists,
    "a_byte_order_mark": _from_bytes(lambda content: b"\xef\xbb\xbf" + content),
    "constants_that_are_no_json": _with_constants,
    "escaped_text": _from_bytes(lambda content: json.dumps(json.loads(content)).encode()),
    "metadata_nested_500_deep": _nested(500),
    "a_thousand_cells_of_its_own": _many,
    "a_widget_state": lambda done: done["metadata"].update(
        widgets={"application/x": {"state": {"x": "y" * 9_000_000}}}
    ),
    "a_script_in_its_text": _added(
        {
            "cell_type": "markdown",
            "id": "m",
            "metadata": {},
            "source": "<script>steal()</script>\n<img src=x onerror=x()>",
        },
        {"cell_type": "raw", "id": "r", "metadata": {"format": "text/html"}, "source": "<script>steal()</script>"},
        {
            "cell_type": "markdown",
            "id": "n",
            "metadata": {},
            "source": "[x](javascript:steal()) ![y](https://x.example/y.png)",
        },
    ),
}
"""What needs no flag of a kind that is settled; the answers are right."""

CHEATS: dict[str, tuple[Callable[[Notebook], Any], tuple[str, ...]]] = {
    "a_deleted_test": (_without("test_mean"), ("deleted:test_mean",)),
    "edited_tests": (
        lambda done: [_edited(name, "pass")(done) for name in TESTS] and None,
        tuple(f"edited:{name}" for name in TESTS),
    ),
    "tests_that_define_answers": (_edited("setup_numbers", f"{MEAN}\n\n{SPREAD}"), ("edited:setup_numbers",)),
    "edited_points": (lambda done: [_marked(name, points=50)(done) for name in TESTS] and None, ("points:test_mean",)),
    "extra_grade_cells": (_added(assignments.test("test_gift", "assert True", 50)), ("unknown:test_gift",)),
    "duplicated_tests": (_twice("test_mean", source="pass"), ("duplicated:test_mean",)),
    "tests_as_answers": (_marked("test_mean", solution=True, grade=True, locked=False), ("metadata:test_mean",)),
    "tags_that_skip": (_tagged("skip-execution"), ()),
    "tags_that_allow_errors": (_tagged("raises-exception"), ()),
    "tests_as_markdown": (
        lambda done: [_typed(name, "markdown")(done) for name in TESTS] and None,
        ("cell_type:test_mean",),
    ),
    "outputs_of_a_good_run": (
        _each(
            "outputs",
            [{"output_type": "execute_result", "data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1}],
            only="code",
        ),
        (),
    ),
    "another_language": (_kernel({"name": "bash", "language": "bash", "display_name": "Bash"}), ("kernelspec:",)),
}
"""The same with wrong answers: nothing is gained."""

UNREADABLE: dict[str, Callable[[Notebook], bytes]] = {
    "a_truncated_download": _from_bytes(lambda content: content[: len(content) // 2]),
    "utf_16": _from_bytes(lambda content: content.decode().encode("utf-16")),
    "cp949": _from_bytes(lambda content: content.decode().encode("cp949")),
    "two_notebooks_in_one_file": _from_bytes(lambda content: content + content),
    "a_merge_conflict": _from_bytes(lambda content: b"<<<<<<< HEAD\n" + content + b">>>>>>> mine\n"),
    "compressed": _from_bytes(lambda content: gzip.compress(content, mtime=0)),
    "metadata_nested_without_end": _nested(200_000),
    "no_cells": lambda done: written({key: done[key] for key in done if key != "cells"}),
    "cells_that_are_a_text": lambda done: written({**done, "cells": "none"}),
    "cells_that_are_texts": lambda done: written({**done, "cells": ["x = 1", 3, None]}),
    "a_source_that_is_a_number": lambda done: written({**done, "cells": [{"cell_type": "code", "source": 7}]}),
    "a_future_format": lambda done: written({**done, "nbformat": 5}),
    "a_format_that_is_a_text": lambda done: written({**done, "nbformat": "4"}),
    "another_assignment": lambda done: written(nbformat.v4.new_notebook(cells=[own(0, MEAN)])),
}

BYTES = {
    "nothing": b"",
    "blanks": b" \n\n ",
    "zeros": bytes(4096),
    "a_web_page": b"<!DOCTYPE html><html><body>Login</body></html>",
    "a_zip": b"PK\x03\x04" + bytes(200),
    "a_program": f"{MEAN}\n\n{SPREAD}\n".encode(),
    "a_pickle": b"cos\nsystem\n(S'touch /tmp/hostile_mark_pickled_notebook'\ntR.",
    "null": b"null",
    "a_list": b"[1, 2]",
    "a_number": b"4" * 100_000,
    "brackets": b"[" * 3_000_000,
    "braces": b'{"a":' * 500_000,
}

NOTEBOOKS = [
    *(
        Case(
            f"notebook_with_{name}", spoilt(change), 4, GRADED, flags, "An accident around right answers; it is mended."
        )
        for name, (change, flags) in MENDED.items()
    ),
    *(
        Case(f"notebook_with_{name}", spoilt(change), 4, GRADED, (), "Something odd around right answers.")
        for name, change in PASSED.items()
    ),
    *(
        Case(
            f"cheats_with_{name}",
            spoilt(change, mean=NO_MEAN, spread=NO_SPREAD),
            0,
            GRADED,
            flags,
            "The tests are as released, whatever the submission says of them.",
        )
        for name, (change, flags) in CHEATS.items()
    ),
    *(
        Case(f"unreadable_{name}", spoilt(change), 0, FAILED, (), "Nothing that can be run; the reason is told.")
        for name, change in UNREADABLE.items()
    ),
    *(
        Case(f"unreadable_{name}", raw(content), 0, FAILED, (), "No notebook at all; the reason is told.")
        for name, content in BYTES.items()
    ),
    Case(
        "notebook_with_cell_metadata_nested_900_deep",
        spoilt(_deep_cell),
        (4, 0),
        (GRADED, FAILED),
        (),
        "Deeper than some readers go: read or refused with a reason, but nobody else's concern.",
    ),
    Case("blank", spoilt(lambda done: None, blank=True), 0, GRADED, (), "The release as it was given."),
    Case("right", answers(), 4, GRADED, (), "Nothing wrong: the corpus's own measure."),
    Case("mean_only", answers(MEAN, NO_SPREAD), 2, GRADED, (), "One right, one wrong."),
    Case(
        "answers_in_one_cell",
        answers(f"{MEAN}\n\n{SPREAD}", "# 위의 셀에 함께 썼습니다."),
        4,
        GRADED,
        (),
        "Both functions in the first answer cell.",
    ),
    Case(
        "blanks_that_are_none",
        answers(MEAN.replace("    ", "\u00a0\u00a0\u00a0\u00a0"), SPREAD),
        2,
        GRADED,
        (),
        "No-break spaces from a web page: a syntax error in one answer, the other is right.",
    ),
    Case(
        "a_syntax_error_in_an_answer",
        answers(MEAN, "def spread(values)\n    return 1"),
        2,
        GRADED,
        (),
        "A syntax error in one answer.",
    ),
]
