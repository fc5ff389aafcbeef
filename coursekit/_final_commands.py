"""The command ``coursekit class final``: totals, their provenance, letters to look at, files to hand on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coursekit.classroom._printing import show_table

if TYPE_CHECKING:
    import pandas as pd

    from coursekit.classroom.course import Course
    from coursekit.classroom.gradebook._what_if import Needed
    from coursekit.classroom.gradebook.canvas import CanvasFill
    from coursekit.classroom.gradebook.curve import CurvePreview
    from coursekit.classroom.gradebook.final import FinalGrades


def class_final(
    course: Annotated[
        Path, typer.Option("--course", "-c", help="The course directory; the current folder by default.")
    ] = Path(),
    csv: Annotated[
        Path | None, typer.Option(help="Write CSV that Excel opens (UTF-8 with BOM).", show_default=False)
    ] = None,
    xlsx: Annotated[
        Path | None, typer.Option(help="Write a workbook: grades, provenance, rules, statistics.", show_default=False)
    ] = None,
    canvas: Annotated[
        Path | None,
        typer.Option(
            metavar="EXPORT.csv", help="Fill Canvas's gradebook export, in place unless --out.", show_default=False
        ),
    ] = None,
    canvas_column: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=COLUMN", help="Which score fills which column of the export; several times."),
    ] = None,
    canvas_overwrite: Annotated[bool, typer.Option("--canvas-overwrite", help="Replace scores that differ.")] = False,
    canvas_partial: Annotated[
        bool, typer.Option("--canvas-partial", help="Fill although some students stand on one side only.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Where the filled export goes.", show_default=False)] = None,
    student: Annotated[
        str | None, typer.Option(help="One student's provenance: an id, or a part of a name.", show_default=False)
    ] = None,
    what_if: Annotated[
        list[str] | None,
        typer.Option("--what-if", metavar="NAME=SCORE", help="With --student: a raw score to assume; several times."),
    ] = None,
    needed: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="With --student and --target: the least raw score needed here.", show_default=False
        ),
    ] = None,
    target: Annotated[
        float | None, typer.Option(min=0, help="The total that --needed reaches.", show_default=False)
    ] = None,
    curve: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD[:RULE]",
            help="Preview letters: relative, absolute, relative:A+=15,A0=15,B+=40,C+=30 or absolute:A+=95,B+=80,F=0.",
            show_default=False,
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="PAGE", help="With --student: write the provenance page.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script.")] = False,
) -> None:
    """Compute the final grades, explain them, and write the files that leave the course.

    Nothing is written if anything is wrong, and nothing into the gradebook ever. Exit status: 0, everybody is
    complete; 2, some students have no total yet.
    """
    _check_options(
        {"--csv": csv, "--xlsx": xlsx, "--canvas": canvas, "--curve": curve},
        {"--what-if": what_if, "--needed": needed, "--html": html},
        student,
    )
    if (needed is None) != (target is None):
        raise ValueError("--needed and --target belong together: --needed document --target 85")
    if bool(canvas) != bool(canvas_column):
        raise ValueError(
            "--canvas and --canvas-column belong together: --canvas export.csv --canvas-column total=Final"
        )
    if canvas is None and (out or canvas_overwrite or canvas_partial):
        raise ValueError("--out, --canvas-overwrite and --canvas-partial mean nothing without --canvas")
    assumptions = {name: _number("--what-if", name, text) for name, text in _pairs("--what-if", what_if).items()}
    columns = _pairs("--canvas-column", canvas_column)

    from coursekit.classroom.course import open_course
    from coursekit.classroom.gradebook.final import final_grades

    opened = open_course(course)
    final = final_grades(opened)
    if student is not None:
        asked = (needed, target) if needed is not None and target is not None else None
        _one(opened, final, student, assumptions, asked, html, as_json)
        return
    preview = _preview(final, curve)
    fill = None
    if canvas is not None:
        from coursekit.classroom.gradebook.canvas import fill_canvas

        fill = fill_canvas(
            canvas,
            final,
            columns=columns,
            students=opened.students(),
            out=out,
            overwrite=canvas_overwrite,
            partial=canvas_partial,
            dry_run=True,
        )
    written = _write(opened, final, csv, xlsx, fill)
    if as_json:
        _print_json(_class_content(final, preview, fill, written))
    else:
        _show_class(final, preview, fill, written)
    _finish(final)


def _check_options(of_class: dict[str, object], of_one: dict[str, object], student: str | None) -> None:
    given = [name for name, value in (of_one if student is None else of_class).items() if value]
    if given and student is None:
        raise ValueError(f"{', '.join(given)}: say whose, with --student")
    if given:
        raise ValueError(f"{', '.join(given)}: these are about the whole class; leave --student out")


def _pairs(option: str, texts: list[str] | None) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise ValueError(f"{option}: {text!r} is not of the form NAME=VALUE")
        if name.strip() in pairs:
            raise ValueError(f"{option}: {name.strip()} is given twice")
        pairs[name.strip()] = value.strip()
    return pairs


def _number(option: str, name: str, text: str) -> float:
    import math

    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{option}: {text!r} of {name} is no number")
    return number


def _preview(final: FinalGrades, curve: str | None) -> CurvePreview | None:
    if curve is None:
        return None
    from coursekit.classroom.gradebook.curve import preview_curve

    method, _, rule = curve.partition(":")
    if not rule:
        return preview_curve(final, method=method)
    pairs = _pairs("--curve", rule.split(","))
    numbers = {letter: _number("--curve", letter, text) for letter, text in pairs.items()}
    if method == "absolute":
        return preview_curve(final, method=method, cutoffs=numbers)
    return preview_curve(final, method=method, shares=numbers)


def _write(
    course: Course, final: FinalGrades, csv: Path | None, xlsx: Path | None, fill: CanvasFill | None
) -> list[Path]:
    """Write all files, or none: each is there in memory before the first takes its name."""
    from coursekit.classroom.gradebook._csv_text import csv_bytes
    from coursekit.classroom.gradebook.evaluation import EVALUATION_FOLDER
    from coursekit.writing import write_contents

    contents: dict[Path, bytes | str] = {}
    if csv is not None:
        contents[csv] = csv_bytes(final)
    if xlsx is not None:
        from coursekit.classroom.gradebook._workbook import final_workbook

        contents[xlsx] = final_workbook(final)
    if fill is not None:
        contents[fill.path] = fill.content
    if len({path.resolve() for path in contents}) < sum(one is not None for one in (csv, xlsx, fill)):
        raise ValueError("two of the files would be the same one; give each its own name")
    for path in contents:
        if path.resolve().is_relative_to(course.root / EVALUATION_FOLDER):
            raise ValueError(f"{path}: {EVALUATION_FOLDER}/ holds the raw scores; write somewhere else")
    write_contents(contents)
    return list(contents)


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """A table for reading, with points as the files have them."""
    from coursekit.classroom.gradebook._rounding import half_up

    frame = frame.copy()
    for column in frame.select_dtypes("float").columns:
        frame[column] = [value if value != value else float(half_up(value)) for value in frame[column]]
    return frame


def _show_class(final: FinalGrades, preview: CurvePreview | None, fill: CanvasFill | None, written: list[Path]) -> None:
    table, incomplete = final.table, int((final.table["status"] != "complete").sum())
    hidden = [] if incomplete else ["low", "high", "status"]  # a range says something only where one is open
    state = f"{incomplete} of {len(table)} incomplete" if incomplete else f"all {len(table)} complete"
    show_table(_rounded(table.drop(columns=hidden)), f"final grades: {state}")
    if preview is not None:
        show_table(_rounded(preview.letters), f"{preview.method} letters, a preview: nothing is written")
        shown = preview.to_frame()
        shown["rank"] = ["" if one != one else str(one) for one in shown["rank"].astype(object).fillna("")]
        shown["letter"] = shown["letter"].fillna("")
        show_table(_rounded(shown), "who would get which")
    if fill is not None:
        told = f"{fill.path.name}: {len(fill.cells)} cells filled, {fill.unchanged} held it already"
        if fill.cells:
            show_table(fill.to_frame(), told)
        else:
            typer.echo(told)
        for note in fill.notes:
            typer.echo(f"note: {note}", err=True)
    for warning in [*final.warnings, *(preview.warnings if preview else ())]:
        typer.echo(f"warning: {warning}", err=True)
    for path in written:
        typer.echo(f"written: {path}")


def _one(
    course: Course,
    final: FinalGrades,
    asked: str,
    assumptions: dict[str, float],
    goal: tuple[str, float] | None,
    page: Path | None,
    as_json: bool,
) -> None:
    """One student: the lines, what would be, what is needed, the page."""
    from coursekit.classroom.inspection import find_student

    who = find_student(course.students(), asked)
    explained = final.explain(who.id)
    row = final.table[final.table["student"] == who.id]
    assumed = final.what_if(who.id, assumptions) if assumptions else None
    needed = final.needed(who.id, *goal, assuming=assumptions or None) if goal else None
    if page is not None:
        from coursekit.classroom.gradebook._grade_page import grade_page
        from coursekit.writing import write_whole

        write_whole(page, grade_page(final, who.id, assumed=assumed, assumptions=assumptions, needed=needed))
    if as_json:
        from dataclasses import asdict

        content: dict[str, Any] = {"student": _records(row)[0], "lines": _records(explained)}
        if assumed is not None:
            content |= {"assumed": assumptions, "what_if": _records(assumed.table)[0]}
        if needed is not None:
            content["needed"] = asdict(needed)
        _print_json(content | {"written": [str(page)] if page else []})
    else:
        state = row["status"].iloc[0]
        show_table(_rounded(_telling(explained)), f"{who.name} ({who.id}): {state}")
        if assumed is not None:
            _show_assumed(row, assumed.table, assumptions)
        if needed is not None:
            typer.echo(_needed_told(needed))
        if page is not None:
            typer.echo(f"written: {page}")
    if row["status"].iloc[0] != "complete":
        raise typer.Exit(2)


def _telling(explained: pd.DataFrame) -> pd.DataFrame:
    """The lines without columns in which nothing is told: sources and rules need the terminal's width."""
    nothing = [name for name in ("days_late", "tokens", "penalty") if not explained[name].fillna(0).astype(bool).any()]
    nothing += ["counted"] if explained["counted"].iloc[:-1].astype(bool).all() else []
    return explained.drop(columns=nothing)


