"""Rubrics: what the graders of the group project look at, and what each level of it is worth."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.classroom.project._yaml_file import load_mapping

if TYPE_CHECKING:
    import pandas as pd

_ID = re.compile(r"[a-z][a-z0-9_]*")
_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 2


class RubricError(ValueError):
    """A rubric that cannot be graded with; the message names the file, the criterion and what is wrong."""


@dataclass(frozen=True)
class Level:
    """One level of a criterion: a description that two graders read alike, and what it is worth."""

    name: str
    """What the level is called."""
    share: float
    """The share of the criterion's points that it earns, from 0 to 1."""
    descriptor: str
    """What is true of a document on this level."""


@dataclass(frozen=True)
class Criterion:
    """One line of a rubric, graded by itself."""

    id: str
    """The name that the graders' CSV files use."""
    title: str
    """What is graded."""
    points: float
    """The most that it earns."""
    question: str
    """What a grader asks while reading."""
    levels: tuple[Level, ...]
    """From the best to the weakest."""
    sections: tuple[str, ...] = ()
    """The sections of the document where it is looked for."""
    rules: tuple[str, ...] = ()
    """Rules of the automatic check that inform the grader; they decide nothing."""

    def points_of(self, level: Level) -> float:
        """What a level earns."""
        return self.points * level.share


@dataclass(frozen=True)
class Rubric:
    """A rubric as it stands in its file, with the criteria in the order of grading."""

    title: str
    """What the page is headed with."""
    criteria: tuple[Criterion, ...]
    """Each with an id of its own."""
    counts: float | None = None
    """Points of the final grade that it stands for, if the file says so."""
    notes: tuple[str, ...] = ()
    """How to grade with it."""
    rules: tuple[str, ...] = ()
    """Rules of the automatic check that inform every criterion."""

    @property
    def total(self) -> float:
        """The most that all criteria earn together."""
        return math.fsum(one.points for one in self.criteria)

    @property
    def maxima(self) -> dict[str, float]:
        """The most that each criterion earns, by its id: what a grader's score may not exceed."""
        return {one.id: one.points for one in self.criteria}

    def to_frame(self) -> pd.DataFrame:
        """One row per criterion and level, with what the level earns."""
        import pandas as pd

        rows = [
            (one.id, one.title, one.points, level.name, level.share, one.points_of(level), level.descriptor)
            for one in self.criteria
            for level in one.levels
        ]
        return pd.DataFrame(rows, columns=["criterion", "title", "points", "level", "share", "earns", "descriptor"])

    def to_markdown(self) -> str:
        """The page that teams and graders read, in Korean."""
        from coursekit.classroom.project._rubric_page import rubric_page

        return "\n".join(rubric_page(self)) + "\n"


def read_rubric(path: Path) -> Rubric:
    """Read a rubric from its YAML file.

    Half of the final grade hangs on two such files. A criterion that stands twice, a level worth more
    than its criterion or a key with a slip in it would change grades without a word, so the file is
    refused as a whole and the message says where. Totals other than 100 are allowed: the final grade
    divides by the total.

    Parameters
    ----------
    path
        The YAML file: ``criteria`` (a list of ``id``, ``title``, ``points``, ``question``, ``levels``
        and optionally ``sections`` and ``rules``), optionally ``title``, ``counts``, ``notes`` and ``rules``.
        Levels have ``name``, ``share`` and ``descriptor`` and go from the best down.

    Raises
    ------
    RubricError
        If the file is not there, is no YAML, or holds something else than a rubric.

    Examples
    --------
    >>> import tempfile
    >>> text = '''
    ... criteria:
    ...   - id: goals
    ...     title: 목표와 지표
    ...     points: 12
    ...     question: 다시 계산할 수 있습니까?
    ...     levels:
    ...       - {name: 모범, share: 1, descriptor: 모든 지표에 계산 방법이 있습니다.}
    ...       - {name: 보완, share: 0.5, descriptor: 이름뿐인 지표가 있습니다.}
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "rubric.yaml")
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     rubric = read_rubric(file)
    >>> rubric.total, rubric.maxima
    (12.0, {'goals': 12.0})
    >>> rubric.to_frame()[["criterion", "level", "earns"]]
      criterion level  earns
    0     goals    모범   12.0
    1     goals    보완    6.0
    """
    try:
        content = load_mapping(path)
    except ValueError as error:
        raise RubricError(str(error)) from None
    _keys(content, path.name, needed={"criteria"}, allowed={"title", "counts", "notes", "rules"})
    criteria = tuple(_criterion(path.name, at, one) for at, one in _listed(content["criteria"], path.name, "criteria"))
    if not criteria:
        raise RubricError(f"{path.name}: criteria is empty: list what is graded")
    for at, one in enumerate(criteria):
        if one.id in {earlier.id for earlier in criteria[:at]}:
            raise RubricError(f"{path.name}: criterion {one.id!r} stands twice; give each its own id")
    counts = content.get("counts")
    return Rubric(
        title=_text(content.get("title", path.stem), f"{path.name}: title"),
        criteria=criteria,
        counts=None if counts is None else _number(counts, f"{path.name}: counts", above=0),
        notes=_texts(content.get("notes"), path.name, "notes"),
        rules=_texts(content.get("rules"), path.name, "rules"),
    )


