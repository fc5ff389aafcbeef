"""What every test session needs, and what its end says."""

from __future__ import annotations

import os

import pytest

# Two test processes share two cores: a BLAS that takes both only makes them wait for each other.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def pytest_addoption(parser):
    """Golden files are written anew on request only."""
    parser.addoption("--update-goldens", action="store_true", help="write golden files anew from their sources")


@pytest.fixture(scope="session")
def update_goldens(request) -> bool:
    """Whether golden files are to be written anew."""
    return request.config.getoption("--update-goldens")


def pytest_terminal_summary(terminalreporter):
    """Say it plainly when the browser tests did not run; a line of dots hides it."""
    skipped = terminalreporter.stats.get("skipped", [])
    if any("browser" in getattr(report, "keywords", {}) for report in skipped):
        terminalreporter.section("browser tests did not run")
        terminalreporter.line("No Chromium was found. `make setup` says how to get one.")
