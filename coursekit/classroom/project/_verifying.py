"""The steps of verifying a bonus system: copy, tests, evidence, comparison, judgement."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from coursekit.classroom.project import _system_evidence as evidence
from coursekit.classroom.project._system_evidence import EvidenceError, Value
from coursekit.classroom.project._system_file import PARTS, SystemFile, kind_of, read_system_file
from coursekit.classroom.project._system_run import Ran, copy_system, run
from coursekit.classroom.project._system_tests import Counted, read_report

_NAMED = 5
_SHOWN_LINES = 12


@dataclass
class Verified:
    """What is known so far."""

    system: SystemFile
    found: list[tuple[str, str, str]] = field(default_factory=list)
    tests: Counted = field(default_factory=Counted)
    ran: dict[str, Ran] = field(default_factory=dict)
    fresh: dict[str, dict[str, Value]] = field(default_factory=dict)
    numbers: list[tuple[str, str, Value | None, Value | None, bool]] = field(default_factory=list)

    def tell(self, kind: str, where: str, message: str) -> None:
        self.found.append((kind, where, message))


def verify_in(folder: Path, *, timeout: float, isolated: bool, step: Callable[[str], None]) -> Verified:
    """Run a team's tests and evidence command in copies, and judge; nothing is written into the folder."""
    done = Verified(read_system_file(folder))
    base = Path(tempfile.mkdtemp(prefix="verifying-")).resolve()
    try:
        step("테스트를 실행하고 있습니다")
        _tests(done, folder, base / "tests", timeout, isolated)
        step("증거를 처음부터 다시 만들고 있습니다")
        _evidence(done, folder, base / "evidence", timeout, isolated)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    step("커밋한 증거와 견주고 있습니다")
    _compare(done, folder)
    step("약속을 판정하고 있습니다")
    _judge(done)
    return done


def _tests(done: Verified, folder: Path, room: Path, timeout: float, isolated: bool) -> None:
    words = done.system.commands["tests"]
    for link in copy_system(folder, room / "system"):
        done.tell("link-outside", link, "복사하지 않았습니다. 이 링크는 폴더 밖의 파일을 가리킵니다.")
    # Counted from pytest's own report: what a command prints can say anything.
    options = {"PYTEST_ADDOPTS": "-p no:cacheprovider --junitxml='{room}/report.xml'"}
    ran = done.ran["tests"] = run(words, room=room, seconds=timeout, isolated=isolated, more=options)
    if not _finished(done, "commands.tests", words, ran, timeout):
        return
    counted = read_report(room / "report.xml", room / "system")
    if counted is None:
        done.tell("tests-unread", "commands.tests", f"pytest의 보고서가 없습니다.{_said(ran)}")
        return
    done.tests = counted
    where = "tests"
    if counted.failed:
        done.tell("tests-failed", where, f"{counted.failed}개가 실패했습니다: {_few(counted.failures)}")
    elif not ran.ok and ran.code != 5:  # 5: nothing was collected
        done.tell("tests-failed", where, f"pytest가 종료 코드 {ran.code}(으)로 끝났습니다.{_said(ran)}")
    if not counted.passed + counted.failed + counted.skipped:
        done.tell("tests-none", where, "pytest가 찾은 테스트가 하나도 없습니다.")
    elif not counted.passed + counted.failed:
        done.tell("tests-skipped", where, f"테스트 {counted.skipped}개를 모두 건너뛰었습니다.")
    elif counted.passed and not counted.proving:
        done.tell(
            "tests-hollow", where, f"통과한 테스트 {counted.passed}개가 모두 비어 있습니다: {_few(counted.hollow)}"
        )
    else:
        if counted.hollow:
            done.tell("tests-partly-hollow", where, f"{len(counted.hollow)}개입니다: {_few(counted.hollow)}")
        if counted.skipped:
            done.tell("tests-partly-skipped", where, f"{counted.skipped}개를 건너뛰었습니다.")


def _evidence(done: Verified, folder: Path, room: Path, timeout: float, isolated: bool) -> None:
    words = done.system.commands["evidence"]
    copy = room / "system"
    copy_system(folder, copy)
    place = copy / evidence.FOLDER
    if place.is_symlink() or place.is_file():
        place.unlink()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    kept = room / "kept"
    shutil.copytree(copy, kept, symlinks=True)  # what the command began with, out of its reach by name
    ran = done.ran["evidence"] = run(words, room=room, seconds=timeout, isolated=isolated)
    if _finished(done, "commands.evidence", words, ran, timeout) and not ran.ok:
        done.tell("evidence-failed", "commands.evidence", f"종료 코드 {ran.code}(으)로 끝났습니다.{_said(ran)}")
    written = {}
    for file in done.system.files:
        path = place / f"{file}.json"
        where = f"{evidence.FOLDER}/{file}.json"
        try:
            values = evidence.read_evidence(path)
        except EvidenceError as error:
            done.tell("evidence-unreadable", where, str(error))
            continue
        if values is None:
            stale = (folder / evidence.FOLDER / f"{file}.json").is_file()
            if stale:
                done.tell("evidence-stale", where, "커밋한 파일은 있지만, 명령을 실행해도 다시 만들어지지 않습니다.")
            else:
                done.tell("evidence-missing", where, "명령을 실행해도 만들어지지 않습니다.")
        elif not values:
            done.tell("evidence-empty", where, "values에 값이 하나도 없습니다.")
        else:
            written[evidence.digest(path)] = file
            done.fresh[file] = values
    for digest, source in evidence.originals(kept, like=set(written)).items():
        file = written[digest]
        done.tell("evidence-copied", f"{evidence.FOLDER}/{file}.json", f"실행 전에 있던 {source}와(과) 똑같습니다.")
        done.fresh.pop(file, None)


