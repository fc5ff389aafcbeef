"""An LMS's zip becomes hand-ins: each file is somebody's, the newest counts, nothing is lost."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile
from pathlib import PurePosixPath

import assignments
import nbformat
import pytest

from coursekit.classroom.course import create_course
from coursekit.classroom.roster import Student
from coursekit.classroom.submissions import OwnerFinder, SubmissionError, import_submissions

STUDENTS = [
    Student("2025001", "홍", "길동", ""),
    Student("2025002", "남궁", "민", ""),
    Student("2025003", "김", "민준", ""),
    Student("2025004", "김", "민준", ""),
    Student("2025005", "Lovelace", "Ada", ""),
]
LAB = "lab_mean"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    course = create_course(tmp_path_factory.mktemp("course") / "class")
    course.enrol(STUDENTS)
    return course, course.release(assignments.write_source(tmp_path_factory.mktemp("sources") / LAB))


@pytest.fixture
def course(released, tmp_path):
    """The released course without any hand-in of the test before."""
    import shutil

    course, _ = released
    for folder in ("submitted", ".coursekit"):
        shutil.rmtree(course.root / folder, ignore_errors=True)
    return course


@pytest.fixture(scope="module")
def notebook(released):
    return (released[1] / f"{LAB}.ipynb").read_text(encoding="utf-8")


def zipped(path, files):
    """Files by name; a value may be (content, minute) to say when it was written."""
    with zipfile.ZipFile(path, "w") as target:
        for name, value in files.items():
            content, minute = value if isinstance(value, tuple) else (value, 0)
            target.writestr(zipfile.ZipInfo(name, (2025, 3, 10, 9, minute, 0)), content)
    return path


def rows(report):
    return {one.file: (one.status, one.student) for one in report.files}


def answer(notebook, text):
    content = nbformat.reads(notebook, as_version=4)
    return nbformat.writes(assignments.filled(content, {"solution_mean": text}))


PATHS = {
    "2025001.ipynb": "2025001",
    "lab_mean_2025001.ipynb": "2025001",
    "홍길동/lab_mean.ipynb": "2025001",
    "홍길동/lab_mean (1).ipynb": "2025001",
    "홍 길동_48213_assignsubmission_file_/lab_mean.ipynb": "2025001",
    "홍길동_2025001_assignsubmission_file_/lab_mean.ipynb": "2025001",
    "홍길동_LATE_99_1234_lab_mean-1.ipynb": "2025001",  # Canvas: name, LATE, user, submission, file
    "남궁민_과제1.ipynb": "2025002",
    "lovelaceada_77_88_lab_mean.ipynb": "2025005",  # Canvas: family name first, no blank
    "Ada Lovelace_12_assignsubmission_file_/lab_mean.ipynb": "2025005",
    "김민준_2025004/lab_mean.ipynb": "2025004",
    "group/2025-03-10/홍길동-2025001.ipynb": "2025001",
}


@pytest.mark.parametrize("path, owner", PATHS.items())
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_owner_of_a_path(path, owner, form):
    finder = OwnerFinder(STUDENTS, [LAB])
    assert finder.find(unicodedata.normalize("NFC", unicodedata.normalize(form, path))) == (owner, "")


NOBODY = {
    "lab_mean.ipynb": "no student",
    "12025001.ipynb": "no student",
    "김민준/lab_mean.ipynb": "2 students are called 김민준",
    "홍길동_2025002.ipynb": "the id is of 남궁민, the name of 홍길동",
    "2025001_2025002.ipynb": "several students",
    "홍길동과친구/lab_mean.ipynb": "no student",
}


@pytest.mark.parametrize("path, why", NOBODY.items())
def test_a_path_that_must_not_be_guessed(path, why):
    owner, reason = OwnerFinder(STUDENTS, [LAB]).find(path)
    assert owner == ""
    assert why in reason


def test_the_newest_version_wins_whatever_its_place(course, notebook, tmp_path):
    old, new = answer(notebook, "old = 1"), answer(notebook, "new = 1")
    files = {
        "홍길동/lab_mean (1).ipynb": (new, 30),
        "홍길동/lab_mean.ipynb": (old, 10),
        "남궁민_lab_mean.ipynb": (old, 0),  # same time: the suffix decides
        "남궁민_lab_mean (2).ipynb": (new, 0),
        "남궁민_lab_mean (1).ipynb": (old, 0),
    }
    report = import_submissions(course, LAB, zipped(tmp_path / "a.zip", files))
    for student in ("2025001", "2025002"):
        stored = course.folder("submitted", LAB, student) / f"{LAB}.ipynb"
        assert "new = 1" in stored.read_text(encoding="utf-8")
    assert [one.status for one in report.files].count("superseded") == 3
    assert report.imported == 2
    stamp = (course.folder("submitted", LAB, "2025001") / "timestamp.txt").read_text(encoding="utf-8")
    assert stamp == "2025-03-10 09:30:00 Asia/Seoul"


def test_importing_again_keeps_what_is_newer_and_says_so(course, notebook, tmp_path):
    first = {"2025001.ipynb": (answer(notebook, "a = 1"), 20)}
    import_submissions(course, LAB, zipped(tmp_path / "a.zip", first))
    again = import_submissions(course, LAB, zipped(tmp_path / "b.zip", first))
    assert [one.status for one in again.files] == ["unchanged"]
    older = import_submissions(
        course, LAB, zipped(tmp_path / "c.zip", {"2025001.ipynb": (answer(notebook, "b = 1"), 10)})
    )
    assert [one.status for one in older.files] == ["superseded"]
    newer = import_submissions(
        course, LAB, zipped(tmp_path / "d.zip", {"2025001.ipynb": (answer(notebook, "c = 1"), 40)})
    )
    assert newer.imported == 1
    stored = course.folder("submitted", LAB, "2025001") / f"{LAB}.ipynb"
    assert "c = 1" in stored.read_text(encoding="utf-8")
    kept = list(course.records("earlier", LAB, "2025001").rglob("*.ipynb"))
    assert ["a = 1" in path.read_text(encoding="utf-8") for path in kept] == [True]


def test_what_a_file_holds_matters_more_than_its_name(course, notebook, tmp_path):
    other = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("x", metadata=assignments.meta("test_other", grade=True, locked=True, points=1))
        ]
    )
    files = {
        "2025001/최종 진짜최종.ipynb": notebook,
        "2025002/lab_mean.ipynb": nbformat.writes(other),
        "2025003/과제.ipynb": "{ broken",
        "2025005/사진.png": "x",
        "2025005/보고서.pdf": "x",
    }
    report = import_submissions(course, LAB, zipped(tmp_path / "a.zip", files))
    assert rows(report) == {
        "2025001/최종 진짜최종.ipynb": ("imported", "2025001"),
        "2025002/lab_mean.ipynb": ("unusable", "2025002"),
        "2025003/과제.ipynb": ("imported", "2025003"),  # unreadable, but all there is: grading says why
        "2025005/사진.png": ("unusable", "2025005"),
        "2025005/보고서.pdf": ("unusable", "2025005"),
    }
    flags = {one.student: one.flags for one in report.files if one.status == "imported"}
    assert flags["2025001"] == ("renamed:",)


def test_zips_inside_the_zip_with_their_receipts(course, notebook, tmp_path):
    def packed(student, **receipt):
        raw = io.BytesIO()
        with zipfile.ZipFile(raw, "w") as inner:
            inner.writestr(f"{LAB}.ipynb", notebook)
            inner.writestr("hand_in.json", json.dumps({"assignment": LAB, "student_id": student, **receipt}))
        return raw.getvalue()

    files = {
        "anonymous_1/answer.zip": packed("2025001", packed_at="2025-03-10T01:02:03+00:00"),
        "남궁민/answer.zip": packed("2025005"),
        "2025003/broken.zip": b"PK\x03\x04 half",
    }
    report = import_submissions(course, LAB, zipped(tmp_path / "a.zip", files))
    assert rows(report) == {
        "anonymous_1/answer.zip": ("imported", "2025001"),
        "남궁민/answer.zip": ("unmatched", ""),
        "2025003/broken.zip": ("unusable", "2025003"),
    }
    stamp = (course.folder("submitted", LAB, "2025001") / "timestamp.txt").read_text(encoding="utf-8")
    assert stamp.startswith("2025-03-10 10:02:03"), "the receipt's time, in Seoul"


@pytest.mark.parametrize("bad", ["../2025002.ipynb", "/tmp/2025002.ipynb"])
def test_a_harmful_archive_is_refused_as_a_whole(course, notebook, tmp_path, bad):
    with pytest.raises(SubmissionError, match="nothing was imported"):
        import_submissions(course, LAB, zipped(tmp_path / "a.zip", {"2025001.ipynb": notebook, bad: notebook}))
    assert not (course.root / "submitted").exists()
    assert not (tmp_path / "2025002.ipynb").exists()


def test_every_file_of_the_archive_is_accounted_for(course, notebook, tmp_path):
    files = dict.fromkeys([*PATHS, *NOBODY], notebook)
    report = import_submissions(course, LAB, zipped(tmp_path / "a.zip", files))
    assert sorted(one.file for one in report.files) == sorted(files)
    assert {one.file for one in report.unmatched} == set(NOBODY)
    assert all(one.reason for one in report.files if one.status != "imported")
    stored = {PurePosixPath(path).parts[-3] for path in map(str, course.root.glob(f"submitted/*/{LAB}/{LAB}.ipynb"))}
    assert stored == {one.student for one in report.files if one.status == "imported"}
    assert set(report.to_frame().columns) >= {"file", "student", "status", "reason"}
    assert report.plot().layout.title.text
