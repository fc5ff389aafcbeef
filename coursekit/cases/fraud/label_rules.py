"""What counts as fraud? Label rules as dated versions, so that a change of meaning leaves a trace."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.cases.fraud._dates import as_date, as_month
from coursekit.cases.fraud.world import COUNTRIES, TransactionLog
from coursekit.modeling.evaluation import Interval, wilson_interval
from coursekit.short_repr import ShortRepr

_CLAUSES = ("any", "abroad", "online")
_CLAUSE_NAMES = {"any": "둘 중 하나", "abroad": "다른 국가", "online": "온라인 증가"}


@dataclass(frozen=True)
class LabelRule:
    """A version of the definition of fraud: what it says, and from which day it holds.

    A label is a decision of people. When the decision changes, models trained before and after
    answer different questions, and only a dated rule can tell which one a label belongs to.

    Examples
    --------
    >>> from coursekit.cases.fraud import simulate
    >>> log = simulate(customers=500, merchants=200, days=61, seed=3).log
    >>> flags = LABEL_RULES[0].apply(log, month="2019-10")
    >>> 0 < flags.flagged_share().estimate < 0.2
    True
    """

    name: str
    """What it is called."""
    valid_from: str | datetime.date
    """First day on which labels follow it."""
    growth: float | None = 3.0
    """Online spend of this many times last month's is fraud: 3 is "up 200%"; None drops the clause."""
    relative: bool = False
    """Divide each card's growth by the month's median growth of all cards first."""
    abroad: bool = True
    """Whether a purchase in a shop of a country without one last month is fraud."""

    def __post_init__(self) -> None:
        as_date(self.valid_from, "valid_from")
        if self.growth is not None and not (np.isfinite(self.growth) and self.growth > 0):
            raise ValueError(f"growth must be above 0 (3 for 'up 200%') or None, got {self.growth}")

    def apply(self, log: TransactionLog, *, month: str | np.datetime64) -> CardFlags:
        """Label every card that was used in the month or the one before.

        Parameters
        ----------
        log
            Transactions that contain both months.
        month
            The month to label, such as "2020-01".

        Raises
        ------
        ValueError
            If the month is no month, or the log has nothing in it or in the month before.
        """
        now = as_month(month, "month")
        this, last = (
            log.between(_first_day(each), _first_day(each + 1)) for each in (now, now - np.timedelta64(1, "M"))
        )
        if not len(this) or not len(last):
            span = f"{log.date[0]} to {log.date[-1]}" if len(log) else "nothing"
            raise ValueError(f"a label for {now} compares {now - 1} with {now}, but the log holds {span}")
        cards = np.union1d(this.customer, last.customer)
        spent, before = (_online_spend(part, cards) for part in (this, last))
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = np.where(before > 0, spent / before, np.nan)
        typical = float(np.nanmedian(growth)) if self.relative and np.isfinite(growth).any() else 1.0
        online = np.zeros(cards.size, bool)
        if self.growth is not None and typical > 0:
            online = np.nan_to_num(growth / typical, nan=0.0) >= self.growth
        went, known = _countries(this, cards), _countries(last, cards)
        abroad = (went & ~known).any(axis=1) & known.any(axis=1) & self.abroad
        fraud = np.isin(cards, this.customer[this.is_fraud])
        return CardFlags(
            self, str(now), cards, online, abroad, growth, fraud, ~fraud & ~np.isin(cards, last.customer[last.is_fraud])
        )


