"""The group project: its documents read, checked and counted, its bonus system verified."""

from coursekit.classroom.project.checking import check_document
from coursekit.classroom.project.documents import Document, DocumentError, Place, read_document
from coursekit.classroom.project.findings import DocumentReport, Finding, Rule, all_rules
from coursekit.classroom.project.project_file import ProjectFile, read_project_file
from coursekit.classroom.project.rubrics import Rubric, read_rubric
from coursekit.classroom.project.starting import new_project
from coursekit.classroom.project.verifying import VerificationReport, verify

__all__ = [
    "Document",
    "DocumentError",
    "DocumentReport",
    "Finding",
    "Place",
    "ProjectFile",
    "Rubric",
    "Rule",
    "VerificationReport",
    "all_rules",
    "check_document",
    "new_project",
    "read_document",
    "read_project_file",
    "read_rubric",
    "verify",
]
