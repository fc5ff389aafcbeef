"""An executed notebook as one page that needs neither a kernel nor a network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal

import nbformat

from coursekit.explore._page_exporter import page_exporter
from coursekit.explore._widget_page import FIGURE_TYPE, PLOTLY_MIME, STATE_MIME, WIDGET_MIME, output_html
from coursekit.explore.server import plotly_js
from coursekit.explore.style import template_json
from coursekit.writing import write_whole

_HERE = Path(__file__).parent
_FOOT = "<!-- coursekit: the drawing code -->"
_DARK = "(prefers-color-scheme: dark)"
_FOLLOW_READER = """<script>
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    document.body.dataset.jpThemeLight = String(!dark.matches);
    document.body.dataset.jpThemeName = dark.matches ? "JupyterLab Dark" : "JupyterLab Light";
  };
  dark.addEventListener("change", follow);
  follow();
})();
</script>"""
# The page speaks to the drawing code as a widget's model would, with a state that nobody changes.
_DRAW_ALL = """
page.plotly = Promise.resolve(globalThis.Plotly);
const templates = JSON.parse(document.getElementById("coursekit-templates").textContent);
for (const source of document.querySelectorAll('script[type="%s"]')) {
  const { figure, message, tone, height } = JSON.parse(source.textContent);
  const state = {
    _figure: figure, _templates: templates, _message: message, _tone: tone, _height: height, _events: [],
  };
  view.render({ model: { get: (key) => state[key], on() {}, off() {}, send() {} }, el: source.parentElement });
}
"""


def export_html(
    notebook_path: Path | str,
    output_path: Path | str,
    *,
    theme: Literal["auto", "light", "dark"] = "auto",
) -> Path:
    """Write an executed notebook as one HTML file that works offline.

    A page that fetches its drawing library from somebody's server is blank in a train, behind a
    hospital's firewall, and in ten years. This one holds plotly.js once, draws figures and
    widgets in the state in which they were saved, and forbids itself every request.

    Parameters
    ----------
    notebook_path
        A notebook with its outputs; it is not executed here and not changed.
    output_path
        The page; a file that is there is replaced as a whole.
    theme
        ``"auto"`` follows the reader's system; ``"light"`` and ``"dark"`` do not.

    Returns
    -------
    Path
        ``output_path``.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook, or no folder for the page.
    ValueError
        If the file is no notebook, or the theme is unknown.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 1강")])
    >>> nbformat.write(notebook, folder / "lecture.ipynb")
    >>> page = export_html(folder / "lecture.ipynb", folder / "lecture.html")
    >>> "https://cdn" in page.read_text(encoding="utf-8")
    False
    """
    source, target = Path(notebook_path), Path(output_path)
    if theme not in ("auto", "light", "dark"):
        raise ValueError(f"theme must be 'auto', 'light' or 'dark', got {theme!r}")
    if not source.is_file():
        raise FileNotFoundError(f"{source} does not exist: give the path of an executed notebook")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target.parent} does not exist: create the folder for the page first")
    try:
        notebook = nbformat.read(source, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, AttributeError) as error:
        raise ValueError(f"{source} is no notebook that can be read: {error}") from error
    has_figures = _draw_outputs(notebook)
    write_whole(target, _page(notebook, source, theme, has_figures))
    return target


def _draw_outputs(notebook: nbformat.NotebookNode) -> bool:
    """Replace what needs a kernel or an extension by plain HTML, and tell whether figures are among it."""
    states = notebook.metadata.pop("widgets", {}).get(STATE_MIME, {}).get("state", {})
    figures = False
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            drawn = output_html(data, states)
            if drawn is not None:
                output["data"] = nbformat.from_dict({"text/html": drawn})
                figures = figures or FIGURE_TYPE in drawn
            for mime in (WIDGET_MIME, PLOTLY_MIME):
                output.get("data", {}).pop(mime, None)
    return figures


def _page(notebook: nbformat.NotebookNode, source: Path, theme: str, has_figures: bool) -> str:
    exporter = page_exporter(theme="dark" if theme == "dark" else "light")
    head = [f"<style>{(_HERE / name).read_text(encoding='utf-8')}</style>" for name in ("view.css", "_page.css")]
    if theme == "auto":
        head.insert(0, f'<style media="{_DARK}">{_theme_css(exporter, "dark")}</style>')
    resources = {
        "metadata": {"name": source.stem, "path": str(source.resolve().parent)},
        "coursekit": {
            "head": "\n".join(head),
            "body": _FOLLOW_READER if theme == "auto" else "",
            "foot": _FOOT,
        },
    }
    body, _ = exporter.from_notebook_node(notebook, resources=resources)
    # nbconvert parses the page once more; 5 MB of script would take it seconds
    return body.replace(_FOOT, _scripts() if has_figures else "")


def _theme_css(exporter: Any, name: str) -> str:
    for folder in exporter.template_paths:
        path = Path(folder) / "static" / f"theme-{name}.css"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"nbconvert's lab template has no static/theme-{name}.css: install nbconvert anew")


def _scripts() -> str:
    """plotly.js, the templates and the drawing code, once for all figures of the page."""
    library = plotly_js().read_text(encoding="utf-8").replace("</script", r"<\/script")
    templates = json.dumps({"light": template_json(), "dark": template_json(dark=True)}, ensure_ascii=False)
    view = (_HERE / "view.js").read_text(encoding="utf-8")
    view = re.sub(r"^export default ", "const view = ", view, flags=re.MULTILINE)
    return (
        f"<script>{library}</script>\n"
        f'<script type="application/json" id="coursekit-templates">{templates}</script>\n'
        f'<script type="module">{view}{_DRAW_ALL % FIGURE_TYPE}</script>'
    )
