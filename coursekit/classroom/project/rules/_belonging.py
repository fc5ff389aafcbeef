"""To which of the template's sections a finding belongs."""

from __future__ import annotations

from collections.abc import Callable

from coursekit.classroom.project.documents import Document
from coursekit.classroom.project.findings import Finding
from coursekit.classroom.project.rules._outline import parts


def belonging(document: Document) -> Callable[[Finding], str]:
    """Give the function that names a finding's section as the template does; empty for what stands in none."""
    named = {id(section): part.name for part in parts(document) for section in part.sections}

    def section_of(finding: Finding) -> str:
        return finding.subject or named.get(id(document.holder(finding.place)), "")

    return section_of
