"""The student's guess: kept, never written unasked, and harmless where nobody guesses."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.explore import Prediction, Revelation, predict
from coursekit.explore.prediction import _number, _shown


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".lecture.guesses.json"


def test_nothing_is_written_before_the_student_submits(path):
    guess = predict("비율", unit="%", path=path)
    guess._make_box()
    guess.reveal(95)
    assert list(path.parent.iterdir()) == []


def test_a_guess_survives_a_restart(path):
    predict("비율", unit="%", path=path).guess(63)
    predict("고르기", choices=["가", "나"], path=path).guess("나")
    assert predict("비율", unit="%", path=path).value == 63
    assert predict("고르기", choices=["가", "나"], path=path).value == "나"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_file_lies_beside_the_notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "01_ml.ipynb"))
    assert predict("비율").path == tmp_path / ".01_ml.guesses.json"
    monkeypatch.setenv("JPY_SESSION_NAME", "Console 1")
    monkeypatch.chdir(tmp_path)
    assert predict("비율").path == tmp_path / ".guesses.json"


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"비율": "많이"}', '{"비율": NaN}', '{"비율": true}'])
def test_a_broken_file_counts_as_no_guess(path, content):
    path.write_text(content, encoding="utf-8")
    assert predict("비율", path=path).value is None


def test_a_choice_that_is_no_longer_offered_is_forgotten(path):
    predict("고르기", choices=["가", "나"], path=path).guess("나")
    assert predict("고르기", choices=["가", "다"], path=path).value is None


def test_a_crash_while_writing_keeps_the_other_guesses(path, monkeypatch):
    predict("하나", path=path).guess(1)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        predict("둘", path=path).guess(2)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_full_disk_is_told_and_the_guess_remembered(path, monkeypatch):
    monkeypatch.setattr("coursekit.explore.prediction._store", lambda *_: (_ for _ in ()).throw(OSError(28, "가득 참")))
    guess = predict("비율", path=path)
    guess._make_box()
    guess._entry.value = "3"
    guess._submit()
    assert "적지 못했습니다" in guess._status.value
    assert guess.value == 3


def test_submitting_in_the_box(path):
    guess = predict("비율", unit="%", path=path)
    guess._make_box()
    guess._entry.value = "예순"
    guess._submit()
    assert "숫자로" in guess._status.value
    assert not path.exists()
    guess._entry.value = " 1,063.5 % "
    guess._submit()
    assert json.loads(path.read_text(encoding="utf-8")) == {"비율": 1063.5}
    assert "1,064" in guess._status.value or "1,063.5" in guess._status.value


def test_a_choice_must_be_made(path):
    guess = predict("고르기", choices=["가", "나"], path=path)
    guess._make_box()
    guess._submit()
    assert "골라" in guess._status.value
    assert guess.value is None


def test_the_box_closes_when_a_guess_meets_its_result(path):
    guess = predict("비율", path=path)
    guess._make_box()
    guess.reveal(3)
    assert not guess._entry.disabled, "nothing guessed yet: Run All must not take the question away"
    guess.guess(2)
    guess.reveal(3)
    assert guess._entry.disabled


def test_without_a_guess_the_result_is_shown_and_says_so(path):
    revelation = predict("비율", unit="%", path=path).reveal(95.3)
    assert (revelation.guess, revelation.difference) == (None, None)
    assert "없음" in revelation._repr_html_()
    assert "95.3%" in revelation._repr_html_()
    assert revelation.comment() == "적어 둔 예상이 없어 결과만 보입니다."


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_difference_is_guess_minus_result(guess, actual):
    revelation = Revelation("비율", "%", guess, actual)
    assert revelation.difference == guess - actual
    assert ("높게" in revelation.comment()) == (guess > actual and "같습니다" not in revelation.comment())
    assert "!" not in revelation.comment()


def test_frame_and_plot_hold_both():
    numbers, words = Revelation("비율", "%", 60, 95), Revelation("고르기", "", "가", "나")
    assert numbers.to_frame().loc[0, ["guess", "actual", "difference"]].tolist() == [60, 95, -35]
    assert numbers.plot().data[0].y == (60, 95)
    assert words.to_frame().loc[0, "difference"] is None
    assert words.comment() == "예상과 결과가 다릅니다."
    assert words.plot().data[0].type == "table"


@pytest.mark.parametrize("actual", [float("nan"), float("inf"), "많이", None, True])
def test_a_result_that_is_no_number_is_refused(path, actual):
    with pytest.raises(ValueError, match="finite number"):
        predict("비율", path=path).reveal(actual)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Prediction(" "), "empty"),
        (lambda: Prediction("고르기", choices=["가"]), "at least two"),
        (lambda: Prediction("고르기", choices=["가", "나"]).guess("다"), "one of"),
        (lambda: Prediction("비율").guess(float("nan")), "finite"),
    ],
)
def test_bad_input_is_told(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@given(st.floats(-1e15, 1e15).map(lambda x: float(f"{x:.4g}")))
def test_a_shown_number_can_be_typed_again(value):
    """Four digits are shown, so a number of four digits must come back."""
    assert _number(_shown(value, "")) == pytest.approx(value, rel=1e-12, abs=0)


@pytest.mark.skipif(os.name == "nt", reason="permission bits")
def test_other_files_stay_private_to_their_owner(path):
    predict("비율", path=path).guess(1)
    assert path.stat().st_mode & 0o077 == 0