@dataclass(frozen=True, eq=False, repr=False)
class CardFlags(ShortRepr):
    """What a label rule says of each card in one month, beside the truth."""

    rule: LabelRule
    """The rule."""
    month: str
    """The month."""
    card: np.ndarray
    """Customers of the cards used in this month or the last, shape (n,)."""
    online: np.ndarray
    """Flagged because online spend grew."""
    abroad: np.ndarray
    """Flagged because of a purchase in a shop of a new country."""
    growth: np.ndarray
    """Online spend over last month's; NaN where nothing was spent last month."""
    defrauded: np.ndarray
    """Whether the card really met fraud this month."""
    legitimate: np.ndarray
    """Whether the card met no fraud, neither this month nor the last."""

    @property
    def flagged(self) -> np.ndarray:
        """Flagged by either clause."""
        return self.online | self.abroad

    @property
    def undefined_share(self) -> float:
        """Share of cards without online spend last month: their growth has no value."""
        return float(np.isnan(self.growth).mean())

    def flagged_share(self, clause: str = "any", *, of: str = "legitimate") -> Interval:
        """Share of cards that are flagged, with its Wilson interval.

        Parameters
        ----------
        clause
            ``"online"`` (of the cards whose growth is defined), ``"abroad"`` or ``"any"``.
        of
            ``"legitimate"`` cards (false alarms) or ``"defrauded"`` ones (recall).

        Raises
        ------
        ValueError
            If clause or of is something else, or no such card exists.
        """
        if clause not in _CLAUSES or of not in ("legitimate", "defrauded"):
            raise ValueError(f"clause is one of {_CLAUSES}, of is 'legitimate' or 'defrauded'; got {clause!r}, {of!r}")
        chosen = self.legitimate if of == "legitimate" else self.defrauded
        if clause == "online":
            chosen = chosen & ~np.isnan(self.growth)
        if not chosen.any():
            raise ValueError(f"there is no {of} card in {self.month}; simulate more customers")
        flags = self.flagged if clause == "any" else getattr(self, clause)
        return wilson_interval(int(flags[chosen].sum()), int(chosen.sum()))

    def to_frame(self) -> pd.DataFrame:
        """One row per card."""
        names = ("card", "online", "abroad", "growth", "defrauded", "legitimate")
        return pd.DataFrame({name: getattr(self, name) for name in names} | {"flagged": self.flagged})

    def plot(self) -> go.Figure:
        """How much online spend grew, with the rule's threshold."""
        growth = self.growth[self.growth > 0]
        title = f"{self.month} 온라인 구매액의 증가 배수: {self.rule.name}"
        figure = go.Figure(layout={"title": title, "xaxis_title": "지난달 대비 배수", "yaxis_title": "카드 수"})
        edges = np.geomspace(0.05, 20, 61)
        count, _ = np.histogram(growth, edges)
        figure.add_bar(x=np.sqrt(edges[1:] * edges[:-1]), y=count, width=np.diff(edges), name="카드")
        if self.rule.growth is not None:
            typical = np.nanmedian(self.growth) if self.rule.relative else 1.0
            figure.add_vline(x=float(self.rule.growth * typical), line_dash="dot", annotation_text="사기로 보는 경계")
        figure.update_xaxes(type="log")
        return figure


@dataclass(frozen=True, eq=False, repr=False)
class RuleComparison(ShortRepr):
    """Versions of the label rule, month by month, on the same transactions."""

    flags: tuple[CardFlags, ...]
    """One for each rule and month, months of a rule together."""

    def to_frame(self) -> pd.DataFrame:
        """One row per rule and month: shares of legitimate cards flagged, recall, undefined cards."""
        return pd.DataFrame([_summary(flags) for flags in self.flags])

    def plot(self) -> go.Figure:
        """Legitimate cards called fraud, month by month."""
        frame = self.to_frame()
        figure = go.Figure(layout={"title": "정상 카드 가운데 사기로 찍히는 비율"})
        for name, rows in frame.groupby("rule", sort=False):
            figure.add_scatter(x=rows["month"], y=100 * rows["flagged"], name=str(name), mode="lines+markers")
        figure.update_layout(xaxis_title="월", yaxis_title="비율 (%)")
        figure.update_xaxes(type="category", categoryorder="category ascending")  # no ticks between the months
        return figure


