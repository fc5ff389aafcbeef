"""A room without doors for other people's code: namespaces, limits, and a warm process to fork from."""

from __future__ import annotations

from coursekit.classroom.sandbox.bubblewrap import (
    Namespaces,
    SandboxError,
    SandboxStatus,
    sandbox_status,
)
from coursekit.classroom.sandbox.limits import Limits

__all__ = ["Limits", "Namespaces", "SandboxError", "SandboxStatus", "sandbox_status"]
