"""What every test session needs, and what its end says."""

from __future__ import annotations

import os

# Two test processes share two cores: a BLAS that takes both only makes them wait for each other.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def pytest_terminal_summary(terminalreporter):
    """Say it plainly when the browser tests did not run; a line of dots hides it."""
    skipped = terminalreporter.stats.get("skipped", [])
    if any("browser" in getattr(report, "keywords", {}) for report in skipped):
        terminalreporter.section("browser tests did not run")
        terminalreporter.line("No Chromium was found. `make setup` says how to get one.")
