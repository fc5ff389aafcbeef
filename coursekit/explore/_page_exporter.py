"""nbconvert's lab page without what it fetches from elsewhere, and with formulas drawn by the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import DictLoader, pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from coursekit.explore._mathematics import formula_html

_TEMPLATE = "coursekit.html.j2"


class _Renderer(IPythonRenderer):
    """Markdown whose formulas need no MathJax."""

    def block_math(self, body: str) -> str:
        return formula_html(body, display=True)

    def inline_math(self, body: str) -> str:
        return formula_html(body, display=False)

    def latex_environment(self, name: str, body: str) -> str:
        return formula_html(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)


class _PageExporter(HTMLExporter):
    """One page, one language, nothing from elsewhere."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        cell, resources = context.get("cell", {}), context.get("resources", {})
        renderer = _Renderer(
            escape=False,
            attachments=cell.get("attachments", {}),
            embed_images=self.embed_images,
            path=resources.get("metadata", {}).get("path", ""),
            anchor_link_text=self.anchor_link_text,
            exclude_anchor_links=True,
        )
        return MarkdownWithMath(renderer=renderer).render(source)


def page_exporter(*, theme: str) -> HTMLExporter:
    """Make the exporter for ``"light"`` or ``"dark"``."""
    template = Path(__file__).with_name("_page.html.j2").read_text(encoding="utf-8")
    return _PageExporter(
        template_name="lab",
        template_file=_TEMPLATE,
        extra_loaders=[DictLoader({_TEMPLATE: template})],
        theme=theme,
        embed_images=True,
        language_code="ko",
    )
