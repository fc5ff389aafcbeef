"""What the objects of a refresh must be, said once."""

from __future__ import annotations


def check_policy(where: str, policy: object) -> None:
    """Raise unless the object can be asked as a policy, and says what it refused."""
    asked = all(callable(getattr(policy, name, None)) for name in ("wants", "start")) and hasattr(policy, "refused")
    if isinstance(policy, type) or not asked:
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
