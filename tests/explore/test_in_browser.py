"""What a student sees: the widgets in a real JupyterLab, and the exported page, in Chromium."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import nbformat
import pytest
from nbclient import NotebookClient

from coursekit.explore import export_html
from coursekit.explore.server import plotly_version
from tests.browser import browser, jupyter_lab, lab, open_lab, open_notebook  # noqa: F401  (fixtures)

pytestmark = pytest.mark.browser

EXPLORABLE = """
import numpy as np, plotly.graph_objects as go
from coursekit.explore import interactive_figure, predict, show, slider, toggle
x = np.linspace(0, 10, 200)
def draw(rate, shift):
    if rate == 3:
        raise ValueError("속도 3은 다루지 않습니다")
    figure = go.Figure(layout={"title": "흔들리는 두 선", "xaxis_title": "시간 (일)"})
    figure.add_scatter(x=x, y=np.sin(x), name="고정")
    return figure.add_scatter(x=x, y=np.sin(rate * x), name="변화")
explorable = interactive_figure(draw, rate=slider("속도", 0, 9, value=1), shift=toggle("이동"))
explorable
"""
PLOT = ".coursekit-plot"


def plot(notebook, what, index=0):
    """Something about a drawn figure, as JavaScript of its element ``p``."""
    script = "([i, code]) => Function('p', `return ${code}`)(document.querySelectorAll('.coursekit-plot')[i])"
    return notebook.page.evaluate(script, [index, what])


def wait_for_drawing(notebook, version, index=0):
    notebook.page.wait_for_function(
        "([i, v]) => +document.querySelectorAll('.coursekit-plot')[i]?.dataset.drawn >= v", arg=[index, version]
    )


@pytest.fixture(scope="module")
def page_of_lab(browser, lab):  # noqa: F811
    """One page for the tests that do not mind what was open before."""
    notebook = open_lab(browser, lab)
    yield notebook
    notebook.page.context.close()


@pytest.fixture
def opened(page_of_lab, lab, request):  # noqa: F811
    """Run a notebook of the given cells."""

    def run(*cells, figures=1, name=f"{request.node.name}.ipynb"):
        lab.write(name, *cells)
        page_of_lab.page.set_viewport_size({"width": 1280, "height": 900})
        page_of_lab.open(name)
        page_of_lab.received.clear()
        page_of_lab.run_all()
        page_of_lab.wait_for_figures(figures)
        return page_of_lab

    yield run
    page_of_lab.close_all()


def test_a_display_is_small_and_local(opened, lab):  # noqa: F811
    """Under 100 kB for controls, figure and code together; the library comes once, from the server next door."""
    notebook = opened(EXPLORABLE, "show(draw(2, 0))", "show(draw(4, 0))", figures=3)
    assert sum(size for _, size in notebook.received) < 3 * 100_000
    notebook.received.clear()
    notebook.run_cell(0)
    wait_for_drawing(notebook, 1)
    notebook.page.wait_for_timeout(300)
    assert 0 < sum(size for _, size in notebook.received) < 100_000
    libraries = [url for url in notebook.requests if url.endswith("plotly.min.js")]
    assert libraries == [f"{lab.url}coursekit/plotly/{plotly_version()}/plotly.min.js"]
    assert {urlsplit(url).hostname for url in notebook.requests if url.startswith(("http", "ws"))} == {"127.0.0.1"}


def test_a_slider_redraws_and_sends_one_trace(opened):
    notebook = opened(EXPLORABLE)
    notebook.received.clear()
    before = plot(notebook, "p.querySelectorAll('.scatterlayer path.js-line')[1].getAttribute('d')")
    notebook.page.locator(".noUi-handle").first.focus()
    notebook.page.keyboard.press("ArrowRight")
    wait_for_drawing(notebook, 2)
    assert plot(notebook, "p.querySelectorAll('.scatterlayer path.js-line')[1].getAttribute('d')") != before
    # 200 binary numbers are 1600 bytes, 2134 in base64, twice (x and y); the other trace would double that
    assert 2 * 2134 < sum(size for _, size in notebook.received) < 4 * 2134 + 4000
    assert plot(notebook, "Array.from(p._fullData[1].y).slice(0, 2)")[1] == pytest.approx(0.1003, abs=1e-3)


def test_a_zoom_survives_the_slider(opened):
    notebook = opened(EXPLORABLE)
    notebook.page.evaluate(f"() => Plotly.relayout(document.querySelector('{PLOT}'), {{'xaxis.range': [2, 4]}})")
    notebook.page.locator(".noUi-handle").first.focus()
    notebook.page.keyboard.press("ArrowRight")
    wait_for_drawing(notebook, 2)
    assert plot(notebook, "p._fullLayout.yaxis.autorange")


def test_an_error_is_shown_in_korean_and_goes_away(opened):
    notebook = opened(EXPLORABLE)
    note = notebook.page.locator(".coursekit-note").first
    notebook.page.locator(".noUi-handle").first.focus()
    for _ in range(2):
        notebook.page.keyboard.press("ArrowRight")
    note.filter(has_text="ValueError: 속도 3은 다루지 않습니다").wait_for()
    assert "draw 함수의" in note.inner_text()
    notebook.page.keyboard.press("ArrowRight")
    note.wait_for(state="hidden")


def test_the_figure_follows_the_theme(opened):
    """Text, grid and palette change with Lab's theme; the paper stays transparent."""
    notebook = opened(EXPLORABLE)
    light = plot(notebook, "[p._fullLayout.font.color, p._fullLayout.xaxis.gridcolor, p._fullData[0].line.color]")
    notebook.set_theme("JupyterLab Dark")
    notebook.page.wait_for_function(
        "before => document.querySelector('.coursekit-plot')._fullData[0].line.color !== before", arg=light[2]
    )
    dark = plot(notebook, "[p._fullLayout.font.color, p._fullLayout.xaxis.gridcolor, p._fullData[0].line.color]")
    assert all(one != other for one, other in zip(light, dark, strict=True))
    assert plot(notebook, "p._fullLayout.paper_bgcolor") == "rgba(0,0,0,0)"
    shown = notebook.page.evaluate(
        """() => {
            const title = document.querySelector(".coursekit-plot .gtitle");
            const paper = document.querySelector(".jp-Notebook");
            return [getComputedStyle(title).fill, getComputedStyle(paper).backgroundColor];
        }"""
    )
    text, paper = (sum(map(float, colour.strip("rgba()").split(",")[:3])) / 3 for colour in shown)
    assert text - paper > 150, "light text on a dark page"
    notebook.set_theme("JupyterLab Light")
    notebook.page.wait_for_function(
        "before => document.querySelector('.coursekit-plot')._fullData[0].line.color === before", arg=light[2]
    )


