"""What lab 14 tells those who borrow a detector, do not forget, or spend more than they have."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from coursekit.classroom.judging import CheckFailed, Student

sys.path.insert(0, str(Path(__file__).parent))
from authored_notebook import authored_as

LAB = authored_as("lab14_drift")


def test_a_detector_of_the_library_is_not_an_answer():
    """Whatever it returns: the lab is about writing it."""
    library = "from coursekit.monitoring import DDM"
    text = (
        f"{library}\n\ndef ddm_alarms(errors, n_min=30):\n    found = DDM(n_min=n_min).detect(errors)\n    return found"
    )
    names = {**LAB.solved, "In": [text]}
    exec(text, names)
    assert "직접 쓰세요" in LAB.message("test_ddm", names)


def test_a_detector_that_does_not_forget_is_told_so():
    """Not that its definition is another: its first drift is right, its later ones are those of no fresh start."""

    def listens_once(errors, n_min):
        warnings, drifts = LAB.solved["ddm_alarms"](errors, n_min)
        return warnings, drifts[:1]

    with pytest.raises(CheckFailed, match="무엇을 잊어야 하는지"):
        LAB.hidden_checks.check_ddm(Student({"ddm_alarms": listens_once}))


def test_the_budget_is_kept_by_the_check():
    """A policy that asks for a fifth training fails, however well it does."""

    def spends(day, error_rates, budget_left):
        return sum(error_rates[-5:]) / len(error_rates[-5:]) > 0.13

    with pytest.raises(CheckFailed, match="네 번을 다 쓴 뒤에"):
        LAB.hidden_checks.check_refresh(Student({"retrain_today": spends}))
