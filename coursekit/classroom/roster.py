"""Who is in the class: a roster as a Korean university's system or Excel exports it."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

COLUMNS = {
    "id": ("id", "student_id", "studentid", "studentno", "학번", "학생번호"),
    "last_name": ("last_name", "lastname", "family_name", "surname", "성"),
    "first_name": ("first_name", "firstname", "given_name"),
    "name": ("name", "full_name", "fullname", "student", "이름", "성명", "학생명"),
    "email": ("email", "e-mail", "mail", "이메일", "전자우편", "메일", "이메일주소"),
}
"""Column names that are understood, blanks and case aside."""

_TWO_SYLLABLE_FAMILIES = ("남궁", "황보", "제갈", "사공", "선우", "서문", "독고", "동방")
_HANGUL = re.compile(r"[가-힣]+")


class RosterError(ValueError):
    """A roster that would lose or confuse students; the text names every row."""


@dataclass(frozen=True)
class Student:
    """One person on the roster.

    nbgrader keeps family and given name apart, and shows "None, None" where they are missing.

    Examples
    --------
    >>> Student("2025001", "홍", "길동", "").name
    '홍길동'
    """

    id: str
    """The student's number, as text: leading zeros count."""
    last_name: str
    """Family name."""
    first_name: str
    """Given name."""
    email: str
    """E-mail address, or empty."""

    @property
    def name(self) -> str:
        """The name as it is written: Korean without a blank, family name first."""
        korean = _HANGUL.fullmatch(self.last_name + self.first_name)
        parts = (self.last_name, self.first_name) if korean else (self.first_name, self.last_name)
        return ("" if korean else " ").join(filter(None, parts))


