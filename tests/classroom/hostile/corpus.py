"""The corpus of hostile and broken hand-ins, each with its honest score.

``CASES`` answer ``judged_assignment`` (hidden checks in a process of their own); ``IN_PROCESS``
answer ``assignments`` (hidden tests in the notebook, beside the answers). Nothing here knows how
grading works inside: an engine is judged by scores, statuses, flags and ``invariants``.

A hand-in is dangerous to the machine outside of a sandbox; the worst ones look whether they share
the process namespace of whoever imported this module, and then only say so. They are for Linux.
"""

from __future__ import annotations

from collections.abc import Iterable

from hostile.displaying import OUTPUTS
from hostile.escaping import ESCAPES
from hostile.exhausting import EXHAUSTION
from hostile.filing import FILES
from hostile.forging import FORGERIES
from hostile.invariants import NEIGHBOUR
from hostile.lying import VALUES
from hostile.making import GRADED, NO_MEAN, NO_SPREAD, SPREAD, Case, Sparse, Special, Symlink, answers
from hostile.mangling import NOTEBOOKS
from hostile.patching import (
    ABS,
    ASSERTION_ERROR,
    AST_TRANSFORMER,
    COMPARING,
    COMPILE_EXEC,
    DISPLAYED_POINTS,
    HOOKS,
    INPUT_CLEANUP,
    INPUT_TRANSFORMER,
    ISINSTANCE,
    NUMPY_TESTING,
    OPTIMIZED,
    PATCHES,
    RUN_CELL,
    RUN_CODE,
    SWALLOW,
    TRACING,
)
from hostile.spying import SPIES

__all__ = ["CASES", "IN_PROCESS", "NEIGHBOURS_ANSWERS", "Case", "Sparse", "Special", "Symlink", "in_process_holds"]

CASES: list[Case] = [
    *PATCHES,
    *VALUES,
    *SPIES,
    *ESCAPES,
    *EXHAUSTION,
    *FORGERIES,
    *OUTPUTS,
    *FILES,
    *NOTEBOOKS,
]

NEIGHBOURS_ANSWERS = {
    "solution_mean": f"def mean(values):\n    {NEIGHBOUR} = sum(values)\n    return {NEIGHBOUR} / len(values)",
    "solution_spread": SPREAD,
}
"""What the neighbour has handed in, whom hand-ins of the corpus look for; it earns 4."""

IN_PROCESS: list[Case] = [
    Case(f"in_process_{name}", answers(NO_MEAN, NO_SPREAD, first=trick), 0, GRADED, (), note)
    for name, trick, note in (
        ("input_transformer", INPUT_TRANSFORMER, "Blanks cells with an assert; plain nbgrader gives 4."),
        ("input_cleanup", INPUT_CLEANUP, "Blanks every later cell."),
        ("ast_transformer", AST_TRANSFORMER, "Strips asserts from the syntax tree."),
        ("run_cell", RUN_CELL, "Replaces run_cell."),
        ("run_code", RUN_CODE, "Runs nothing and reports success."),
        ("cell_hooks", HOOKS, "Rewrites cells and results in hooks."),
        ("swallowed_errors", SWALLOW, "Swallows every exception."),
        ("patched_isinstance", ISINSTANCE, "isinstance believes one class everything."),
        ("patched_assertion_error", ASSERTION_ERROR, "Failed asserts raise something else."),
        ("patched_compile_and_exec", COMPILE_EXEC, "Compiles an empty cell in place of a test."),
        ("optimizing_compiler", OPTIMIZED, "Compiles without asserts."),
        ("patched_numpy_testing", NUMPY_TESTING, "numpy.testing asserts nothing."),
        ("patched_comparisons", COMPARING, "math.isclose and numpy's are always true."),
        ("patched_abs", ABS, "Every difference is 0."),
        ("tracing", TRACING, "Traces every call."),
    )
] + [
    Case(
        "in_process_displayed_points",
        answers(DISPLAYED_POINTS, NO_SPREAD),
        0,
        GRADED,
        (),
        "Displays 2 as a result while its test runs, which nbgrader takes for points.",
    )
]
"""Wrong answers with tricks that a guard beside them can see: no effect, or a flag."""


def in_process_holds(case: Case, score: float, flags: Iterable[str]) -> bool:
    """Whether a trick had no effect on the score, or was flagged as ``tampered:<what>``."""
    return score == case.wanted_score or any(flag.startswith("tampered:") for flag in flags)
