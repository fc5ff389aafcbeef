"""All checks of a design document in one run."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from coursekit.classroom.project.documents import Document, read_document
from coursekit.classroom.project.findings import RULE_MODULES, DocumentReport, Finding, all_rules, in_order
from coursekit.classroom.project.project_file import ProjectFile, find_project_file
from coursekit.classroom.project.rules._belonging import belonging

UNWRITTEN = ("section-empty", "section-boilerplate")
"""Rules after which nothing else is said of a section: it has yet to be written."""


def check_document(path: Path, *, project: ProjectFile | None = None) -> DocumentReport:
    r"""Check a design document for what a reviewer would have to ask anyway.

    Requirements without a number, alerts without a runbook, a sum that does not add up: a tool finds
    these in a second, and leaves the review's hour to the questions that need people. It gives no points.

    Parameters
    ----------
    path
        The document, Markdown or .docx as Google Docs exports it.
    project
        The team and its dates; by default the ``project.yaml`` beside the document, if there is one.

    Raises
    ------
    coursekit.classroom.project.documents.DocumentError
        If the file cannot be read.
    coursekit.classroom.project.project_file.ProjectFileError
        If the ``project.yaml`` beside it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> _ = path.write_text("# 병상 예측\n\n## 1. 개요\n\nTBD\n", encoding="utf-8")
    >>> report = check_document(path)
    >>> report.ok, "section-missing" in report.to_frame()["rule"].tolist()
    (False, True)
    """
    document = read_document(path)
    return report_on(document, project=project if project is not None else find_project_file(path))


def report_on(document: Document, *, project: ProjectFile | None) -> DocumentReport:
    """Check a document that was read already.

    Who needs the document beside its findings, as the mid-check does, reads it once.

    Parameters
    ----------
    document
        The document.
    project
        The team and its dates, if they are known.

    Examples
    --------
    >>> report_on(Document(Path("doc.md"), (), frozenset()), project=None).ok
    False
    """
    modules = [import_module(f"coursekit.classroom.project.rules.{name}") for name in RULE_MODULES]
    findings = [finding for module in modules for finding in module.check(document, project)]
    findings = _without_consequences(findings, document)
    titles = [section.title for section in document.sections]
    ordered = in_order(findings, titles)
    return DocumentReport(document.path, document.title, ordered, tuple(all_rules()), _chapters(document))


def _chapters(document: Document) -> dict[str, str]:
    """The section over each subsection; a heading that stands under two of them stays by itself."""
    over: dict[str, str] = {}
    chapter = ""
    for section in document.sections:
        chapter = section.title if section.level <= 2 else chapter
        over[section.title] = chapter if over.get(section.title, chapter) == chapter else section.title
    return over


def _without_consequences(findings: list[Finding], document: Document) -> list[Finding]:
    """Of a section that is not written yet, say only that; thirty empty cells say nothing more."""
    section_of = belonging(document)
    unwritten = {one.subject for one in findings if one.rule.id in UNWRITTEN} - {""}
    return [one for one in findings if one.subject or section_of(one) not in unwritten]