def read_roster(path: Path) -> tuple[Student, ...]:
    r"""Read a roster from CSV: UTF-8 with or without BOM, UTF-16 or CP949; comma, semicolon or tab.

    A student who is missing from the roster can hand in but not be graded, and one who stands
    there twice gets two half grades. So every faulty row is named, and nothing is imported
    until the file is right.

    Parameters
    ----------
    path
        The file. Columns: ``id`` (or 학번) and ``last_name``, ``first_name`` or 이름; ``email``
        if there is one; others are ignored.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    RosterError
        If the id column or a name column is missing, or an id is missing, ill-formed or double.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "명단.csv"
    >>> _ = file.write_bytes("학번,이름\r\n0251,남궁민수\r\n0252,이서연\r\n".encode("cp949"))
    >>> [(student.id, student.last_name, student.first_name) for student in read_roster(file)]
    [('0251', '남궁', '민수'), ('0252', '이', '서연')]
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist: give the roster as a CSV file")
    rows = csv_rows(path)
    first = next((number for number, row in enumerate(rows) if any(row)), None)
    if first is None:
        raise RosterError(f"{path.name} is empty")
    columns = _columns(path.name, rows[first])
    students, problems, seen = [], [], defaultdict(list)
    for number, row in enumerate(rows[first + 1 :], start=first + 2):
        cells = {name: row[at] if at < len(row) else "" for name, at in columns.items()}
        if not any(cells.values()):
            continue
        student = _student(cells)
        seen[student.id].append(number)
        if not student.id:
            problems.append(f"row {number} ({student.name or 'no name'}): no id")
        elif not re.fullmatch(r"\w[\w.-]*", student.id):
            problems.append(f"row {number}: id {student.id!r} has characters that a folder name cannot carry")
        elif not student.name:
            problems.append(f"row {number} ({student.id}): no name")
        students.append(student)
    problems += [
        f"rows {', '.join(map(str, numbers))}: id {name} stands there {len(numbers)} times"
        for name, numbers in seen.items()
        if name and len(numbers) > 1
    ]
    if problems:
        raise RosterError(f"{path.name} was not imported:\n" + "\n".join(problems))
    if not students:
        raise RosterError(f"{path.name} has a header and no students")
    return tuple(students)


def csv_rows(path: Path) -> list[list[str]]:
    r"""Read the rows of a CSV file as Korean systems and Excel write it, its cells without stray blanks.

    UTF-8 with or without BOM, UTF-16 or CP949; comma, semicolon or tab. Whoever reads a class's files
    in one way only turns away half of them, or reads names that are none.

    Parameters
    ----------
    path
        The file; row ``n`` of the file is element ``n - 1``.

    Raises
    ------
    RosterError
        If it is no text in any of these encodings, or no CSV.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "scores.csv"
    >>> _ = file.write_bytes("학번;점수\r\n0251; 87.5\r\n".encode("cp949"))
    >>> csv_rows(file)
    [['학번', '점수'], ['0251', '87.5']]
    """
    text = _decoded(path)
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=header.count)
    try:
        return [[_clean(cell) for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error as error:
        raise RosterError(f"{path.name} is no CSV file: {error}") from None


def as_id(cell: str) -> str:
    """Read a student's id from a cell, also where a spreadsheet made a number of it.

    Excel stores 20250001 as a number and some programs write it back as 20250001.0.

    Parameters
    ----------
    cell
        The cell.

    Examples
    --------
    >>> as_id("20250001.0"), as_id("0251")
    ('20250001', '0251')
    """
    return re.sub(r"^(\d+)\.0$", r"\1", cell)


def split_name(name: str) -> tuple[str, str]:
    """Split a full name into family and given name.

    Rosters have one column for the name, nbgrader has two.

    Parameters
    ----------
    name
        A Korean name with or without a blank, or a Western one.

    Examples
    --------
    >>> split_name("홍길동"), split_name("제갈 공명"), split_name("Ada King Lovelace"), split_name("Lovelace, Ada")
    (('홍', '길동'), ('제갈', '공명'), ('Lovelace', 'Ada King'), ('Lovelace', 'Ada'))
    """
    if "," in name:
        last, _, first = name.partition(",")
        return last.strip(), first.strip()
    parts = name.split()
    if len(parts) > 1:
        korean = all(_HANGUL.fullmatch(part) for part in parts)
        return (parts[0], "".join(parts[1:])) if korean else (parts[-1], " ".join(parts[:-1]))
    if _HANGUL.fullmatch(name):
        family = next((two for two in _TWO_SYLLABLE_FAMILIES if name.startswith(two) and len(name) > 2), name[:1])
        return family, name[len(family) :]
    return name, ""


def names_of(students: Iterable[Student]) -> Mapping[str, list[str]]:
    """Map every way a name is written in file names to the ids that carry it.

    Two students of one name are common in a Korean class; a name that two share must not decide.

    Parameters
    ----------
    students
        The roster.

    Examples
    --------
    >>> sorted(names_of([Student("1", "홍", "길동", ""), Student("2", "홍", "길동", "")])["홍길동"])
    ['1', '2']
    """
    names: dict[str, list[str]] = defaultdict(list)
    for student in students:
        first, last = student.first_name, student.last_name
        for written in {student.name, last + first, first + last}:
            key = re.sub(r"[\s.,_-]+", "", written).casefold()
            if len(key) > 1 and student.id not in names[key]:
                names[key].append(student.id)
    return names


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp949"):
        try:
            return unicodedata.normalize("NFC", raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise RosterError(f"{path.name} is neither UTF-8 nor CP949 text: save it from Excel as 'CSV UTF-8'")


def _columns(name: str, header: list[str]) -> dict[str, int]:
    written = [re.sub(r"\s+", "", cell).casefold() for cell in header]
    found: dict[str, int] = {}
    for column, aliases in COLUMNS.items():
        at = next((written.index(alias) for alias in aliases if alias in written), None)
        if at is not None:
            found[column] = at
    if "last_name" in found and "first_name" not in found and "name" in found:
        found["first_name"] = found.pop("name")  # 성, 이름: here 이름 is the given name
    if "id" not in found:
        raise RosterError(f"{name} has no column id or 학번; its columns are {', '.join(header)}")
    if not found.keys() & {"name", "last_name", "first_name"}:
        raise RosterError(f"{name} has no column for names (last_name and first_name, or 이름)")
    return found


def _clean(cell: str) -> str:
    return re.sub(r"\s+", " ", cell).strip().strip("'\ufeff")


def _student(cells: Mapping[str, str]) -> Student:
    identifier = as_id(cells.get("id", ""))
    last, first = cells.get("last_name", ""), cells.get("first_name", "")
    if not last and not first:
        last, first = split_name(cells.get("name", ""))
    return Student(identifier, last, first, cells.get("email", ""))
