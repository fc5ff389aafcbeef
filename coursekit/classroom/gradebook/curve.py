"""Letters for totals, to be looked at before anybody gets one: shares of the class, or cut-offs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.gradebook._rounding import half_up
from coursekit.short_repr import ShortRepr

if TYPE_CHECKING:
    from coursekit.classroom.gradebook.final import FinalGrades

METHODS = {"relative": "상대평가", "absolute": "절대평가"}
"""Ways to give letters, with their Korean names."""
SHARES = {"A+": 15.0, "A0": 15.0, "B+": 20.0, "B0": 20.0, "C+": 15.0, "C0": 15.0}
"""Default shares of the class in percent, from the best letter down."""
CAPS = {"A": 30.0, "B": 70.0}
"""How much of the class may have this letter or a better one, in percent: A at most 30, A and B at most 70."""
CUTOFFS = {"A+": 95, "A0": 90, "B+": 85, "B0": 80, "C+": 75, "C0": 70, "D+": 65, "D0": 60, "F": 0}
"""Default lowest totals of the letters, from the best letter down."""
_COLOURS = ("#1b6b93", "#4fa0c8", "#2e8b57", "#8cc5a2", "#c98a1b", "#e5c07b", "#b5532f", "#dd9a80", "#7a7f87")


@dataclass(frozen=True, eq=False, repr=False)
class CurvePreview(ShortRepr):
    """Which letter everybody would get, how full each letter is, and how near the next one.

    Examples
    --------
    >>> empty = pd.DataFrame(columns=["student", "name", "total", "rank", "letter", "to_next"])
    >>> CurvePreview("relative", empty, pd.DataFrame(columns=["letter", "share"]), (), 2).warnings
    ()
    """

    method: str
    """``relative`` or ``absolute``."""
    table: pd.DataFrame
    """``student``, ``name``, ``total`` (rounded), ``rank``, ``letter`` (None while incomplete), ``to_next`` (points
    up to the lowest total of the next better letter that somebody has, or up to its cut-off)."""
    letters: pd.DataFrame
    """One row per letter: ``letter``, ``cutoff`` (absolute) or ``at_most`` (relative: students with this letter or a
    better one), ``students``, ``share`` (percent), ``share_so_far``, ``lowest``, ``next`` (the best total below),
    ``gap`` (what the best student below lacks)."""
    incomplete: tuple[str, ...]
    """Ids without a letter, because something of their total is missing."""
    decimals: int
    """Totals are compared after rounding half up to so many decimals."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Who has no letter, and what that does to the shares."""
        if not self.incomplete:
            return ()
        told = f"{len(self.incomplete)} incomplete without a letter: {', '.join(self.incomplete)}"
        effect = "; shares are those of the complete, and letters move when these come in"
        return (told + (effect if self.method == "relative" else ""),)

    def to_frame(self) -> pd.DataFrame:
        """One row per student, the best first, the incomplete last."""
        return self.table.copy()

    def plot(self) -> go.Figure:
        """Totals by rank, coloured by letter, with a line at each letter's lowest total."""
        figure = go.Figure(
            layout={
                "title": f"{METHODS[self.method]} 미리보기: 등수별 총점",
                "xaxis_title": "등수",
                "yaxis_title": "총점 (점)",
                "legend_title": "등급",
            }
        )
        for number, row in enumerate(self.letters.itertuples(index=False)):
            given = self.table[self.table["letter"] == row.letter]
            if given.empty:
                continue
            colour = _COLOURS[number % len(_COLOURS)]
            figure.add_scatter(
                x=given["rank"],
                y=given["total"],
                mode="markers",
                marker={"color": colour, "size": 9},
                name=f"{row.letter} ({row.students}명, {row.share:.1f}%)",
                text=given["name"],
                hovertemplate="%{text}<br>%{x}등, %{y}점",
            )
            figure.add_hline(y=row.lowest, line={"color": colour, "dash": "dot", "width": 1})
        return figure


