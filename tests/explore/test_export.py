"""An executed notebook as one page; the browser's part is in test_in_browser.py."""

from __future__ import annotations

import json
import re

import nbformat
import plotly.graph_objects as go
import pytest

from coursekit.explore import PlotlyView, export_html, interactive_figure, slider

WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
PLOTLY = "application/vnd.plotly.v1+json"


def write(path, *outputs, widgets=None, markdown="# 제목"):
    cells = [nbformat.v4.new_markdown_cell(markdown)]
    for data in outputs:
        output = nbformat.v4.new_output("display_data", data=data)
        cells.append(nbformat.v4.new_code_cell("show()", outputs=[output]))
    notebook = nbformat.v4.new_notebook(cells=cells)
    if widgets:
        state = {
            widget.model_id: {"model_name": widget._model_name, "model_module": widget._model_module, "state": state}
            for widget, state in widgets
        }
        notebook.metadata["widgets"] = {STATE: {"version_major": 2, "version_minor": 0, "state": state}}
    nbformat.write(notebook, path)
    return path


def state_of(widget):
    return widget, json.loads(json.dumps(widget.get_state()))


def page(path, **options):
    target = path.with_suffix(".html")
    export_html(path, target, **options)
    return target.read_text(encoding="utf-8")


def figures(text):
    found = re.findall(r'<script type="application/vnd\.coursekit\.figure\+json">(.*?)</script>', text, re.DOTALL)
    return [json.loads(source) for source in found]


def test_a_widget_is_drawn_in_its_last_state(tmp_path):
    explorable = interactive_figure(
        lambda rate: go.Figure(go.Bar(x=["가"], y=[rate]), layout_title="막대 </script> 하나"),
        rate=slider("속도", 0, 9, value=2, unit="회"),
    )
    explorable.controls["rate"].value = 7
    widgets = [explorable, explorable.view, explorable.children[0], explorable.controls["rate"]]
    widgets += [widget.layout for widget in widgets]
    data = {WIDGET: {"model_id": explorable.model_id}, "text/plain": "x"}
    text = page(write(tmp_path / "a.ipynb", data, widgets=list(map(state_of, widgets))))
    (drawn,) = figures(text)
    assert drawn["figure"]["data"][0]["y"] == [7]
    assert drawn["figure"]["layout"]["title"]["text"] == "막대 </script> 하나"
    assert "속도 (회)" in text
    assert re.search(r"<output>\s*7\s*</output>", text)


def test_without_a_state_the_bundle_speaks(tmp_path):
    """Saved from JupyterLab, which does not store the widgets' state."""
    data, _ = PlotlyView(go.Figure(go.Bar(y=[1, 2])))._repr_mimebundle_()
    (drawn,) = figures(page(write(tmp_path / "a.ipynb", data)))
    assert drawn["figure"]["data"][0]["y"] == [1, 2]


def test_a_foreign_widget_without_state_says_so(tmp_path):
    text = page(write(tmp_path / "a.ipynb", {WIDGET: {"model_id": "gone"}, "text/plain": "IntSlider()"}))
    assert "저장되어 있지 않습니다" in text


def test_plain_plotly_figures_take_the_projects_style(tmp_path):
    plain = json.loads(go.Figure(go.Bar(y=[1])).to_json())
    own = json.loads(go.Figure(go.Bar(y=[1]), layout_template="plotly_dark").to_json())
    first, second = figures(page(write(tmp_path / "a.ipynb", {PLOTLY: plain}, {PLOTLY: own})))
    assert "template" not in first["figure"]["layout"]
    assert "template" in second["figure"]["layout"]


def test_plotly_js_is_in_the_page_once_and_only_where_needed(tmp_path):
    plain = json.loads(go.Figure(go.Bar(y=[1])).to_json())
    with_figures = page(write(tmp_path / "a.ipynb", {PLOTLY: plain}, {PLOTLY: plain}))
    assert with_figures.count("* plotly.js v") == 1
    assert len(page(write(tmp_path / "b.ipynb", {"text/plain": "x"}))) < 500_000


def test_the_page_names_no_server(tmp_path):
    """No script, style, font or frame from elsewhere, and a policy that would stop any."""
    plain = json.loads(go.Figure(go.Bar(y=[1])).to_json())
    text = page(write(tmp_path / "a.ipynb", {PLOTLY: plain}, markdown="$x$ [링크](https://example.org)"))
    head, _, rest = text.partition("<script>/**\n* plotly.js")
    assert not re.search(r"""<(?:script|link|iframe|img)[^>]+(?:src|href)=["']?(?:https?:)?//""", head + rest[-20_000:])
    assert "default-src 'none'" in head
    assert not re.search(r"@import|url\(\s*['\"]?https?:", head)


@pytest.mark.parametrize(("theme", "light"), [("light", "true"), ("dark", "false")])
def test_a_fixed_theme(tmp_path, theme, light):
    text = page(write(tmp_path / "a.ipynb"), theme=theme)
    assert f'data-jp-theme-light="{light}"' in text
    assert "prefers-color-scheme" not in text


def test_formulas_are_drawn_and_prices_are_not(tmp_path):
    text = page(write(tmp_path / "a.ipynb", markdown="식 $\\frac{a}{b}$, 코드 `$x$`"))
    assert "<mfrac>" in text
    assert "<code>$x$</code>" in text


def test_the_notebook_is_not_changed_and_the_page_is_whole(tmp_path):
    path = write(tmp_path / "a.ipynb", {"text/plain": "x"})
    before = path.read_bytes()
    page(path)
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.html", "a.ipynb"]


def test_bad_input_is_told(tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="no notebook"):
        export_html(broken, tmp_path / "a.html")
    with pytest.raises(FileNotFoundError, match="executed notebook"):
        export_html(tmp_path / "none.ipynb", tmp_path / "a.html")
    with pytest.raises(FileNotFoundError, match="create the folder"):
        export_html(write(tmp_path / "a.ipynb"), tmp_path / "none" / "a.html")
    with pytest.raises(ValueError, match="theme"):
        export_html(tmp_path / "a.ipynb", tmp_path / "a.html", theme="blue")
    assert not (tmp_path / "a.html").exists()
