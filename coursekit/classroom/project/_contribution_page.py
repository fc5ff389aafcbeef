"""The counts of contributions as one page: what they cannot say, the table, the weeks."""

from __future__ import annotations

import html
from pathlib import Path

from coursekit.classroom.project.contributions import ContributionReport

_STYLES = Path(__file__).parents[1] / "templates" / "summary.css"


def contribution_page(report: ContributionReport) -> str:
    """Compose the page; the notes stand first, so that nobody sees the bars without them."""
    sources = html.escape(", ".join(report.sources))
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in report.notes)
    table = report.table().to_html(index=False, border=0)
    figure = report.plot().to_html(include_plotlyjs=True, full_html=False)
    return (
        f'<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8"><title>기여: {sources}</title>\n'
        f"<style>{_STYLES.read_text(encoding='utf-8')}</style></head>\n<body>\n<h1>기여</h1>\n"
        f'<p class="soft">{sources}</p>\n<ul>{notes}</ul>\n{table}\n{figure}\n</body></html>\n'
    )