def preview_curve(
    final: FinalGrades,
    *,
    method: str = "relative",
    shares: Mapping[str, float] = SHARES,
    caps: Mapping[str, float] = CAPS,
    cutoffs: Mapping[str, float] = CUTOFFS,
    decimals: int = 2,
) -> CurvePreview:
    r"""Show which letters a class would get; nothing is written, and no total changes.

    A letter is what stays of a term, and a rule that is applied by hand splits two equal totals sooner
    or later. Here whoever has equal totals has the equal letter, and a cap is never exceeded: with
    :math:`n` complete students, a student gets the best letter :math:`k` with

    .. math:: \#\{j : t_j \ge t_i\} \le \lfloor n\, c_k \rfloor, \qquad c_k = \sum_{l \le k} s_l,

    where :math:`s_l` are the shares; so a tie that does not fit into a letter goes down together, and the
    last letter takes the rest. Absolute letters compare the total with the cut-offs. The gap under each
    letter is what the next student lacks: where it is a few hundredths, look at the work again.

    Parameters
    ----------
    final
        The class's final grades.
    method
        ``relative`` (shares of the class) or ``absolute`` (cut-offs).
    shares
        Percent of the class by letter, from the best down, 100 together.
    caps
        For the beginning of a letter's name, percent of the class that may have it or a better one.
    cutoffs
        Lowest total by letter, from the best down; the last must be 0.
    decimals
        Totals are rounded half up to so many decimals before they are compared.

    Raises
    ------
    ValueError
        If the method is unknown, shares do not sum to 100 or exceed a cap, or cut-offs do not fall.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> totals = [97.0, 95.0, 95.0, 88.0, 85.5, 80.0, 77.0, 70.0, 66.0, None]
    >>> table = pd.DataFrame({"student": [f"{n:03}" for n in range(10)], "name": "학생", "total": totals})
    >>> table["status"] = ["complete"] * 9 + ["incomplete"]
    >>> preview = preview_curve(SimpleNamespace(table=table))
    >>> preview.letters[["letter", "at_most", "students", "gap"]].head(3).values.tolist()
    [['A+', 1, 1, 2.0], ['A0', 2, 0, nan], ['B+', 4, 3, 2.5]]
    >>> preview.incomplete
    ('009',)
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; choose one of {', '.join(METHODS)}")
    complete = final.table[final.table["status"] == "complete"]
    totals = {
        str(one): half_up(total, decimals) for one, total in complete[["student", "total"]].itertuples(index=False)
    }
    if method == "relative":
        limits = {letter: math.floor(len(totals) * share) for letter, share in _cumulative(shares, caps).items()}
        counts = {total: sum(other >= total for other in totals.values()) for total in set(totals.values())}
        by_total = {
            total: next(one for one, most in limits.items() if count <= most) for total, count in counts.items()
        }
        rules: dict[str, float] = dict(limits)
    else:
        lowest = _checked_cutoffs(cutoffs)
        by_total = {total: _at_least(total, lowest) for total in set(totals.values())}
        rules = {letter: float(cut) for letter, cut in lowest.items()}
    letters = _letters(method, rules, totals, by_total)
    table = _table(final.table, totals, by_total, letters)
    incomplete = tuple(str(one) for one in final.table["student"] if str(one) not in totals)
    return CurvePreview(method, table, letters, incomplete, decimals)


def _exact(number: float) -> Fraction:
    """0.3 is three tenths, not the nearest binary number: a cap of 30% of 10 is 3 students."""
    return Fraction(str(number))


def _cumulative(shares: Mapping[str, float], caps: Mapping[str, float]) -> dict[str, Fraction]:
    """The share of the class that may have each letter or a better one."""
    if negative := [letter for letter, share in shares.items() if share < 0]:
        raise ValueError(f"the share of {', '.join(negative)} is negative")
    total = sum(map(_exact, shares.values()))
    if total != 100:
        raise ValueError(f"shares sum to {float(total):g}% of the class: {_told(shares)}; they must sum to 100")
    so_far, found = Fraction(0), {}
    for letter, share in shares.items():
        so_far += _exact(share)
        found[letter] = so_far / 100
    for beginning, cap in caps.items():
        reached = max((found[letter] for letter in shares if letter.startswith(beginning)), default=Fraction(0))
        if reached * 100 > _exact(cap):
            raise ValueError(
                f"{float(reached * 100):g}% of the class would have {beginning} or better, the cap is {cap:g}%: "
                f"{_told(shares)}"
            )
    return found


def _checked_cutoffs(cutoffs: Mapping[str, float]) -> dict[str, Decimal]:
    lowest = {letter: Decimal(str(cut)) for letter, cut in cutoffs.items()}
    cuts = list(lowest.values())
    if not cuts or cuts[-1] != 0:
        raise ValueError(f"the last letter must begin at 0, or some totals have none: {_told(cutoffs)}")
    if any(below >= above for above, below in pairwise(cuts)):
        raise ValueError(f"cut-offs must fall from the best letter down: {_told(cutoffs)}")
    return lowest


def _told(rule: Mapping[str, float]) -> str:
    return ", ".join(f"{letter} {number:g}" for letter, number in rule.items())


def _at_least(total: Decimal, lowest: Mapping[str, Decimal]) -> str:
    return next(letter for letter, cut in lowest.items() if total >= cut)


def _letters(
    method: str, rules: Mapping[str, float], totals: Mapping[str, Decimal], by_total: Mapping[Decimal, str]
) -> pd.DataFrame:
    rows, so_far = [], 0
    order = list(rules)
    for place, letter in enumerate(order):
        given = [total for total in totals.values() if by_total[total] == letter]
        below = [total for total in totals.values() if order.index(by_total[total]) > place]
        so_far += len(given)
        edge = Decimal(str(rules[letter])) if method == "absolute" else min(given, default=None)
        best = max(below, default=None)
        rows.append(
            {
                "letter": letter,
                "cutoff" if method == "absolute" else "at_most": rules[letter],
                "students": len(given),
                "share": 100 * len(given) / len(totals) if totals else math.nan,
                "share_so_far": 100 * so_far / len(totals) if totals else math.nan,
                "lowest": float(min(given, default=Decimal("nan"))),
                "next": math.nan if best is None else float(best),
                "gap": math.nan if best is None or edge is None else float(edge - best),
            }
        )
    return pd.DataFrame(rows)


def _table(
    students: pd.DataFrame, totals: Mapping[str, Decimal], by_total: Mapping[Decimal, str], letters: pd.DataFrame
) -> pd.DataFrame:
    edges = letters["cutoff" if "cutoff" in letters else "lowest"].tolist()
    order = letters["letter"].tolist()
    rows = []
    for student, name in students[["student", "name"]].itertuples(index=False):
        total = totals.get(str(student))
        letter = None if total is None else by_total[total]
        better = [] if letter is None else [edge for edge in edges[: order.index(letter)] if not math.isnan(edge)]
        rows.append(
            {
                "student": str(student),
                "name": name,
                "total": math.nan if total is None else float(total),
                "rank": None if total is None else 1 + sum(other > total for other in totals.values()),
                "letter": letter,
                "to_next": float(Decimal(str(better[-1])) - total) if better and total is not None else math.nan,
            }
        )
    frame = pd.DataFrame(rows, columns=["student", "name", "total", "rank", "letter", "to_next"])
    frame["rank"] = frame["rank"].astype("Int64")
    frame["letter"] = pd.Series([row["letter"] for row in rows], dtype=object)  # None, not NaN: nobody's letter
    return frame.sort_values(["rank", "student"], na_position="last", ignore_index=True)
