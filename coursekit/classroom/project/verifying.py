"""A team's bonus system: its own tests and evidence, made again from nothing and held against its promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit._number_checks import check_number
from coursekit.classroom.project._system_file import PARTS, VerificationError
from coursekit.classroom.project._system_findings import KINDS
from coursekit.classroom.project.verification_report import (
    ComparedNumber,
    JudgedRequirement,
    PartEvidence,
    VerificationFinding,
    VerificationReport,
)

if TYPE_CHECKING:
    from coursekit.classroom.project._verifying import Verified

__all__ = ["VerificationError", "VerificationReport", "verify"]


def verify(
    folder: Path,
    *,
    timeout: float = 600.0,
    isolate: bool | None = None,
    on_step: Callable[[str], None] | None = None,
) -> VerificationReport:
    r"""Run a team's tests and its evidence command, and judge its promises by what comes out.

    A table of good numbers in a document says that somebody once had them. Here the tests run and the evidence
    is made again from nothing: the folder is copied without its evidence, its environments and its ``build/``, so
    a file that nobody writes anew counts as none. What the team committed is compared value by value within the
    tolerance that stands beside each, and every requirement of ``system.yaml`` is judged by the fresh value.

    The commands get named variables of the environment alone, no token and no home. Where bubblewrap works
    (:mod:`coursekit.classroom.sandbox`) they also see nothing of the machine but the system, this Python and their
    copy, and no network but loopback; memory and disk are not limited. Elsewhere it is a plain process with the
    rights of the account: run the code of strangers on Linux. A command that exceeds its time is ended with its
    children. Nothing is written into the team's folder.

    What no run can tell: whether a command measured or wrote down a constant. Times that come out the same to the
    last digit, bytes that lay elsewhere in the folder and tests that cannot fail are told; the rest takes a reader.

    Parameters
    ----------
    folder
        The system's folder, with system.yaml.
    timeout
        Most seconds of each of the two commands.
    isolate
        Whether to run in the sandbox; None does where it can be built.
    on_step
        Called with each step in Korean as it begins.

    Raises
    ------
    VerificationError
        If the folder has no readable system.yaml, is too large, or the sandbox was asked for and cannot be built.
    ValueError
        If the timeout is not above 0.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "system.yaml").write_text(
    ...     "system: 예시\nrequirements: [{id: R1, evidence: model.accuracy, comparison: '>=', value: 0.9}]\n"
    ...     "commands: {tests: python -m pytest -q, evidence: python measure.py}\n", encoding="utf-8")
    >>> report = verify(folder, isolate=False)
    >>> report.ok, report.requirements[0].status, report.findings[0].kind
    (False, 'none', 'tests-none')
    """
    from coursekit.classroom.project._verifying import verify_in
    from coursekit.classroom.sandbox.bubblewrap import sandbox_status

    seconds = check_number("verify", "timeout", timeout, above=True)
    usable = isolate is not False and sandbox_status().usable
    if isolate and not usable:
        status = sandbox_status()
        raise VerificationError(f"{folder}: 격리할 수 없습니다. {status.problem}. {status.remedy}")
    step = on_step if on_step is not None else lambda _: None
    return _report(Path(folder), verify_in(Path(folder), timeout=seconds, isolated=usable, step=step), usable)


def _report(folder: Path, done: Verified, isolated: bool) -> VerificationReport:
    system = done.system
    parts = []
    for part in PARTS:
        files = tuple(file for file in system.parts[part] if file in done.fresh)
        parts.append(PartEvidence(part, files, sum(len(done.fresh[file]) for file in files)))
    judged = []
    for one in system.requirements:
        value = done.fresh.get(one.file, {}).get(one.name)
        status = "none" if value is None else "met" if one.meets(value.value) else "unmet"
        part = next((part for part, files in system.parts.items() if one.file in files), "")
        found = None if value is None else value.value
        judged.append(
            JudgedRequirement(
                one.id, one.what, part, one.evidence, one.comparison, one.value, found, one.unit, one.owner, status
            )
        )
    numbers = []
    for file, name, kept, fresh, same in done.numbers:
        known = fresh if fresh is not None else kept
        assert known is not None
        committed, measured = (None if one is None else one.value for one in (kept, fresh))
        numbers.append(ComparedNumber(f"{file}.{name}", committed, measured, known.unit, same))
    findings = [
        VerificationFinding(kind, KINDS[kind][0], where, message, KINDS[kind][2]) for kind, where, message in done.found
    ]
    return VerificationReport(
        folder=folder,
        system=system.name,
        team=system.team,
        isolated=isolated,
        passed=done.tests.proving,
        failed=done.tests.failed,
        parts=tuple(parts),
        requirements=tuple(judged),
        numbers=tuple(numbers),
        findings=tuple(findings),
        seconds=sum(ran.seconds for ran in done.ran.values()),
    )
