"""Quiz 1's answers are right by a definition that the quiz does not use."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "labs"))
from authored_notebook import authored_as

REFERENCE = authored_as("quiz01_ml_lifecycle").reference()


def test_the_distance_is_the_total_variation():
    """Half the sum of differences is the largest difference over all sets of intents."""
    p, q = [0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]
    sets = ([i for i in range(4) if mask >> i & 1] for mask in range(16))
    largest = max(abs(sum(p[i] - q[i] for i in chosen)) for chosen in sets)
    assert REFERENCE["total_variation"](p, q) == pytest.approx(largest, abs=1e-12)