def _show_assumed(before: pd.DataFrame, after: pd.DataFrame, assumptions: dict[str, float]) -> None:
    import pandas as pd

    names = [name for name in before.columns if name not in ("student", "name", "team", "status")]
    rows = {"": names, "now": [before[name].iloc[0] for name in names], "then": [after[name].iloc[0] for name in names]}
    told = ", ".join(f"{name} {score:g}" for name, score in assumptions.items())
    show_table(_rounded(pd.DataFrame(rows)), f"if {told}")


def _needed_told(needed: Needed) -> str:
    reached = f"a total of {needed.target:g}"
    if needed.score is None:
        full = f"{needed.maximum:g} of {needed.maximum:g} in {needed.component}"
        said = f"{reached} is out of reach: {full} give {needed.total:.2f}"
    else:
        said = (
            f"{reached} needs {needed.score:g} of {needed.maximum:g} in {needed.component} (total {needed.total:.2f})"
        )
    return said + (f"; still missing and counted 0: {', '.join(needed.open)}" if needed.open else "")


def _class_content(
    final: FinalGrades, preview: CurvePreview | None, fill: CanvasFill | None, written: list[Path]
) -> dict[str, Any]:
    content: dict[str, Any] = {"students": _records(final.table), "warnings": list(final.warnings)}
    if preview is not None:
        content["curve"] = {
            "method": preview.method,
            "letters": _records(preview.letters),
            "students": _records(preview.to_frame()),
            "incomplete": list(preview.incomplete),
        }
    if fill is not None:
        content["canvas"] = {"cells": _records(fill.to_frame()), "unchanged": fill.unchanged, "notes": list(fill.notes)}
    return content | {"written": [str(path) for path in written]}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON, which knows no NaN: what is missing is null."""
    import json

    records: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", force_ascii=False, double_precision=15))
    return records


def _print_json(content: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False))


def _finish(final: FinalGrades) -> None:
    if (final.table["status"] != "complete").any():
        raise typer.Exit(2)
