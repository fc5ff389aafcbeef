"""The project's milestones by the course's weeks, and their dates in a term."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from coursekit.classroom.project._yaml_file import load_mapping

WEEKS = 15
"""Weeks of the course."""


class TimelineError(ValueError):
    """A timeline.yaml that does not say when what is due."""


@dataclass(frozen=True)
class Milestone:
    """Something that a team has to have by a week of the course."""

    id: str
    """Short name: ``mid_check``."""
    title: str
    """In Korean."""
    week: int
    """The course's week, from 1."""
    deliverable: str
    """What is handed in or shown, in Korean."""
    sections: tuple[str, ...] = ()
    """The document's sections that have to be filled by then."""

    def date(self, lecture_one: datetime.date) -> datetime.date:
        """The day of that week's lecture, counted from the first one's."""
        return lecture_one + datetime.timedelta(weeks=self.week - 1)


def read_timeline(path: Path) -> tuple[Milestone, ...]:
    """Read the milestones.

    The mid-check, the term's dates and the page for students all come from this one file.

    Parameters
    ----------
    path
        ``timeline.yaml``.

    Raises
    ------
    TimelineError
        If it is no list of milestones in the order of the weeks: which one, and why.

    Examples
    --------
    >>> from coursekit.classroom.editions import open_folder
    >>> [one.week for one in read_timeline(open_folder("project_template") / "timeline.yaml") if one.id == "mid_check"]
    [9]
    """
    try:
        entries = load_mapping(path).get("milestones")
    except ValueError as error:
        raise TimelineError(str(error)) from None
    if not isinstance(entries, list) or not entries:
        raise TimelineError(f"{path}: milestones 목록이 없습니다.")
    milestones: list[Milestone] = []
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: milestones의 {number}번째"
        if not isinstance(entry, dict) or not {"id", "title", "week", "deliverable"} <= entry.keys():
            raise TimelineError(f"{where}에는 id, title, week, deliverable이 있어야 합니다.")
        week = entry["week"]
        if not isinstance(week, int) or isinstance(week, bool) or not 1 <= week <= WEEKS:
            raise TimelineError(f"{where}: week는 1부터 {WEEKS}까지의 정수여야 합니다. 지금은 {week!r}입니다.")
        if milestones and week < milestones[-1].week:
            raise TimelineError(f"{where}({entry['id']})가 앞의 것보다 이른 주입니다.")
        if any(one.id == entry["id"] for one in milestones):
            raise TimelineError(f"{where}: id {entry['id']}가 두 번 나옵니다.")
        sections = tuple(map(str, entry.get("sections") or ()))
        milestones.append(Milestone(str(entry["id"]), str(entry["title"]), week, str(entry["deliverable"]), sections))
    return tuple(milestones)


def dates(milestones: tuple[Milestone, ...], *, lecture_one: datetime.date) -> dict[str, datetime.date]:
    """Give each milestone its date in a term.

    A deadline is the day of its week's lecture. What a holiday moves is changed in the team's project.yaml.

    Parameters
    ----------
    milestones
        As :func:`read_timeline` gives them.
    lecture_one
        The date of lecture 1.

    Examples
    --------
    >>> weeks = (Milestone("hand_in", "제출", 14, "설계 문서"),)
    >>> dates(weeks, lecture_one=datetime.date(2026, 9, 1))["hand_in"].isoformat()
    '2026-12-01'
    """
    return {one.id: one.date(lecture_one) for one in milestones}
