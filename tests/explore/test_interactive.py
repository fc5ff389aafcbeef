"""A function and its controls: it follows, and it says what went wrong."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest
from ipywidgets.widgets.widget import _instances

from coursekit.explore import dropdown, interactive_figure, slider


def bars(height, kind="a"):
    if height == 3:
        raise ValueError("높이 3은 다루지 않습니다")
    return go.Figure(go.Bar(x=[kind], y=[height]))


@pytest.fixture
def explorable():
    return interactive_figure(bars, height=slider("높이", 0, 5, value=1), kind=dropdown("종류", ["a", "b"]))


def test_controls_drive_the_figure(explorable):
    assert explorable.values == {"height": 1, "kind": "a"}
    explorable.controls["kind"].value = "b"
    explorable.controls["height"].value = 4
    assert explorable.view.figure.data[0].x == ("b",)
    assert explorable.view.figure.data[0].y == (4,)


def test_an_error_is_shown_above_the_last_good_figure_and_goes_away(explorable):
    explorable.controls["height"].value = 3
    assert "ValueError: 높이 3은 다루지 않습니다" in explorable.view.message
    assert explorable.view.figure.data[0].y == (1,)
    explorable.controls["height"].value = 4
    assert explorable.view.message == ""


def test_a_message_of_the_author_survives_a_move(explorable):
    explorable.view.message = "막대를 눌러 보세요"
    explorable.controls["height"].value = 4
    assert explorable.view.message == "막대를 눌러 보세요"


def test_an_error_at_the_start_raises_in_the_cell():
    with pytest.raises(ValueError, match="높이 3"):
        interactive_figure(bars, height=slider("높이", 0, 5, value=3))


def test_a_forgotten_return_is_told():
    with pytest.raises(TypeError, match="return"):
        interactive_figure(lambda height: None, height=slider("높이", 0, 5))


def test_a_control_must_be_one():
    with pytest.raises(TypeError, match=r"height must be a control"):
        interactive_figure(bars, height=3)


def test_closing_lets_everything_go(explorable):
    """ipywidgets keeps what is not closed for as long as the kernel lives."""
    parts = [explorable, explorable.view, *explorable.controls.values()]
    models = {widget.model_id for widget in parts}
    assert models <= set(_instances)
    explorable.close()
    assert not models & set(_instances)
    assert all(widget.comm is None for widget in parts)


def test_a_bundle_for_notebooks_saved_without_widgets(explorable):
    bundle = explorable._repr_mimebundle_()
    assert bundle["application/vnd.plotly.v1+json"]["data"][0]["type"] == "bar"
