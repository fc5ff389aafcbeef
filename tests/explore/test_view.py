"""The widget's Python side: what travels to the browser, and what a browser can put together."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.explore import PlotlyView
from coursekit.explore.view import explain


def record(view, monkeypatch):
    """What the view sends from now on."""
    sent = []
    monkeypatch.setattr(view.comm, "send", lambda data=None, **_: sent.append(data))
    return sent


def from_browser(view, **content):
    view._handle_custom_msg(content, [])


def put_together(state, patch):
    """The front end's rule, in Python."""
    assert patch["base"] == state["version"]
    data = [patch["traces"].get(str(i), (state["data"] + [None] * 99)[i]) for i in range(patch["length"])]
    return {"version": patch["version"], "data": data, "layout": patch.get("layout", state["layout"])}


def line(y, **layout):
    return go.Figure(go.Scatter(y=y), layout=layout)


traces = st.lists(st.lists(st.integers(-9, 9), max_size=4), max_size=4)


@given(st.lists(st.tuples(traces, st.sampled_from(["가", "나"])), min_size=1, max_size=5))
def test_patches_add_up_to_the_figure(steps):
    """Whatever came before, base and patch give the figure that was set."""
    view = PlotlyView()
    view._live = True
    state = view._figure
    for ys, title in steps:
        figure = go.Figure([go.Scatter(y=y) for y in ys], layout_title=title)
        before = view._figure["version"]
        view.figure = figure
        if view._figure["version"] != before:
            state = put_together(state, view._patch)
        assert state == view._figure
        assert state["data"] == json.loads(figure.to_json())["data"]
    view.close()


def test_only_changed_traces_travel(monkeypatch):
    big, small = list(range(2000)), [1, 2]
    view = PlotlyView(go.Figure([go.Scatter(y=big), go.Scatter(y=small)]))
    from_browser(view, kind="ready")
    sent = record(view, monkeypatch)
    view.figure = go.Figure([go.Scatter(y=big), go.Scatter(y=[1, 3])])
    (message,) = sent
    assert set(message["state"]) == {"_patch"}
    assert list(message["state"]["_patch"]["traces"]) == ["1"]
    assert "layout" not in message["state"]["_patch"]


def test_the_same_figure_again_sends_nothing(monkeypatch):
    view = PlotlyView(line([1, 2]))
    sent = record(view, monkeypatch)
    view.figure = line([1, 2])
    assert sent == []


def test_without_a_browser_the_whole_figure_is_kept_up_to_date(monkeypatch):
    """An executed notebook stores what was sent; there is nobody to apply a patch."""
    view = PlotlyView(line([1, 2]))
    sent = record(view, monkeypatch)
    view.figure = line([1, 3])
    (message,) = sent
    assert message["state"]["_figure"]["data"][0]["y"] == [1, 3]


def test_a_browser_that_missed_something_gets_the_whole(monkeypatch):
    view = PlotlyView(line([1, 2]))
    from_browser(view, kind="ready")
    view.figure = line([1, 3])
    sent = record(view, monkeypatch)
    from_browser(view, kind="stale")
    (message,) = sent
    assert message["state"]["_figure"]["data"][0]["y"] == [1, 3]
    assert message["state"]["_figure"]["version"] == 2


def test_a_late_browser_reads_a_complete_state():
    view = PlotlyView(line([1, 2]))
    from_browser(view, kind="ready")
    view.figure = line([1, 3])
    state = view.get_state()
    assert state["_figure"]["data"][0]["y"] == [1, 3]
    assert state["_patch"]["version"] == state["_figure"]["version"]


def test_display_is_small():
    """The bar is 100 kB a display; here the parts of it that this side decides."""
    view = PlotlyView(line(np.arange(500.0), title="제목"))
    assert len(json.dumps(view.get_state())) < 40_000
    assert "plotly.js v" not in view.get_state()["_esm"]


def test_plotlys_default_template_stays_at_home():
    assert "template" not in PlotlyView(line([1]))._figure["layout"]
    own = PlotlyView(line([1], template="ggplot2"))
    assert own._figure["layout"]["template"]["layout"]["plot_bgcolor"] == "rgb(237,237,237)"


def test_arrays_dates_and_missing_values_become_plain_json():
    dates = pd.date_range("2026-03-02", periods=3)
    figure = go.Figure(go.Scatter(x=dates, y=np.array([1.0, np.nan, 3.0]), customdata=np.array(["가", "나", None])))
    (trace,) = PlotlyView(figure)._figure["data"]
    text = json.dumps(trace, allow_nan=False)
    assert "2026-03-02" in text
    assert trace["y"]["dtype"] == "f8"  # binary stays binary: base64 is a third of the digits


def test_figure_must_be_a_figure():
    with pytest.raises(TypeError, match="Figure"):
        PlotlyView({"data": []})
    view = PlotlyView(line([1]))
    with pytest.raises(TypeError, match="Figure"):
        view.figure = None
    assert view.figure.data[0].y == (1,)


def test_setting_does_not_change_what_was_given():
    figure = line([1, 2], template="plotly_dark")
    before = figure.to_json()
    PlotlyView().figure = figure
    assert figure.to_json() == before


def test_clicks_reach_their_callbacks_and_errors_the_reader():
    view, seen = PlotlyView(line([1, 2])), []
    view.on_click(seen.append)
    assert view._events == ["click"]
    point = {"curve": 0, "index": 1, "x": 1, "y": 2, "name": None, "customdata": None}
    from_browser(view, kind="event", event="click", points=[point])
    from_browser(view, kind="event", event="hover", points=[point])
    assert seen == [[point]]
    view.on_hover(lambda points: points[5])
    from_browser(view, kind="event", event="hover", points=[point])
    assert "IndexError" in view.message
    with pytest.raises(TypeError, match="function"):
        view.on_click("no function")


def test_explain_names_the_readers_own_line(tmp_path):
    namespace = {}
    source = "def draw(x):\n    y = x + 1\n    return y / 0\n"
    exec(compile(source, str(tmp_path / "ipykernel_1" / "2.py"), "exec"), namespace)
    with pytest.raises(ZeroDivisionError) as caught:
        namespace["draw"](1)
    assert "draw 함수의 3번째 줄" in explain(caught.value)


def test_bundle_holds_a_fallback_while_it_is_small():
    small, _ = PlotlyView(line([1, 2]))._repr_mimebundle_()
    large, _ = PlotlyView(line(list(range(20_000))))._repr_mimebundle_()
    assert small["application/vnd.plotly.v1+json"]["data"][0]["y"] == [1, 2]
    assert "application/vnd.plotly.v1+json" not in large
    assert "application/vnd.jupyter.widget-view+json" in large