def test_several_views_of_one_figure_and_no_leak(opened):
    """Each display is a view of its own; what is cleared is purged; closing empties all."""
    show_twice = "from IPython.display import display\ndisplay(explorable.view); display(explorable.view)"
    notebook = opened(EXPLORABLE, show_twice, "explorable.controls['rate'].value = 5", figures=3)
    for index in range(3):
        wait_for_drawing(notebook, 2, index)
    views = "() => globalThis[Symbol.for('coursekit.explore')].views.size"
    assert notebook.page.evaluate(views) == 3
    for _ in range(3):
        notebook.run_cell(1)
    notebook.wait_for_figures(3)
    notebook.page.wait_for_function(f"() => ({views})() === 3")
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('editmenu:clear-all')")
    notebook.page.wait_for_function(f"() => ({views})() === 0")
    assert notebook.page.evaluate("() => document.querySelectorAll('.js-plotly-plot').length") == 0


def test_closing_from_python_takes_the_view_off_the_page(opened):
    notebook = opened(EXPLORABLE, "pass")
    notebook.page.evaluate(
        """() => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            return kernel.requestExecute({code: "explorable.close()"}).done;
        }"""
    )
    notebook.page.wait_for_function("() => globalThis[Symbol.for('coursekit.explore')].views.size === 0")


