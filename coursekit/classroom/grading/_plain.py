"""nbgrader's own execution, for machines without namespaces: no isolation, hidden checks beside the answers."""

from __future__ import annotations

import copy
import os
from typing import Any

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from coursekit.classroom.execution import BoundedExecute
from coursekit.classroom.grading._executing import Job
from coursekit.classroom.judging.checks import PLACE
from coursekit.classroom.stops import CRASH, NOT_RUN, STOPPED, TIMEOUT


def run_plainly(job: Job) -> dict[str, Any]:
    """Run a job in a kernel of this account, as ``nbgrader autograde`` does."""
    import base64

    from coursekit.classroom.grading._executing import staged_folder

    notebook = nbformat.from_dict(copy.deepcopy(job["notebook"]))
    limits = job["limits"]
    execute = BoundedExecute(
        timeout=max(1, int(limits["cell_seconds"])), notebook_timeout=max(1, int(limits["notebook_seconds"]))
    )
    with staged_folder(job["files"]) as folder:
        checks = {"checks.py": base64.b64encode((job["checks"] or "").encode()).decode()}
        with staged_folder(checks if job["checks"] is not None else {}) as hidden:
            before = os.environ.get(PLACE)
            os.environ[PLACE] = str(hidden / "checks.py") if job["checks"] is not None else ""
            try:
                notebook, _ = execute.preprocess(notebook, {"metadata": {"path": str(folder)}})
            except (DeadKernelError, CellTimeoutError):
                pass  # told cell by cell in the outputs
            finally:
                os.environ.pop(PLACE)
                if before is not None:
                    os.environ[PLACE] = before
    return {
        "cells": {
            str(index): {"execution_count": cell.get("execution_count"), "outputs": cell.outputs}
            for index, cell in enumerate(notebook.cells)
            if cell.cell_type == "code"
        },
        "stops": _stops(notebook),
        "tampered": [],
        "broken": [],
        "setup": [],
        "limits_hit": [f"time: {name}" for stop, name in _stops(notebook) if stop == TIMEOUT],
        "cpu": None,
        "memory": None,
        "slowest": 0.0,
        "judged": False,
        "note": "",
    }


def _stops(notebook: Any) -> list[tuple[str, str]]:
    stops = []
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        for output in cell.get("outputs", []):
            counts = output.get("ename") in (TIMEOUT, CRASH) or (output.get("ename") == NOT_RUN and meta.get("grade"))
            if output.output_type == "error" and output.ename in STOPPED and counts:
                stops.append((output.ename, meta.get("grade_id") or cell.get("id", "")))
    return stops
