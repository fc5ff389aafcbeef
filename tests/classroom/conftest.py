"""A small assignment, made by code, and a class that hands it in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import assignments


@pytest.fixture
def source(tmp_path) -> Path:
    """A fresh source folder that a test may damage."""
    return assignments.write_source(tmp_path / "labs" / "lab_mean")


@pytest.fixture(scope="session")
def sound_source(tmp_path_factory) -> Path:
    """The same folder for tests that only read it."""
    return assignments.write_source(tmp_path_factory.mktemp("labs") / "lab_mean")
