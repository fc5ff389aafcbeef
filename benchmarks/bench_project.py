"""What the checker of design documents finds: planted faults, false findings, time for one document."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from tests.classroom.project.document_drafts import HEALTHY, Draft
from tests.classroom.project.fault_judging import applicable, check, check_docx, judge
from tests.classroom.project.harmless_edits import HARMLESS


def run() -> list[dict]:
    """Plant every fault in every document that has a place for it, and edit each harmlessly."""
    with tempfile.TemporaryDirectory(prefix="coursekit-bench-") as name:
        folders = {document.name: document.lay_out(Path(name) / document.name) for document in HEALTHY}
        return _planted(folders) + _healthy(folders)


def _planted(folders: dict[str, Path]) -> list[dict]:
    pairs, verdicts, spent = applicable(), [], []
    for document, fault in pairs:
        draft = Draft(document)
        lines = fault.plant(draft)
        started = time.perf_counter()
        findings = check(draft, folders[document.name])
        spent.append(1000 * (time.perf_counter() - started))
        verdicts.append(judge(fault, draft, lines, findings))
    found, placed = sum(one.found for one in verdicts), sum(one.placed for one in verdicts)
    stray = sum(len(one.stray) for one in verdicts)
    of = f"of {len(pairs)} planted faults"
    return [
        _row(f"found, {of}", found, "faults", str(len(pairs)), found == len(pairs)),
        _row(f"at the right place, {of}", placed, "faults", str(len(pairs)), placed == len(pairs)),
        _row("findings that no planted fault explains", stray, "findings", "0", stray == 0),
        _row("one document, median", statistics.median(spent), "ms"),
    ]


def _healthy(folders: dict[str, Path]) -> list[dict]:
    plain = sum(len(check(Draft(document), folders[document.name])) for document in HEALTHY)
    word = sum(len(check_docx(Draft(document), folders[document.name])) for document in HEALTHY)
    edited, edits = 0, 0
    for document in HEALTHY:
        for edit in HARMLESS.values():
            draft = Draft(document)
            edit(draft)
            edits += 1
            edited += len(check(draft, folders[document.name]))
    return [
        _row(f"findings on {len(HEALTHY)} healthy documents", plain, "findings", "0", plain == 0),
        _row(f"findings on {len(HEALTHY)} healthy documents in .docx", word, "findings", "0", word == 0),
        _row(f"findings after {edits} harmless edits", edited, "findings", "0", edited == 0),
    ]


def _row(figure: str, value: float, unit: str, bar: str = "", holds: bool | None = None) -> dict:
    return {"figure": figure, "value": value, "unit": unit, "bar": bar, "holds": holds}


if __name__ == "__main__":
    for row in run():
        print(row)
