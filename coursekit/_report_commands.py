"""The command ``coursekit class report``: how a quiz's items did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def class_report(
    name: Annotated[str, typer.Argument(help="A graded quiz or lab, or the beginning of its name.")],
    course: Annotated[
        Path, typer.Option("--course", "-c", help="The course directory; the current folder by default.")
    ] = Path(),
    html: Annotated[
        Path | None, typer.Option("--html", help="The page; by default reports/NAME.html in the course.")
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Also write the items as CSV (UTF-8 with BOM).")] = None,
) -> None:
    """Analyse the items of a quiz: difficulty, discrimination, answers. Flags only; nothing is dropped."""
    from coursekit.classroom._printing import show_table
    from coursekit.classroom.course import open_course
    from coursekit.classroom.gradebook._item_page import item_page
    from coursekit.classroom.gradebook.item_analysis import report_items
    from coursekit.classroom.inspection import find_assignment
    from coursekit.writing import write_contents

    opened = open_course(course)
    report = report_items(opened, find_assignment(opened.assignments(), name))
    frame = report.to_frame()
    shown = frame[["item", "difficulty", "discrimination", "rest_correlation", "key", "flags"]].copy()
    for column in ("difficulty", "discrimination"):
        low, high = frame[f"{column}_low"], frame[f"{column}_high"]
        shown[column] = [f"{v:.2f} [{a:.2f}, {b:.2f}]" for v, a, b in zip(frame[column], low, high, strict=True)]
    shown["rest_correlation"] = shown["rest_correlation"].round(2)
    missing = f", {report.missing} without a hand-in" if report.missing else ""
    show_table(shown, f"{report.assignment}: {report.items[0].students} hand-ins{missing}")
    page = html or opened.root / "reports" / f"{report.assignment}.html"
    files: dict[Path, bytes | str] = {page: item_page(report)}
    if csv is not None:
        files[csv] = frame.to_csv(index=False).encode("utf-8-sig")
    write_contents(files)
    for path in files:
        typer.echo(f"written: {path}")
