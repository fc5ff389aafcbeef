"""A page about the class: who handed in, who got what, where the points were lost."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from coursekit.classroom.course import Course
from coursekit.classroom.gradebook import cell_scores
from coursekit.classroom.grading import STATUSES, Grade, GradingReport, recorded
from coursekit.classroom.restoring import describe
from coursekit.writing import write_whole

_CSS = Path(__file__).parent / "templates" / "summary.css"
_BINS = 10


def write_summary(course: Course, path: Path) -> Path:
    """Write one self-contained page about a class: distributions, every student, every test cell.

    It opens without a network and without scripts, prints, and can be sent to a colleague; the
    interactive figures are those of ``GradingReport.plot()``.

    Parameters
    ----------
    course
        The class.
    path
        The page.

    Examples
    --------
    >>> write_summary(Course(Path("/nowhere/2025")), Path("class.html"))
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    reports = [recorded(course, assignment) for assignment in course.assignments()]
    cells = {report.assignment: cell_scores(course, report.assignment) for report in reports}
    page = summary_page(course.name, reports, cells)
    return write_whole(path, page)


def summary_page(title: str, reports: Sequence[GradingReport], cells: dict[str, pd.DataFrame]) -> str:
    """Compose the page of a class as HTML.

    Apart from writing it, so that the page can be tested and embedded.

    Parameters
    ----------
    title
        The class.
    reports
        One per assignment, each with the whole roster.
    cells
        By assignment, what :func:`~coursekit.classroom.gradebook.cell_scores` gives.

    Examples
    --------
    >>> report = GradingReport("quiz01", (Grade("1", "<b>", "graded", 5.0, 5.0, ""),))
    >>> page = summary_page("2025-1", [report], {})
    >>> "&lt;b&gt;" in page, "<b>" in page
    (True, False)
    """
    figures = "".join(_histogram(report) for report in reports)
    tables = "".join(_cell_table(name, frame) for name, frame in cells.items() if len(frame))
    counts = [f"{report.assignment}: {_counted(report)}" for report in reports]
    return (
        f'<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8"><title>{_safe(title)} 채점 현황</title>\n'
        f"<style>{_CSS.read_text(encoding='utf-8')}</style></head>\n<body>\n"
        f"<h1>{_safe(title)} 채점 현황</h1>\n"
        + "".join(f'<p class="soft">{_safe(line)}</p>\n' for line in counts)
        + f'<h2>점수 분포</h2>\n<div class="figures">{figures}</div>\n'
        + f"<h2>학생별 결과</h2>\n{_student_table(reports)}\n"
        + (f'<h2>확인 셀별 통과율</h2>\n<div class="figures">{tables}</div>\n' if tables else "")
        + "</body></html>\n"
    )


def _counted(report: GradingReport) -> str:
    counts = Counter(grade.status for grade in report.grades)
    return ", ".join(f"{label} {counts[status]}명" for status, label in STATUSES.items() if counts[status])


def _histogram(report: GradingReport) -> str:
    scores = [grade.score for grade in report.grades if grade.status != "missing"]
    highest = max((grade.max_score for grade in report.grades), default=1.0) or 1.0
    count, edges = np.histogram(scores, np.linspace(0, highest, _BINS + 1))
    tallest, width, height, left, base = max(1, int(count.max(initial=0))), 44, 130, 28, 160
    bars = []
    for number, tall in enumerate(count):
        x, size = left + number * width, height * tall / tallest
        bars.append(f'<rect class="bar" x="{x + 2}" y="{base - size:.1f}" width="{width - 4}" height="{size:.1f}"/>')
        if tall:
            bars.append(f'<text x="{x + width / 2}" y="{base - size - 4:.1f}" text-anchor="middle">{tall}</text>')
    ticks = [
        f'<text x="{left + number * width}" y="{base + 14}" text-anchor="middle">{edge:g}</text>'
        for number, edge in enumerate(edges)
    ]
    mean = f"평균 {np.mean(scores):.1f}, 중앙값 {np.median(scores):.1f} / {highest:g}점" if scores else "제출 없음"
    axis = f'<line x1="{left}" y1="{base}" x2="{left + _BINS * width}" y2="{base}" stroke="#9aa6b5"/>'
    label = f'<text x="{left + _BINS * width / 2}" y="{base + 30}" text-anchor="middle">점수 (막대 위: 학생 수)</text>'
    box = f"0 0 {left * 2 + _BINS * width} {base + 38}"
    drawing = f'<svg viewBox="{box}" role="img">{axis}{"".join(bars + ticks)}{label}</svg>'
    caption = f'{_safe(report.assignment)} <span class="soft">{mean}</span>'
    return f"<figure><figcaption>{caption}</figcaption>{drawing}</figure>"


def _student_table(reports: Sequence[GradingReport]) -> str:
    head = "".join(f'<th>{_safe(report.assignment)}</th><th class="number">점수</th>' for report in reports)
    rows = []
    for grades in zip(*(report.grades for report in reports), strict=True):
        notes = "<br>".join(dict.fromkeys(note for grade in grades for note in _notes(grade)))
        results = "".join(
            f'<td><span class="badge {grade.status}">{STATUSES[grade.status]}</span></td>'
            f'<td class="number">{"" if grade.status == "missing" else f"{grade.score:g}"}</td>'
            for grade in grades
        )
        first = grades[0]
        who = f'<td>{_safe(first.student)}</td><td class="name">{_safe(first.name)}</td>'
        rows.append(f"<tr>{who}{results}<td>{notes}</td></tr>")
    header = f"<tr><th>학번</th><th>이름</th>{head}<th>사유</th></tr>"
    return f"<table><thead>{header}</thead><tbody>{''.join(rows)}</tbody></table>"


def _notes(grade: Grade) -> list[str]:
    if grade.status == "missing":
        return []
    told = [grade.message] if grade.message else []
    told += [f"{text}." for text in describe(grade.flags, korean=True)]
    return [_safe(note) for note in dict.fromkeys(told)]


def _cell_table(assignment: str, frame: pd.DataFrame) -> str:
    full = frame.assign(full=frame["score"] >= frame["max_score"]).groupby("cell", sort=False)
    rows = []
    for cell, group in full:
        share = float(group["full"].mean())
        bar = f'<span class="rate" style="width:{share * 8:.2f}rem"></span>'
        points = f"{group['max_score'].iloc[0]:g}"
        rows.append(f'<tr><td>{_safe(str(cell))}</td><td class="number">{points}점</td><td>{bar} {share:.0%}</td></tr>')
    return f"<figure><figcaption>{_safe(assignment)}</figcaption><table><tbody>{''.join(rows)}</tbody></table></figure>"


def _safe(text: str) -> str:
    return html.escape(text)
