"""Quiz 14's answers are right, and the figures of its questions and explanations hold."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from coursekit.classroom.judging import CheckFailed
from coursekit.monitoring import DDM

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "labs"))
from authored_notebook import authored_as

QUIZ = authored_as("quiz14_monitoring")
REFERENCE = QUIZ.reference()


def test_a_recall_is_no_truth_value():
    names = {"estimated_recall": lambda *_: True}
    QUIZ.run("checks_support", names)
    with pytest.raises(CheckFailed, match="숫자를 돌려주어야 합니다"):
        QUIZ.run("test_recall", names)


def test_the_estimated_recall_is_right_on_average():
    """Frauds caught with chance 0.6 and an audit of a tenth of the rest, 2,000 worlds."""
    rng = np.random.default_rng(5)
    caught = rng.binomial(1_000, 0.6, size=2_000)
    found = rng.binomial(1_000 - caught, 0.1)
    estimates = [REFERENCE["estimated_recall"](int(c), int(f), 0.1) for c, f in zip(caught, found, strict=True)]
    # found / 0.1 has standard deviation sqrt(400 * 0.1 * 0.9) / 0.1 = 60 of 1,000, which moves the
    # recall by about 0.6 * 0.06 = 0.036; its curvature biases it by 0.6 * 0.06**2 = 0.0022. Four
    # standard errors of 2,000 worlds are 0.0032.
    assert np.mean(estimates) == pytest.approx(0.6, abs=0.0022 + 0.0032)


def test_the_ddm_of_the_on_call_item_rings_in_nearly_half_of_all_quiet_streams():
    """The explanation says so, and that a larger minimum makes it rare."""
    streams = np.random.default_rng(14).random((300, 10_000)) < 0.1
    rang = {n: sum(DDM(n_min=n).detect(errors).drifts.size > 0 for errors in streams) / 300 for n in (30, 1_000)}
    # Three standard errors of 300 streams are at most 0.09.
    assert 0.35 < rang[30] < 0.55
    assert rang[1_000] < 0.2


def test_the_psi_of_the_on_call_item_is_ordinary_without_a_change():
    """Two samples of 100 in ten bins: the mean that the item gives, and more than 0.1 most of the time."""
    rng = np.random.default_rng(15)
    shares = rng.multinomial(100, np.full(10, 0.1), size=(4_000, 2)) / 100
    shares = np.maximum(shares, 0.001)  # an empty bin, 1 in 4,000, would be infinite
    psi = np.sum((shares[:, 0] - shares[:, 1]) * np.log(shares[:, 0] / shares[:, 1]), axis=1)
    # 9 * (1/100 + 1/100) = 0.18 is the leading term; bins of ten add some ten percent.
    assert np.mean(psi) == pytest.approx(0.18, rel=0.2)
    assert np.mean(psi > 0.1) > 0.8
    assert 0.2 < np.mean(psi > 0.17) < 0.8


def test_the_table_of_the_canary_adds_up():
    """The day's row is the sum of the others, and the key its mean over the canary's times of day."""
    numbers = [
        [float(number.replace(",", "")) for number in re.findall(r"[\d,]+\.?\d*", line)]
        for line in QUIZ.source["question_time_of_day"].splitlines()
        if line.startswith(("| 오전", "| 저녁", "| 하루"))
    ]
    morning, evening, day = numbers
    for column in (0, 1, 3, 4):
        assert morning[column] + evening[column] == day[column]
    for row in numbers:
        assert row[2] == pytest.approx(100 * row[1] / row[0], abs=0.005)
        assert row[5] == pytest.approx(100 * row[4] / row[3], abs=0.005)
    key = (morning[0] * morning[5] + evening[0] * evening[5]) / day[0]
    assert REFERENCE["answer_4"] == pytest.approx(key, abs=1e-9)