def test_reopening_shows_the_last_state(opened):
    """The page is reloaded while the kernel lives on."""
    notebook = opened(EXPLORABLE)
    notebook.page.locator(".noUi-handle").first.focus()
    notebook.page.keyboard.press("ArrowRight")
    wait_for_drawing(notebook, 2)
    notebook.save()
    notebook.page.reload(wait_until="domcontentloaded")
    notebook.wait_for_figures(1)
    assert plot(notebook, "Array.from(p._fullData[1].y).slice(0, 2)")[1] == pytest.approx(0.1003, abs=1e-3)
    notebook.page.locator(".noUi-handle").first.focus()
    notebook.page.keyboard.press("ArrowLeft")
    wait_for_drawing(notebook, 3)


def buttons(page):
    """What the buttons above each figure say."""
    return page.evaluate(
        f"() => [...document.querySelectorAll('{PLOT} .modebar-btn')].map((button) => button.dataset.title)"
    )


KOREAN_BUTTONS = {"PNG로 저장", "영역 확대", "이동", "확대", "축소", "축을 처음으로"}


def test_the_buttons_are_korean_and_none_sends_the_figure_away(opened):
    """plotly.js has a button of its own, "Share chart...", that uploads the figure to a company."""
    notebook = opened(EXPLORABLE)
    assert set(buttons(notebook.page)) == KOREAN_BUTTONS


def test_a_click_reaches_python(opened):
    notebook = opened(
        "import plotly.graph_objects as go\nfrom coursekit.explore import PlotlyView\n"
        "view = PlotlyView(go.Figure(go.Bar(x=['가', '나'], y=[1, 2])))\n"
        "def tell(points):\n    view.message = f\"{points[0]['x']} {points[0]['y']}\"\n"
        "view.on_click(tell)\nview"
    )
    bar = notebook.page.locator(f"{PLOT} .bars .point").nth(1).bounding_box()
    notebook.page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    notebook.page.wait_for_timeout(300)
    notebook.page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    notebook.page.locator(".coursekit-note", has_text="나 2").wait_for()


def test_the_figure_keeps_to_its_box(opened):
    notebook = opened(EXPLORABLE)
    for width in (1500, 700):
        notebook.page.set_viewport_size({"width": width, "height": 900})
        notebook.page.wait_for_function(
            f"""() => {{
                const plot = document.querySelector("{PLOT}");
                const drawn = plot.querySelector(".main-svg").getBoundingClientRect().width;
                return Math.abs(drawn - plot.clientWidth) <= 1;
            }}"""
        )


def test_labels_are_not_cut(opened):
    """Every text of the figure lies inside of the picture."""
    notebook = opened(
        "import plotly.graph_objects as go\nfrom coursekit.explore import show\n"
        "names = ['아주 긴 이름을 가진 의도 하나', '짧은 것', '띄어쓰기가 없는 질의']\n"
        "show(go.Figure(go.Bar(y=names, x=[1, 2, 3], orientation='h'), layout={'title': '의도별 정확도',"
        " 'xaxis_title': '정확도', 'yaxis_title': '의도'}))"
    )
    cut = notebook.page.evaluate(
        f"""() => {{
            const plot = document.querySelector("{PLOT}"), box = plot.getBoundingClientRect();
            return [...plot.querySelectorAll("text")].filter((text) => {{
                const r = text.getBoundingClientRect();
                return r.width && (r.left < box.left - 1 || r.right > box.right + 1
                    || r.top < box.top - 1 || r.bottom > box.bottom + 1);
            }}).map((text) => text.textContent);
        }}"""
    )
    assert cut == []