def _finished(done: Verified, where: str, words: list[str], ran: Ran, timeout: float) -> bool:
    line = " ".join(words)
    if ran.left:
        done.tell("processes-left", where, f"{_few(ran.left)}이(가) 남아 있어 끝냈습니다.")
    if ran.not_found:
        done.tell("command-not-found", where, f"{words[0]}을(를) 찾을 수 없습니다: {line}")
    elif ran.timed_out:
        done.tell(
            "command-hangs",
            where,
            f"{timeout:g}초 안에 끝나지 않아 자식 프로세스와 함께 멈췄습니다: {line}{_said(ran)}",
        )
    return not ran.not_found and not ran.timed_out


def _compare(done: Verified, folder: Path) -> None:
    for file, fresh in done.fresh.items():
        where = f"{evidence.FOLDER}/{file}.json"
        try:
            kept = evidence.read_evidence(folder / where)
        except EvidenceError as error:
            done.tell("evidence-unreadable", where, f"커밋한 파일: {error}")
            continue
        if kept is None:
            done.tell("evidence-not-kept", where, "커밋한 파일이 없어 견주지 못했습니다.")
            continue
        for name in dict.fromkeys([*kept, *fresh]):
            _compare_one(done, file, name, kept.get(name), fresh.get(name))


def _compare_one(done: Verified, file: str, name: str, kept: Value | None, fresh: Value | None) -> None:
    where = f"{file}.{name}"
    same = kept is not None and fresh is not None and evidence.equal(kept, fresh)
    done.numbers.append((file, name, kept, fresh, same))
    if fresh is None:
        done.tell("number-gone", where, f"커밋한 값 {told(kept)}이(가) 새 증거에 없습니다.")
        return
    if evidence.too_wide(fresh):
        done.tell("tolerance-wide", where, f"값 {told(fresh)}에 {_allowed(fresh)}이면 거의 아무 값이나 맞습니다.")
    if kept is None:
        done.tell("number-new", where, f"새로 나온 값은 {told(fresh)}입니다.")
    elif not same:
        done.tell(
            "number-differs", where, f"커밋한 값은 {told(kept)}, 새로 나온 값은 {told(fresh)}입니다 ({_allowed(kept)})."
        )
    elif evidence.too_equal(kept, fresh):
        done.tell(
            "number-too-equal", where, f"두 번 모두 {fresh.value!r} {fresh.unit}입니다.".replace(" 입니다", "입니다")
        )


def _judge(done: Verified) -> None:
    for one in done.system.requirements:
        value = done.fresh.get(one.file, {}).get(one.name)
        if value is None:
            done.tell("requirement-without-evidence", one.id, f"{one.evidence}이(가) 새 증거에 없습니다.")
        elif not one.meets(value.value):
            wanted = f"{one.comparison} {one.value} {one.unit}".strip()
            done.tell("requirement-unmet", one.id, f"{one.what}: {wanted}이어야 하는데 {told(value)}입니다.")
    judged = {one.file for one in done.system.requirements}
    for part, title in PARTS.items():
        files = done.system.parts[part]
        if not any(file in done.fresh for file in files):
            listed = ", ".join(f"{file}.json" for file in files)
            message = (
                f"새로 만들어진 증거가 없습니다 ({listed})." if files else "system.yaml의 parts에 파일이 없습니다."
            )
            done.tell("part-missing", f"{title}({part})", message)
        elif not judged & set(files):
            done.tell("part-without-promise", f"{title}({part})", "이 부분의 증거로 판정하는 요구사항이 없습니다.")


def told(value: Value | None) -> str:
    """A value with its unit, as a person writes it."""
    if value is None:
        return "없음"
    number = value.value
    text = f"{number:,.6g}" if kind_of(number) == "number" else str(number)[:80]
    return f"{text} {value.unit}".strip()


def _allowed(value: Value) -> str:
    parts = [f"차이 {value.tolerance:g}"] if value.tolerance or value.ratio == 1 else []
    return "허용 " + ", ".join(parts + ([f"{value.ratio:g}배"] if value.ratio > 1 else []))


def _few(names: tuple[str, ...]) -> str:
    more = f" 외 {len(names) - _NAMED}" if len(names) > _NAMED else ""
    return ", ".join(name[:120] for name in names[:_NAMED]) + more


def _said(ran: Ran) -> str:
    """The last lines of a command's output, below the message."""
    # a stranger's output must not steer the terminal that shows it
    output = "".join(one if one.isprintable() or one == "\n" else " " for one in ran.output)
    lines = [line for line in output.split("\n") if line.strip()][-_SHOWN_LINES:]
    return "\n" + "\n".join(f"    {line[:200]}" for line in lines) if lines else ""
