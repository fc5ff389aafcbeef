"""What the arguments of a refresh must be, said once."""

from __future__ import annotations

import math
from numbers import Real


def check_whole(where: str, parameter: str, value: object, *, low: int | None = 0) -> int:
    """Give the value as an int; raise unless it is a whole number of at least ``low``."""
    number = _finite(value)
    if number is None or number != int(number) or (low is not None and number < low):
        least = "" if low is None else f" of at least {low}"
        raise ValueError(f"{where}: {parameter} must be a whole number{least}, got {value!r}")
    return int(number)


def check_number(where: str, parameter: str, value: object, *, above: bool = False) -> float:
    """Give the value as a float; raise unless it is finite and at least (or above) 0."""
    number = _finite(value)
    if number is None or number < 0 or (above and number == 0):
        wanted = "above 0" if above else "of at least 0"
        raise ValueError(f"{where}: {parameter} must be a finite number {wanted}, got {value!r}")
    return number


def check_policy(where: str, policy: object) -> None:
    """Raise unless the object can be asked as a policy."""
    if isinstance(policy, type) or not (callable(getattr(policy, "wants", None)) and hasattr(policy, "start")):
        hint = " (a detector goes into Triggered(detector))" if hasattr(policy, "drift_detected") else ""
        raise ValueError(
            f"{where}: policy must be OnDemand, Scheduled, Triggered, AnyOf, Budgeted or an object of your own "
            f"subclass of RefreshPolicy, got {policy!r}{hint}"
        )


def check_staleness(where: str, staleness: object) -> None:
    """Raise unless the object is a staleness."""
    if isinstance(staleness, type) or not all(callable(getattr(staleness, name, None)) for name in ("loss", "changes")):
        raise ValueError(
            f"{where}: staleness must be LinearStaleness, AbruptChanges, ChangesAt, SeasonalStaleness or an object "
            f"of your own subclass of Staleness, got {staleness!r}"
        )


def _finite(value: object) -> float | None:
    """The value as a float, None if it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        return None
    return float(value)
