"""Comments, edits and commits by member: something to talk about, never a grade."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.project._activities import KINDS, SHORT_COMMENT, Activity, People
from coursekit.classroom.project._docx_history import docx_history
from coursekit.classroom.project._git_history import git_history
from coursekit.classroom.project.documents import DocumentError
from coursekit.classroom.project.project_file import PROJECT_FILE, Member, read_project_file
from coursekit.short_repr import ShortRepr

_NO_GRADE = "이 수는 점수가 아니며, 점수를 계산하는 데 쓰이지 않습니다. 팀과 이야기를 시작할 실마리입니다."
_UNSEEN = (
    "만나서 나눈 이야기, 한 사람이 대표로 받아 적은 글, 붙여 넣은 글, 조사와 실험은 보이지 않습니다. 많이 고친 사람이 "
    "많이 기여했다는 뜻도 아닙니다."
)
_DOCX = (
    "Google 문서의 .docx에는 아직 받아들이지 않은 제안과 남아 있는 댓글만 들어 있습니다. 받아들인 제안, "
    "제안 모드가 아닐 때 직접 고친 글, 지운 댓글은 빠집니다. 그것은 Google 문서의 버전 기록에서 봅니다."
)
_SHORT = f"글자가 {SHORT_COMMENT}자보다 적은 댓글은 따로 셉니다. 짧다고 쓸모없다는 뜻은 아닙니다."
_GIT = (
    "줄은 Markdown 문서에서만 세고, 다른 파일은 커밋으로만 셉니다. 병합 커밋과 지금 가지에 없는 커밋은 세지 않습니다."
)
_PANELS = {
    "댓글과 답글 (건)": ("comments", "replies", "short_comments"),
    "제안한 글자 (자)": ("characters_added", "characters_removed"),
    "커밋 (건)": ("commits",),
    "문서의 줄 (줄)": ("lines_added", "lines_removed"),
}
_LONGEST = 7 * 60
"""Days that are drawn without a gap; a machine with a wrong clock must not draw a thousand empty weeks."""
# Okabe and Ito's colours, told apart with any colour vision
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")


@dataclass(frozen=True, eq=False, repr=False)
class ContributionReport(ShortRepr):
    """What a document and a repository tell about who did what.

    It holds counts and no score: whoever wants to know what a member has done asks the team, and has here what
    to ask about. Authors who are not on the team's list stand under their own name.
    """

    sources: tuple[str, ...]
    """The files and folders that were read."""
    members: tuple[str, ...]
    """The team's members; empty if no list was given."""
    unmatched: tuple[str, ...]
    """Authors who are nobody on the list."""
    activities: pd.DataFrame
    """One row per thing done: name, kind, amount, day, and the first day of its week."""
    lecture_one: datetime.date | None
    """The day from which weeks are counted; None if weeks begin on Mondays and have no number."""
    notes: tuple[str, ...]
    """What the counts cannot say, in Korean; to be shown with them."""

    def to_frame(self) -> pd.DataFrame:
        """One row per person: members first, also those of whom nothing is seen."""
        names = [*self.members, *self.unmatched]
        frame = pd.DataFrame(0, index=pd.Index(names, name="name"), columns=list(KINDS))
        sums = self.activities.groupby(["name", "kind"], sort=False)["amount"].sum()
        for (name, kind), amount in sums.items():
            frame.loc[name, kind] = amount
        frame.insert(0, "member", [name in self.members for name in names])
        days = self.activities.dropna(subset=["day"]).groupby("name")["day"]
        frame["first_day"], frame["last_day"] = days.min().reindex(names), days.max().reindex(names)
        return frame.reset_index()

    def table(self) -> pd.DataFrame:
        """The same with Korean names of columns; what nobody did is left out."""
        frame = self.to_frame()
        kinds = {kind: told for kind, told in KINDS.items() if frame[kind].any()}
        table = frame[["name", "member", *kinds]].rename(columns={"name": "이름", "member": "팀원", **kinds})
        table["팀원"] = table["팀원"].map({True: "예", False: "명단에 없음"}) if self.members else "명단 없음"
        return table

    def by_week(self) -> pd.DataFrame:
        """One row per person, week and kind; what has no date is not in it."""
        dated = self.activities.dropna(subset=["day"])
        return dated.groupby(["week", "name", "kind"], as_index=False, sort=True)["amount"].sum()

    def plot(self) -> go.Figure:
        """Each person's weeks; one panel for each thing that is counted."""
        from plotly.subplots import make_subplots

        weekly = self.by_week()
        panels = {name: kinds for name, kinds in _PANELS.items() if weekly["kind"].isin(kinds).any()}
        panels = panels or dict(list(_PANELS.items())[:1])
        figure = make_subplots(rows=len(panels), cols=1, shared_xaxes=True, vertical_spacing=0.08)
        weeks = _all_weeks(weekly["week"])
        told = [_told_week(week, self.lecture_one) for week in weeks]
        for row, (panel, kinds) in enumerate(panels.items(), start=1):
            chosen = weekly[weekly["kind"].isin(kinds)]
            for number, name in enumerate([*self.members, *self.unmatched]):
                sums = chosen[chosen["name"] == name].groupby("week")["amount"].sum().reindex(weeks, fill_value=0)
                figure.add_bar(
                    x=told,
                    y=sums.tolist(),
                    name=name.replace("&", "&amp;").replace("<", "&lt;"),
                    legendgroup=str(number),
                    showlegend=row == 1,
                    marker_color=_COLOURS[number % len(_COLOURS)],
                    row=row,
                    col=1,
                )
            figure.update_yaxes(title_text=panel, rangemode="tozero", row=row, col=1)
        figure.update_xaxes(title_text="주", row=len(panels), col=1)
        figure.update_xaxes(type="category")
        title = "주마다 팀원이 남긴 댓글, 제안, 커밋 (점수가 아닙니다)"
        return figure.update_layout(title=title, barmode="group", height=140 + 230 * len(panels))

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, for scripts."""
        people = self.to_frame().to_dict("records")
        for person in people:
            for key in ("first_day", "last_day"):
                day = person[key]
                person[key] = day.isoformat() if isinstance(day, datetime.date) else None  # NaN where nothing is seen
        return {
            "sources": list(self.sources),
            "is_grade": False,
            "notes": list(self.notes),
            "members": list(self.members),
            "unmatched": list(self.unmatched),
            "people": people,
            "weeks": [
                {**row, "week": row["week"].isoformat(), "told": _told_week(row["week"], self.lecture_one)}
                for row in self.by_week().to_dict("records")
            ],
        }


def contributions(
    path: Path,
    *,
    members: Sequence[Member] | None = None,
    repository: Path | None = None,
    lecture_one: datetime.date | None = None,
) -> ContributionReport:
    r"""Count comments, suggestions and commits by member.

    A team in which one person has written nothing since week 5 is helped in week 6, not graded in week 15. The
    counts see little of what a team does, the report says so, and nothing computes points from them.

    Parameters
    ----------
    path
        A .docx as Google Docs or Word saves it, or the top folder of a git repository.
    members
        The team with its names and addresses; left out, those of the project.yaml beside the document or in the
        repository. Without either everybody stands under the own name.
    repository
        A git repository that is counted beside a .docx.
    lecture_one
        The day of lecture 1, from which weeks count; left out, that of project.yaml, else weeks begin on Mondays
        and go by their date.

    Returns
    -------
    ContributionReport
        Members in the team's order, then authors who are nobody on its list; no one is dropped or guessed.

    Raises
    ------
    DocumentError
        If there is no such file, or it is neither a .docx nor a repository that git can read.
    ProjectFileError
        If there is a project.yaml that cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from coursekit.classroom.project.docx_writing import write_docx
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "doc.md").write_text("# 병상 예측\n", encoding="utf-8")
    >>> report = contributions(write_docx(folder / "doc.md", folder / "doc.docx"), members=[Member("김하늘")])
    >>> report.to_frame()[["name", "comments", "commits"]].values.tolist()
    [['김하늘', 0, 0]]
    >>> print(report.notes[0])
    이 수는 점수가 아니며, 점수를 계산하는 데 쓰이지 않습니다. 팀과 이야기를 시작할 실마리입니다.
    """
    documents = [path] if not path.is_dir() else []
    folders = [one for one in (path if path.is_dir() else None, repository) if one is not None]
    notes = [_NO_GRADE, _UNSEEN]
    found: list[Activity] = []
    for document in documents:
        if document.suffix.lower() != ".docx":
            raise DocumentError(f"{document}: .docx나 git 저장소의 폴더를 주세요. Markdown의 기여는 git에 남습니다.")
        if not document.is_file():
            raise DocumentError(f"{document}: 파일이 없습니다. 경로를 확인하세요.")
        found += docx_history(document)
        notes += [_DOCX, _SHORT]
    for folder in folders:
        commits, told = git_history(folder)
        found += commits
        notes += [_GIT, *told]
    for place in (path if path.is_dir() else path.parent, repository):
        if place is not None and (place / PROJECT_FILE).is_file() and (members is None or lecture_one is None):
            project = read_project_file(place)
            members = project.members if members is None else members
            lecture_one = project.lecture_one if lecture_one is None else lecture_one
    return _report([*documents, *folders], found, People(members or ()), lecture_one, notes)


def _report(
    sources: Sequence[Path],
    found: Sequence[Activity],
    people: People,
    lecture_one: datetime.date | None,
    notes: list[str],
) -> ContributionReport:
    rows = [
        (people.label(one.author, one.email), one.kind, one.amount, one.day, _week(one.day, lecture_one))
        for one in found
    ]
    columns = ["name", "kind", "amount", "day", "week"]
    frame = pd.DataFrame(rows, columns=columns).astype({"amount": int, "day": object, "week": object})
    strangers = people.strangers
    if people.names and strangers:
        notes.append(
            f"명단에서 찾지 못한 이름이 {len(strangers)}개 있습니다: {', '.join(strangers)}. project.yaml의 accounts에 "
            "Google 계정의 이름과 git의 이메일을 적으면 팀원에게 셉니다."
        )
    if frame["day"].isna().any():
        notes.append("날짜가 없는 것은 합에는 들어 있고 주마다의 그림에는 없습니다.")
    told = tuple(one.name or str(one.absolute()) for one in sources)
    return ContributionReport(told, people.names, strangers, frame, lecture_one, tuple(notes))


def _week(day: datetime.date | None, lecture_one: datetime.date | None) -> datetime.date | None:
    """The first day of a day's week: of the course, or a Monday."""
    if day is None:
        return None
    first = lecture_one if lecture_one is not None else datetime.date(2024, 1, 1)
    try:
        return first + datetime.timedelta(days=(day - first).days // 7 * 7)
    except OverflowError:
        return day


def _told_week(week: datetime.date, lecture_one: datetime.date | None) -> str:
    if lecture_one is None:
        return week.isoformat()
    number = (week - lecture_one).days // 7 + 1
    return f"{number}주차" if number >= 1 else f"첫 강의 {1 - number}주 전"


def _all_weeks(seen: pd.Series) -> list[datetime.date]:
    """The weeks from the first to the last, also those in which nothing was done."""
    weeks = sorted(set(seen))
    if not weeks or (weeks[-1] - weeks[0]).days > _LONGEST:
        return weeks
    return [weeks[0] + datetime.timedelta(days=days) for days in range(0, (weeks[-1] - weeks[0]).days + 1, 7)]