def _criterion(file: str, at: int, content: Any) -> Criterion:
    where = f"{file}: criterion {at}"
    if not isinstance(content, dict):
        raise RubricError(f"{where}: is {_shown(content)}; give id, title, points, question and levels")
    where = f"{where} ({content['id']})" if isinstance(content.get("id"), str) else where
    _keys(content, where, needed={"id", "title", "points", "question", "levels"}, allowed={"sections", "rules"})
    name = _text(content["id"], f"{where}: id")
    if not _ID.fullmatch(name):
        raise RubricError(f"{where}: id {name!r} must be lower-case letters, digits and _, for it names a CSV row")
    levels = tuple(_level(where, number, one) for number, one in _listed(content["levels"], where, "levels"))
    shares = [one.share for one in levels]
    if len(levels) < 2 or shares[0] != 1 or any(a <= b for a, b in pairwise(shares)):
        raise RubricError(f"{where}: levels have the shares {shares}; give two or more, from 1 down")
    return Criterion(
        id=name,
        title=_text(content["title"], f"{where}: title"),
        points=_number(content["points"], f"{where}: points", above=0),
        question=_text(content["question"], f"{where}: question"),
        levels=levels,
        sections=_texts(content.get("sections"), where, "sections"),
        rules=_texts(content.get("rules"), where, "rules"),
    )


def _level(where: str, at: int, content: Any) -> Level:
    where = f"{where}, level {at}"
    if not isinstance(content, dict):
        raise RubricError(f"{where}: is {_shown(content)}; give name, share and descriptor")
    _keys(content, where, needed={"name", "share", "descriptor"}, allowed=set())
    share = _number(content["share"], f"{where}: share", above=-1)
    if not 0 <= share <= 1:
        raise RubricError(f"{where}: share is {share:g}; give a share from 0 to 1")
    return Level(_text(content["name"], f"{where}: name"), share, _text(content["descriptor"], f"{where}: descriptor"))


def _keys(content: dict[str, Any], where: str, *, needed: set[str], allowed: set[str]) -> None:
    if missing := sorted(needed - set(content)):
        raise RubricError(f"{where}: {', '.join(missing)} missing")
    if unknown := sorted(map(str, set(content) - needed - allowed)):
        known = ", ".join(sorted(needed | allowed))
        raise RubricError(f"{where}: {', '.join(unknown)} is not known; a rubric has {known}")


def _listed(content: Any, where: str, what: str) -> Iterator[tuple[int, Any]]:
    if not isinstance(content, list):
        raise RubricError(f"{where}: {what} is {_shown(content)}; give a list")
    return enumerate(content, start=1)


def _texts(content: Any, where: str, what: str) -> tuple[str, ...]:
    listed = _listed([] if content is None else content, where, what)
    return tuple(_text(one, f"{where}: {what}, item {at}") for at, one in listed)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RubricError(f"{where} is {_shown(value)}; give text")
    return " ".join(value.split())


def _shown(value: Any) -> str:
    """What stands there, shortened: aliases of YAML can make a few lines endless."""
    return _BRIEF.repr(value)


def _number(value: Any, where: str, *, above: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= above:
        raise RubricError(f"{where} is {_shown(value)}; give a number" + (" above 0" if above == 0 else ""))
    return float(value)
