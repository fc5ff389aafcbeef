"""Reading fields of another tool's file so that every error names file and field."""

from __future__ import annotations

import re
from collections.abc import Set
from pathlib import Path
from typing import Any, NoReturn

from coursekit._number_checks import as_finite, told
from coursekit.deployment.rollout._metric_kinds import kinds_of
from coursekit.deployment.rollout.evidence import Guardrail
from coursekit.deployment.rollout.foreign import PlanFileError

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PERCENTILE = re.compile(r"p(\d{2,3})(?!\d)", re.IGNORECASE)
_PER_CENT = re.compile(r"(?:^|[-_ .])(percent|percentage|pct)(?:$|[-_ .])", re.IGNORECASE)
_WEEK = 7 * 24 * 60
_MOST = 10**12
_UNIT = re.compile(r"(?:^|[-_ .])(ms|milliseconds|s|sec|seconds)(?:$|[-_ .])", re.IGNORECASE)


class Fields:
    """A table of a file and where it stands."""

    def __init__(self, file: Path, table: Any, where: str) -> None:
        self.file, self.where = file, where
        if not isinstance(table, dict):
            self.fail("", f"must be a table of fields, got {told(table)}")
        self.table: dict[str, Any] = table

    def fail(self, field: str, message: str) -> NoReturn:
        """Raise, naming file and field."""
        raise PlanFileError(f"{self.file}: {self._place(field)}: {message}")

    def _place(self, field: object) -> str:
        return ".".join(str(part) for part in (self.where, field) if part != "")

    def inside(self, field: str, *, optional: bool = False) -> Fields:
        """A table in a field; an empty one if it is optional and nothing is there."""
        found = self.table.get(field)
        return Fields(self.file, {} if optional and not found else found, self._place(field))

    def each(self, field: str) -> list[Fields]:
        """Tables of a list in a field."""
        found = self.table.get(field)
        if not isinstance(found, list) or not found:
            self.fail(field, f"must list at least one, got {told(found)}")
        return [Fields(self.file, entry, f"{self._place(field)}[{i}]") for i, entry in enumerate(found)]

    def only(self, known: Set[str], *, ignored: Set[str] = frozenset()) -> None:
        """Raise at the first field that is neither modelled nor without effect on the decision."""
        for key in self.table:
            if key not in known | ignored:
                self.fail(str(key), f"is not modelled; known there are {', '.join(sorted(known))}")

    def text(self, field: str) -> str:
        """A text."""
        value = self.table.get(field)
        if not isinstance(value, str) or not value.strip():
            self.fail(field, f"must be a text, got {told(value)}")
        return value

    def number(self, field: str, *, default: float | None = None) -> float:
        """A number of at least 0."""
        value = self.table.get(field, default)
        number = as_finite(value)
        if number is None and isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value.strip()):
            number = as_finite(float(value))
        if number is None or number < 0:
            self.fail(field, f"must be a number of at least 0, got {told(value)}")
        return number

    def whole(self, field: str, *, default: int | None = None, low: int = 0) -> int:
        """A whole number."""
        number = self.number(field, default=default)
        if number != int(number) or number < low:
            self.fail(field, f"must be a whole number of at least {low}, got {told(self.table.get(field))}")
        if number > _MOST:
            self.fail(field, f"of more than {_MOST:,} is not modelled, got {told(self.table.get(field))}")
        return int(number)

    def minutes(self, field: str, *, default: int | None = None, up: bool = False) -> int:
        """A duration in whole minutes, the simulation's clock; ``up`` rounds shorter ones up to a minute."""
        value = self.table.get(field)
        if value is None and default is not None:
            return default
        seconds = as_finite(value)
        if seconds is None and isinstance(value, str):
            parts = _DURATION.findall(value)
            if re.fullmatch(r"\d+", value.strip()):
                seconds = float(value)
            elif parts and "".join(a + b for a, b in parts) == value.strip():
                seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in parts)
        if seconds is None or seconds <= 0:
            self.fail(field, f"must be a duration such as '5m', got {told(value)}")
        if up and seconds < 60:
            return 1
        if seconds % 60:
            self.fail(field, f"{told(value)} is not modelled: whole minutes are; scale all durations alike")
        return self.within_a_week(field, seconds / 60)

    def within_a_week(self, field: str, minutes: float) -> int:
        """Whole minutes, if they are no more than can be played in reasonable time."""
        if minutes > _WEEK:
            self.fail(field, f"makes {minutes:.6g} minutes; more than a week is not modelled")
        return int(minutes)

    def kind(self, name: str, modelled: str) -> str:
        """The one of "errors", "success" and "latency" that a metric's name speaks of."""
        kinds = kinds_of(name)
        if len(kinds) != 1:
            said = "says " + " and ".join(kinds) if kinds else "does not say what it counts"
            self.fail("name", f"{told(name)} {said}; {modelled}")
        return kinds[0]

    def guardrail(self, name: str, limit: float, *, field: str, upper: bool) -> tuple[Guardrail, float]:
        """The guardrail that a metric's name speaks of, and the bad rate that its limit stands for."""
        kind = self.kind(
            name,
            "only rates of errors and latencies are modelled: name it 'error-rate', 'success-rate' or 'p99-latency-ms'",
        )
        if upper == (kind == "success"):
            which = "a lower" if kind == "success" else "an upper"
            self.fail(field, f"a metric of {kind} needs {which} limit")
        if kind == "latency":
            return self._latency(name, limit, field)
        share = limit / 100 if limit > 1 or _PER_CENT.search(name) else limit
        bad = round(1 - share if kind == "success" else share, 12)
        if not 0 < bad < 1:
            self.fail(
                field,
                f"a limit of {limit:g} lets everything or nothing pass; up to 1 it is read as a share, above as per "
                "cent, unless the name says 'percent'",
            )
        return Guardrail(name), bad

    def _latency(self, name: str, limit: float, field: str) -> tuple[Guardrail, float]:
        percentile, unit = _PERCENTILE.search(name), _UNIT.search(name)
        if percentile is None or unit is None or not int(percentile[1]):
            self.fail(
                "name", f"{told(name)} must say percentile and unit, as 'p99-latency-ms' or 'latency-p95-seconds' do"
            )
        if not 0 < limit < _MOST:
            self.fail(field, f"a limit of latency must lie above 0 and below {_MOST:,}, got {limit:g}")
        digits = percentile[1]
        bad = 1 - float(f"0.{digits}")
        over_ms = limit * (1 if unit[1].lower().startswith("m") else 1000)
        return Guardrail(name, over_ms=over_ms), round(bad, 12)
