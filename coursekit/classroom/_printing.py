"""What the commands print: tables that fit a terminal, a bar with the time left, a last word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from coursekit.classroom.grading import Grade, GradingReport


def show_grades(report: GradingReport) -> None:
    """Print a grading report so that it fits a terminal: what needs no word gets none."""
    from collections import Counter

    frame = report.to_frame()
    frame["points"] = [f"{one.score:g} / {one.max_score:g}" for one in report.grades]
    frame["note"] = ["; ".join(filter(None, texts)) for texts in zip(frame["reason"], frame["flags"], strict=True)]
    counts = Counter(frame["status"])
    title = f"{report.assignment}: " + ", ".join(f"{count} {status}" for status, count in counts.items())
    flagged = sum(bool(one.flags) for one in report.grades)
    title += f"; {flagged} with something odd" if flagged else ""
    show_table(frame[["student", "name", "status", "points", "note", "seconds"]], title)


def finish(report: GradingReport) -> None:
    """Say what the table does not show, and end with a status that scripts can read."""
    for warning in report.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if report.published:
        show_table(report.differences_frame(published=True), "changed in the gradebook: the assignment was mended")
    if report.differences:
        students = len({one.student for one in report.differences})
        show_table(report.differences_frame(), f"points of {students} change because the assignment was mended")
        typer.echo(
            f"The gradebook has the points of before. To publish these: coursekit class publish {report.assignment}"
        )
    if any(one.status == "failed" for one in report.grades):
        raise typer.Exit(2)
    if report.differences:
        raise typer.Exit(3)


def show_table(frame: pd.DataFrame, title: str) -> None:
    """Print a frame; long texts wrap instead of vanishing."""
    import math

    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column in frame.columns:
        number = frame[column].dtype.kind in "fi"
        table.add_column(str(column), justify="right" if number else "left", overflow="fold")
    for row in frame.itertuples(index=False):
        cells = ["" if isinstance(value, float) and math.isnan(value) else _shown(value) for value in row]
        table.add_row(*(Text(cell) for cell in cells))
    output_console().print(table)


def output_console(width: int = 140) -> Console:
    """The terminal; a log, which has no window to fit, is this wide."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=width)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


class Progress:
    """A bar that counts hand-ins, with the time left."""

    def __init__(self, title: str, total: int) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn())
        self._task = self._progress.add_task(title, total=total or None)

    def __enter__(self) -> Progress:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._progress.stop()
        if kind is KeyboardInterrupt:
            typer.echo("Interrupted. What is graded is recorded; the same command goes on from there.", err=True)

    def advance(self, result: Grade) -> None:
        self._progress.advance(self._task)

    def describe(self, title: str, total: int) -> None:
        self._progress.reset(self._task, description=title, total=total or None)
