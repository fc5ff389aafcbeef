"""Running a submission within bounds: nbgrader's Execute, made to survive what students hand in."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import preprocessors as nbgrader_steps
from nbgrader.utils import is_grade, is_solution
from traitlets import Integer

from coursekit.classroom.judging.checks import PLACE as CHECKS_PLACE
from coursekit.classroom.stops import CRASH, NOT_RUN, STOPPED, TIMEOUT

_CELL_OUTPUT = 100_000  # characters of streams kept a cell: enough to debug, too little to hurt
_CELL_DISPLAY = 2_000_000  # characters of one displayed object, an embedded picture for example
_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "ABSL_MIN_LOG_LEVEL": "3",
    "GRPC_VERBOSITY": "NONE",
    "PYTHONWARNINGS": "ignore",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE|DB_URL|DATABASE_URL", re.IGNORECASE)


def grading_environment(base: Mapping[str, str]) -> dict[str, str]:
    """Give the environment in which submissions run: silent, single-threaded, without secrets.

    TensorFlow and warnings write on stderr, and nbgrader takes any stderr in a test cell for a
    failure. Two submissions at a time on two cores leave each one thread.

    Parameters
    ----------
    base
        The environment of the grading process.

    Examples
    --------
    >>> quiet = grading_environment({"PATH": "/usr/bin", "LMS_TOKEN": "abc"})
    >>> quiet["TF_CPP_MIN_LOG_LEVEL"], "LMS_TOKEN" in quiet
    ('3', False)
    """
    kept = {name: value for name, value in base.items() if not _SECRET.search(name)}
    beside_python = str(Path(sys.executable).parent)  # nbgrader calls alembic by name
    path = kept.get("PATH", os.defpath)
    if beside_python not in path.split(os.pathsep):
        path = beside_python + os.pathsep + path
    return {**kept, **_QUIET, "PATH": path}


class BoundedExecute(nbgrader_steps.Execute):
    """Run a notebook so that no cell and no crash costs more than it must.

    Plain nbgrader gives every call of an endless loop its full time and records nothing after a
    kernel's death. Here a cell has a limit, the notebook has one, a notebook that has run out of
    time once gets a third of it for each later cell, and what was earned before a crash stays.

    Examples
    --------
    >>> BoundedExecute(timeout=10, notebook_timeout=60).notebook_timeout
    60
    """

    timeout = Integer(30, allow_none=True, help="Seconds a cell may take.").tag(config=True)
    notebook_timeout = Integer(120, help="Seconds all cells of a notebook may take together.").tag(config=True)
    iopub_timeout = Integer(10, help="Seconds a cell's outputs may take to arrive after its end.").tag(config=True)
    store_widget_state = False  # five megabytes a figure otherwise
    shutdown_kernel = "immediate"

    def setup_kernel(self, **kwargs: Any) -> Any:
        """Start the kernel in the silent environment; hidden checks are found by their path."""
        environment = grading_environment(os.environ)
        if self._checks is not None:
            environment[CHECKS_PLACE] = str(self._checks)
        return super().setup_kernel(env=environment, **kwargs)

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> tuple[NotebookNode, Any]:
        """Run all cells; limits count from here."""
        self._deadline = time.monotonic() + self.notebook_timeout
        self._cell_timeout = int(self.timeout or self.notebook_timeout)
        self._stopped = False
        self._checks = _checks_of(self.config, resources)
        self._seen: dict[int, int] = {}
        try:
            return super().preprocess(nb, resources, km)
        finally:
            self.timeout = self._cell_timeout

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Run one cell, or say in it why it was not run."""
        if cell.cell_type != "code" or not cell.source.strip():
            return cell, resources
        left = self._deadline - time.monotonic()
        if self._stopped or left < 1:
            self._stopped = True
            cell.outputs = [_stop(NOT_RUN)]
            return cell, resources
        self.timeout = max(1, int(min(self._cell_timeout, left)))
        try:
            cell, resources = super().preprocess_cell(cell, resources, index)
        except (DeadKernelError, CellTimeoutError) as error:
            # A time-out that is raised means a kernel that ignored the interrupt: it is as good as dead.
            self._stopped = True
            reason = CRASH if isinstance(error, DeadKernelError) else TIMEOUT
            cell.outputs = [*cell.get("outputs", []), _stop(reason)]
            return cell, resources
        if any(output.output_type == "error" and output.ename == TIMEOUT for output in cell.outputs):
            cell.outputs = [output for output in cell.outputs if output.output_type != "error"] + [_stop(TIMEOUT)]
            self._cell_timeout = max(2, self._cell_timeout // 3)
        return cell, resources

    def output(self, outs: list, msg: dict, display_id: str | None, cell_index: int) -> NotebookNode | None:
        """Keep an output unless its cell has already said too much."""
        content = msg["content"]
        size = len(content.get("text", "")) if msg["msg_type"] == "stream" else 0
        self._seen[cell_index] = self._seen.get(cell_index, 0) + size
        if size and self._seen[cell_index] > _CELL_OUTPUT:
            if self._seen[cell_index] - size > _CELL_OUTPUT:
                return None
            room = _CELL_OUTPUT - (self._seen[cell_index] - size)
            content["text"] = content["text"][:room] + "\n... (출력이 너무 길어 잘랐습니다)\n"
        shown = content.get("data") or {}
        if sum(len(value) for value in shown.values() if isinstance(value, str)) > _CELL_DISPLAY:
            content["data"] = {"text/plain": "(출력이 너무 커서 뺐습니다)"}
        return super().output(outs, msg, display_id, cell_index)


class ForgiveStderr(nbgrader_steps.NbGraderPreprocessor):
    """Let only an exception cost points: drop what a passing test cell wrote on stderr.

    nbgrader scores any stderr as a failure, so that a deprecation warning in a right answer
    costs all points of the cell. It also reads a displayed value as partial credit; a test cell
    never displays one (the marker check forbids it), so what arrives as one was not meant.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook, new_output
    >>> cell = new_code_cell(outputs=[new_output("stream", name="stderr", text="UserWarning")])
    >>> cell.metadata.nbgrader = {"grade": True, "solution": False}
    >>> notebook, _ = ForgiveStderr()(new_notebook(cells=[cell]), {})
    >>> notebook.cells[0].outputs
    []
    """

    def preprocess_cell(self, cell: NotebookNode, resources: Any, cell_index: int) -> tuple[NotebookNode, Any]:
        """Clean the outputs of one test cell."""
        if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
            failed = any(output.output_type == "error" for output in cell.outputs)
            kept = [out for out in cell.outputs if failed or out.output_type != "stream" or out.name != "stderr"]
            cell.outputs = [
                _as_display(output) if output.output_type == "execute_result" else output for output in kept
            ]
        return cell, resources


def grading_steps() -> list[type]:
    """Give nbgrader's autograding preprocessors in nbgrader's order, with our execution.

    What nbgrader does beside running cells (saving grades, late penalties) stays nbgrader's.

    Examples
    --------
    >>> [step.__name__ for step in grading_steps()][:2]
    ['BoundedExecute', 'ForgiveStderr']
    """
    return [BoundedExecute, *recording_steps()]


def recording_steps() -> list[type]:
    """Give the preprocessors that come after a notebook was run, however it was run.

    What turns outputs into points and penalties is nbgrader's; the engine only brings outputs.

    Examples
    --------
    >>> [step.__name__ for step in recording_steps()][-2:]
    ['AssignLatePenalties', 'CheckCellMetadata']
    """
    return [
        ForgiveStderr,
        nbgrader_steps.IgnorePattern,
        ClearMetadataPreprocessor,
        nbgrader_steps.LimitOutput,
        nbgrader_steps.SaveAutoGrades,
        nbgrader_steps.AssignLatePenalties,
        nbgrader_steps.CheckCellMetadata,
    ]


def _checks_of(config: Any, resources: Any) -> Path | None:
    """Where a class keeps the hidden checks of the assignment that nbgrader is at."""
    about = (resources or {}).get("nbgrader", {})
    root = config.CourseDirectory.get("root")
    if not root or "assignment" not in about:
        return None
    path = Path(root) / "source" / about["assignment"] / "checks.py"
    return path if path.is_file() else None


def _stop(name: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=STOPPED[name], traceback=[f"{name}: {STOPPED[name]}"])


def _as_display(output: NotebookNode) -> NotebookNode:
    return new_output("display_data", data=output.data, metadata=output.metadata)
