"""Put the student edition into the wheel, when ``make dist`` names the folder that holds it."""

from __future__ import annotations

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EditionHook(BuildHookInterface):
    """A wheel built without COURSEKIT_EDITION holds the library alone."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the edition's folder to a standard wheel; an editable install reads the repository."""
        edition = os.environ.get("COURSEKIT_EDITION")
        if edition and version == "standard":
            build_data["force_include"][edition] = "coursekit/_edition"
