"""system.yaml of a team's bonus system: what it is, its commands, its parts, what it promises."""

from __future__ import annotations

import math
import operator
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.classroom.project._yaml_file import load_mapping

SYSTEM_FILE = "system.yaml"
PARTS = {"data": "데이터", "model": "모델", "serving": "서빙", "rollout": "배포", "monitoring": "모니터링"}
COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
COMMANDS = {"tests": "python -m pytest -q", "evidence": "python -m system.evidence"}
_LARGEST = 100_000
_FILE = re.compile(r"[A-Za-z0-9_-]+\Z")


class VerificationError(ValueError):
    """A folder that cannot be verified at all: what is wrong, in which file, what to do."""


@dataclass(frozen=True)
class Requirement:
    """One promise of the system, and the evidence by which it is judged."""

    id: str
    what: str
    file: str
    name: str
    comparison: str
    value: float | bool | str
    unit: str
    owner: str

    @property
    def evidence(self) -> str:
        return f"{self.file}.{self.name}"

    def meets(self, value: float | bool | str) -> bool:
        """Whether a measured value keeps the promise; a value of another kind does not."""
        if kind_of(value) != kind_of(self.value):
            return False
        return bool(COMPARISONS[self.comparison](value, self.value))


@dataclass(frozen=True)
class SystemFile:
    """What system.yaml says."""

    name: str
    team: str
    commands: dict[str, list[str]]
    parts: dict[str, tuple[str, ...]]
    requirements: tuple[Requirement, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the evidence files, without ``.json``, each once."""
        return tuple(dict.fromkeys(file for files in self.parts.values() for file in files))


def kind_of(value: object) -> str:
    """Tell "number", "flag" or "text"; "" for what is no evidence."""
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number" if abs(value) < 1e300 and math.isfinite(value) else ""
    return "text" if isinstance(value, str) and value.strip() else ""


def read_system_file(folder: Path) -> SystemFile:
    """Read a folder's system.yaml, or say what is wrong in it."""
    path = folder / SYSTEM_FILE
    if not folder.is_dir():
        raise VerificationError(f"{folder}: 폴더가 없습니다. {SYSTEM_FILE}이 있는 팀의 시스템 폴더를 주세요.")
    if path.is_symlink() or not path.is_file():
        raise VerificationError(
            f"{path}: 파일이 없습니다. 시작 저장소(project_template/starter)의 {SYSTEM_FILE}을 복사해 고쳐 쓰세요."
        )
    if path.stat().st_size > _LARGEST:
        raise VerificationError(f"{path}: {_LARGEST:,}바이트를 넘습니다. 약속과 명령만 적으세요.")
    try:
        content = load_mapping(path)
    except ValueError as error:
        raise VerificationError(f"{path}: YAML로 읽을 수 없습니다. UTF-8과 들여쓰기를 확인하세요. {error}") from None
    unknown = set(map(str, content)) - {"system", "team", "commands", "parts", "requirements"}
    if unknown:
        raise VerificationError(f"{path}: 모르는 항목 {', '.join(sorted(unknown))}이(가) 있습니다. 철자를 확인하세요.")
    return SystemFile(
        name=str(content.get("system") or folder.name),
        team=str(content.get("team") or ""),
        commands=_commands(path, content.get("commands")),
        parts=_parts(path, content.get("parts")),
        requirements=_requirements(path, content.get("requirements")),
    )


def _commands(path: Path, given: Any) -> dict[str, list[str]]:
    given = {} if given is None else given
    if not isinstance(given, dict) or set(given) - set(COMMANDS):
        raise VerificationError(f"{path}: commands에는 tests와 evidence만 적을 수 있습니다.")
    found = {}
    for name, line in {**COMMANDS, **given}.items():
        try:
            words = shlex.split(line) if isinstance(line, str) else []
        except ValueError:
            words = []
        if not words:
            raise VerificationError(f'{path}: commands.{name}은 "{COMMANDS[name]}"처럼 명령 한 줄이어야 합니다.')
        found[name] = words
    return found


def _parts(path: Path, given: Any) -> dict[str, tuple[str, ...]]:
    given = {part: [part] for part in PARTS} if given is None else given
    if not isinstance(given, dict) or set(given) - set(PARTS):
        raise VerificationError(f"{path}: parts에는 {', '.join(PARTS)}만 적을 수 있습니다.")
    found = {}
    for part in PARTS:
        files = given.get(part) or []
        files = [files] if isinstance(files, str) else files
        if not isinstance(files, list) or not all(isinstance(one, str) and _FILE.match(one) for one in files):
            raise VerificationError(
                f"{path}: parts.{part}는 evidence/ 안의 파일 이름을 .json 없이 적은 목록이어야 합니다. 예: [{part}]"
            )
        found[part] = tuple(files)
    return found


def _requirements(path: Path, given: Any) -> tuple[Requirement, ...]:
    if not isinstance(given, list) or not given:
        raise VerificationError(f"{path}: requirements가 없습니다. 지킬 약속을 R1부터 하나 이상 적으세요.")
    found: list[Requirement] = []
    for number, row in enumerate(given, 1):
        where = f"{path}: requirements의 {number}번째"
        if not isinstance(row, dict):
            raise VerificationError(f"{where}: id, what, evidence, comparison, value가 있어야 합니다.")
        name = row.get("id")
        if not isinstance(name, str) or not re.fullmatch(r"R\d+", name):
            raise VerificationError(f"{where}: id는 R1, R2처럼 적어야 합니다. 적힌 것은 {name!r}입니다.")
        if any(one.id == name for one in found):
            raise VerificationError(f"{where}: {name}이 두 번 나옵니다. 번호를 하나씩 쓰세요.")
        where = f"{where}({name})"
        file, dot, value_name = str(row.get("evidence", "")).partition(".")
        if not dot or not _FILE.match(file) or not value_name:
            raise VerificationError(f"{where}: evidence는 model.accuracy처럼 <파일>.<이름>이어야 합니다.")
        comparison, value = row.get("comparison", ""), row.get("value", "")
        if comparison not in COMPARISONS:
            raise VerificationError(f"{where}: comparison은 {' '.join(COMPARISONS)} 가운데 하나여야 합니다.")
        if not kind_of(value):
            raise VerificationError(f"{where}: value는 유한한 수, 참·거짓, 글 가운데 하나여야 합니다.")
        if kind_of(value) != "number" and comparison not in ("==", "!="):
            raise VerificationError(f"{where}: 수가 아닌 value는 == 나 != 로만 견줄 수 있습니다.")
        texts = (str(row.get(key) or "") for key in ("what", "unit", "owner"))
        what, unit, owner = texts
        found.append(Requirement(name, what, file, value_name, comparison, value, unit, owner))
    return tuple(found)