def test_without_plotly_js_the_student_is_told_what_to_do(browser, lab):  # noqa: F811
    lab.write("missing.ipynb", EXPLORABLE)
    notebook = open_notebook(browser, lab, "missing.ipynb")
    notebook.page.route("**/plotly.min.js", lambda route: route.abort())
    notebook.run_all()
    note = notebook.page.locator(".coursekit-note[data-tone=error]")
    note.wait_for()
    assert "plotly.js를 불러오지 못했습니다" in note.inner_text()
    notebook.page.unroute("**/plotly.min.js")
    note.get_by_role("button", name="다시 시도").click()
    notebook.wait_for_figures(1)
    note.wait_for(state="hidden")
    notebook.page.context.close()


def test_the_guess_is_kept_over_a_restart(opened, lab):  # noqa: F811
    ask = "from coursekit.explore import predict, show\nimport plotly.graph_objects as go\n"
    ask += "guess = predict('36시간 레이블이 True인 비율', unit='%')\nshow(go.Figure())"
    notebook = opened(ask, "_ = guess.reveal(97.5)", figures=0, name="guess.ipynb")
    stored = lab.root / ".guess.guesses.json"
    assert not stored.exists(), "Run All is no guess"
    notebook.page.get_by_placeholder("숫자").fill("63")
    notebook.page.get_by_role("button", name="예상 적어 두기").click()
    notebook.page.get_by_text("적어 둔 예상: 63%").wait_for()
    assert json.loads(stored.read_text(encoding="utf-8")) == {"36시간 레이블이 True인 비율": 63.0}
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    notebook.wait_for_kernel()
    notebook.run_all()
    revelation = notebook.page.locator(".coursekit-revelation")
    revelation.filter(has_text="34.5%p 낮게").wait_for()
    assert "63%" in revelation.inner_text()
    assert "97.5%" in revelation.inner_text()
    assert notebook.page.get_by_placeholder("숫자").input_value() == "63"


PLAYGROUND = """
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from coursekit.explore import intent_playground
data = pd.DataFrame({"text": ["날씨 알려줘", "우산 필요해", "뉴스 들려줘", "속보 있어", "날씨 뉴스"],
                     "intent": ["weather", "weather", "news", "news", "news"]})
def fit(analyzer, rows):
    return make_pipeline(CountVectorizer(analyzer=analyzer), MultinomialNB()).fit(data.text[:rows], data.intent[:rows])
models = {"글자 모델": fit("char", 4), "단어 모델": fit("word", 3)}
playground = intent_playground(models, data, slices={"짧은 질의": (data.text.str.len() < 6).to_numpy()},
                               names={"weather": "날씨", "news": "뉴스"})
playground
"""


def test_typing_hangul_into_the_playground(opened):
    """Letter by letter through an input method, as Korean is typed; the answer follows."""
    notebook = opened(PLAYGROUND)
    box = notebook.page.get_by_placeholder("알아볼 문장")
    box.click()
    session = notebook.page.context.new_cdp_session(notebook.page)
    for syllables in (["ㄴ", "나", "날"], ["ㅆ", "씨"], ["ㅇ", "어", "어때"]):
        for composing in syllables:
            session.send(
                "Input.imeSetComposition",
                {"text": composing, "selectionStart": len(composing), "selectionEnd": len(composing)},
            )
            notebook.page.wait_for_timeout(60)
        session.send("Input.insertText", {"text": syllables[-1]})
    assert box.input_value() == "날씨어때"
    notebook.page.wait_for_function(f"() => document.querySelector('{PLOT}')._fullData[0].text?.length === 2")
    answers = plot(notebook, "p._fullData[0].text")
    box.fill("속보 뉴스")
    notebook.page.wait_for_function(
        f"before => document.querySelector('{PLOT}')._fullData[0].text.join() !== before.join()", arg=answers
    )
    assert all("뉴스" in text for text in plot(notebook, "p._fullData[0].text"))


