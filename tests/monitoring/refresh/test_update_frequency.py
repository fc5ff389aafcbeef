"""Two weeks of training bound the age of a model, not how often it can be replaced."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.monitoring.refresh import update_frequency


@settings(max_examples=30, deadline=None)
@given(train_duration=st.integers(0, 40), label_delay=st.integers(0, 40), interval=st.integers(1, 60))
def test_ages_and_trainings_at_once_are_what_arithmetic_says(train_duration, label_delay, interval):
    row = update_frequency(train_duration, label_delay=label_delay, intervals=[interval]).to_frame().iloc[0]
    floor = train_duration + label_delay
    assert row["floor_age"] == floor
    assert row["mean_age"] == pytest.approx(floor + interval / 2)
    assert row["oldest_age"] == floor + interval
    assert row["trainings_at_once"] == math.ceil(train_duration / interval)
    assert row["one_at_a_time"] == (interval >= train_duration)


def test_the_curve_touches_the_floor_at_each_delivery_and_never_crosses_it():
    result = update_frequency(14, label_delay=7, intervals=(7, 28), horizon=84)
    figure = result.plot()
    assert len(figure.data) == 2
    for trace, interval in zip(figure.data, (7, 28), strict=True):
        x, y = np.array(trace.x), np.array(trace.y)
        assert min(y) == 21
        assert max(y) == 21 + interval
        falls = np.diff(y) < 0
        assert x[1:][falls].tolist() == [day for day in range(1, 84) if (day - 14) % interval == 0]
    assert [line.y0 for line in figure.layout.shapes] == [21, 21]
    texts = " ".join(note.text for note in figure.layout.annotations)
    assert "7일마다 시작: 평균 나이 24.5일, 동시에 도는 학습 2개" in texts


def test_every_panel_shows_the_same_days():
    result = update_frequency(14, intervals=(1, 5, 28), horizon=50)
    assert {trace.x[-1] for trace in result.plot().data} == {50}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_duration": -1}, "train_duration"),
        ({"label_delay": 0.5}, "label_delay"),
        ({"intervals": [0]}, "each interval"),
        ({"intervals": []}, "at least one interval"),
        ({"horizon": 0}, "horizon"),
    ],
)
def test_nonsense_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        update_frequency(**options)


def test_any_number_of_panels_can_be_drawn():
    for count in (1, 5, 39):
        assert len(update_frequency(3, intervals=range(1, count + 1), horizon=10).plot().data) == count
