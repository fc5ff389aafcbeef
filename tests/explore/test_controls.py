"""Controls say what is wrong with them when they are made, not when they are moved."""

from __future__ import annotations

import ipywidgets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.explore import dropdown, log_slider, slider, text, toggle


@given(st.integers(-1000, 1000), st.integers(1, 1000))
def test_whole_numbers_stay_whole_and_inside(low, span):
    made = slider("값", low, low + span)
    assert isinstance(made, ipywidgets.IntSlider)
    assert low <= made.value <= low + span


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_a_float_slider_starts_inside(low, span):
    made = slider("값", low, low + span)
    assert isinstance(made, ipywidgets.FloatSlider)
    assert low <= made.value <= low + span


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: slider("값", 3, 3), "below"),
        (lambda: slider("값", 0, 3, value=4), "value must lie in"),
        (lambda: slider("값", 0, 3, step=0), "step"),
        (lambda: log_slider("값", 0, 3), "0 < low"),
        (lambda: log_slider("값", 1, 3, value=9), "value must lie in"),
        (lambda: dropdown("값", []), "no options"),
        (lambda: dropdown("값", ["가"], value="나"), "not among"),
    ],
)
def test_bad_input_is_told(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_value_of_zero_is_a_value():
    assert slider("값", -5, 5, value=0).value == 0
    assert isinstance(slider("값", 0, 5, value=2.5), ipywidgets.FloatSlider)


def test_labels_hold_their_unit():
    assert slider("기간", 0, 9, unit="일").description == "기간 (일)"
    assert (toggle("평활").description, text("질의").description) == ("평활", "질의")


def test_dropdown_of_unhashable_values():
    assert dropdown("표", {"하나": [1], "둘": [2]}, value=[2]).value == [2]