def test_choosing_a_mistake_in_the_playground_asks_it(opened):
    notebook = opened(PLAYGROUND)
    notebook.page.locator(".widget-dropdown select").first.select_option(label="단어 모델")
    notebook.page.locator(".widget-select option").first.wait_for(state="attached")
    notebook.page.locator(".widget-select select").select_option(index=0)
    asked = notebook.page.get_by_placeholder("알아볼 문장")
    notebook.page.wait_for_function("e => e.value !== ''", arg=asked.element_handle())
    notebook.page.locator(f"{PLOT} .annotation-text", has_text="정답").wait_for()


def test_notebook_7_behind_another_base_url(browser, tmp_path):  # noqa: F811
    """The classic look, and a hub's way of naming servers."""
    with jupyter_lab(tmp_path / "root", base_url="/user/kim/") as server:
        server.write("a.ipynb", EXPLORABLE)
        status, headers, body = server.get(f"coursekit/plotly/{plotly_version()}/plotly.min.js")
        assert (status, headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        assert b"plotly.js v" in body[:100]
        page = browser.new_context().new_page()
        page.goto(f"{server.url}notebooks/a.ipynb?token={server.token}")
        page.wait_for_function(
            """() => {
                const session = window.jupyterapp?.shell.currentWidget?.sessionContext;
                const kernel = session?.isReady && session.session?.kernel;
                return kernel && kernel.status === "idle" && kernel.connectionStatus === "connected";
            }""",
            timeout=60_000,
        )
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_selector(f"{PLOT}[data-drawn]", timeout=60_000)
        page.context.close()


def test_the_server_keeps_its_cache_honest(lab):  # noqa: F811
    exact = f"coursekit/plotly/{plotly_version()}/plotly.min.js"
    status, headers, body = lab.get(exact, **{"Accept-Encoding": "gzip"})
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert "immutable" in headers["cache-control"]
    assert len(body) < 2_000_000
    status, headers, _ = lab.get("coursekit/plotly/0.0.1/plotly.min.js")
    assert (status, headers["cache-control"]) == (200, "no-cache")
    assert lab.get("coursekit/plotly/..%2f..%2fsecrets/plotly.min.js")[0] == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_exported_page_draws_everything_without_a_network(browser, tmp_path, scheme):  # noqa: F811
    cells = [
        nbformat.v4.new_markdown_cell(r"식 $\hat p = \frac{1}{n}\sum_i x_i$"),
        nbformat.v4.new_code_cell(EXPLORABLE + "\nexplorable.controls['rate'].value = 5\nexplorable"),
        nbformat.v4.new_code_cell("g = predict('비율', unit='%')\n_ = g.reveal(95)\nshow(draw(2, 0))"),
        nbformat.v4.new_code_cell("go.Figure(go.Bar(x=['가', '나'], y=np.array([1, 2])))"),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    nbformat.write(notebook, tmp_path / "lecture.ipynb")
    target = export_html(tmp_path / "lecture.ipynb", tmp_path / "lecture.html")

    context = browser.new_context(color_scheme=scheme, offline=True)
    page, requests, errors = context.new_page(), [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(target.as_uri())
    page.wait_for_function(f"() => document.querySelectorAll('{PLOT}[data-drawn]').length === 3")
    assert requests == [target.as_uri()]
    assert errors == []
    moved = page.evaluate(f"() => Array.from(document.querySelector('{PLOT}')._fullData[1].y.slice(0, 2))")
    assert moved[1] == pytest.approx(0.2486, abs=1e-3)  # sin(5 * 10 / 199): the slider's last place
    assert page.locator("math mfrac").count() == 1
    assert set(buttons(page)) == KOREAN_BUTTONS
    colour = page.evaluate(f"() => document.querySelector('{PLOT}')._fullData[0].line.color")
    assert colour == {"light": "#3674c8", "dark": "#8db4ff"}[scheme]
    context.close()