LABEL_RULES = (
    LabelRule("v1: 지난달의 3배", "2010-01-01"),
    LabelRule("v2: 모두의 중앙값 대비 3배", "2020-03-01", relative=True),
)
"""The seed's rule, and the one that replaced it once everybody bought online."""


def rule_at(date: str | datetime.date | np.datetime64, *, rules: Sequence[LabelRule] = LABEL_RULES) -> LabelRule:
    """Find the version of the label rule that holds on a day.

    A training set that spans the change mixes two meanings of "fraud"; asking for the rule of
    each day is how one notices.

    Parameters
    ----------
    date
        The day.
    rules
        Versions in any order.

    Raises
    ------
    ValueError
        If the date is none, or lies before the first version.

    Examples
    --------
    >>> rule_at("2020-02-29").relative, rule_at("2020-03-01").relative
    (False, True)
    """
    day = as_date(date, "date")
    valid = [rule for rule in rules if as_date(rule.valid_from, "valid_from") <= day]
    if not valid:
        dates = ", ".join(str(rule.valid_from) for rule in rules) or "none"
        raise ValueError(f"no label rule holds on {day}; the versions begin on {dates}")
    return max(valid, key=lambda rule: as_date(rule.valid_from, "valid_from"))


def compare_rules(
    log: TransactionLog, *, rules: Sequence[LabelRule] = LABEL_RULES, months: Sequence[str] | None = None
) -> RuleComparison:
    """Apply several versions of the label rule to the same months.

    Before a new definition goes live one wants to know what it would have said last year.

    Parameters
    ----------
    log
        Transactions.
    rules
        Versions to compare.
    months
        Months to label; None takes every whole month that follows a whole month of the log.

    Raises
    ------
    ValueError
        If there are no rules, or no month to label.

    Examples
    --------
    >>> from coursekit.cases.fraud import Drift, simulate
    >>> covid = Drift("covid", start="2019-10-01", magnitude=3)
    >>> log = simulate(customers=2_000, merchants=1_000, days=61, scenario=covid).log
    >>> compare_rules(log).to_frame()["online"].round(1).tolist()
    [0.5, 0.0]
    """
    if months is None:
        months = [str(month) for month in _whole_months(log)[1:]]
    if not len(rules) or not len(months):
        raise ValueError("give at least one rule, and a log with two whole months (or months= yourself)")
    return RuleComparison(tuple(rule.apply(log, month=month) for rule in rules for month in months))


def _summary(flags: CardFlags) -> dict[str, object]:
    return {
        "rule": flags.rule.name,
        "month": flags.month,
        "cards": flags.card.size,
        "flagged": flags.flagged_share().estimate,
        "online": flags.flagged_share("online").estimate,
        "abroad": flags.flagged_share("abroad").estimate,
        "recall": flags.flagged_share(of="defrauded").estimate if flags.defrauded.any() else np.nan,
        "undefined": flags.undefined_share,
        "median_growth": float(np.nanmedian(flags.growth)),
    }


def _first_day(month: np.datetime64) -> np.datetime64:
    return month.astype("datetime64[D]")


def _whole_months(log: TransactionLog) -> np.ndarray:
    if not len(log):
        return np.empty(0, "datetime64[M]")
    first, last = log.date[0], log.date[-1]
    months = np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 1)
    whole = (months.astype("datetime64[D]") >= first) & ((months + 1).astype("datetime64[D]") - 1 <= last)
    return months[whole]


def _online_spend(log: TransactionLog, cards: np.ndarray) -> np.ndarray:
    position = np.searchsorted(cards, log.customer)
    return np.bincount(position[log.online], log.amount[log.online], cards.size)


def _countries(log: TransactionLog, cards: np.ndarray) -> np.ndarray:
    """In which countries' shops each card was used, shape (cards, countries)."""
    seen = np.zeros((cards.size, len(COUNTRIES)), bool)
    shops = ~log.online & (log.country >= 0)
    seen[np.searchsorted(cards, log.customer[shops]), log.country[shops]] = True
    return seen
