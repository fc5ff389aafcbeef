"""The student edition holds the course and no answer; so does the wheel that carries it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from coursekit.classroom import editions
from coursekit.classroom.editions import assignment_sources, build_edition, repository_root
from coursekit.classroom.releases import ReleaseError, scan

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    folder = tmp_path_factory.mktemp("edition") / "student"
    build_edition(ROOT, folder)
    return folder


def _solution_lines():
    """Every line between the solution and hidden-test markers, read here without the library's help."""
    for source in assignment_sources(ROOT):
        for cell in nbformat.read(source / f"{source.name}.ipynb", as_version=4).cells:
            inside = False
            for line in cell.source.splitlines():
                if line.strip().startswith("### BEGIN"):
                    inside = True
                elif line.strip().startswith("### END"):
                    inside = False
                elif inside and len(line.strip()) > 25:
                    yield source.name, line.strip()


def test_the_repository_is_found():
    assert repository_root() == ROOT


def test_lectures_are_the_authors_files_and_assignments_are_released(edition):
    for path in (ROOT / "lectures").glob("*.ipynb"):
        assert (edition / "lectures" / path.name).read_bytes() == path.read_bytes()
    sources = assignment_sources(ROOT)
    assert len(sources) >= 2
    for source in sources:
        released = edition / source.relative_to(ROOT)
        assert (released / f"{source.name}.ipynb").is_file()
        assert not list(released.rglob("*.py")), "variants and checks stay at home"


def test_no_line_of_an_answer_is_in_it(edition):
    lines = list(_solution_lines())
    assert len(lines) > 50, "the oracle must see the answers, or it proves nothing"
    text = "\n".join(_text(path) for path in edition.rglob("*") if path.is_file())
    released = text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
    for name, line in lines:
        assert line not in released, f"{name}: {line}"
    assert "### BEGIN" not in released


def _text(path):
    """What a student can read in a file: of a document its parts, of a picture nothing."""
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as parts:
            return "\n".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
    return "" if path.suffix == ".png" else path.read_text(encoding="utf-8")


def test_the_same_repository_gives_the_same_bytes(edition, tmp_path):
    """Otherwise every start would lay a 'new version' beside each student's work."""
    build_edition(ROOT, tmp_path / "again")
    for path in edition.rglob("*"):
        if path.is_file():
            assert (tmp_path / "again" / path.relative_to(edition)).read_bytes() == path.read_bytes(), path.name


def test_a_leak_stops_the_build_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("coursekit.classroom.releases.scan", lambda folder, sources: ("a planted leak",))
    with pytest.raises(ReleaseError, match="planted leak"):
        build_edition(ROOT, tmp_path / "student")
    assert list(tmp_path.iterdir()) == []


def test_an_answer_left_in_a_lecture_is_a_leak(tmp_path):
    """The scan of the whole edition sees across folders: a solution pasted into a lecture."""
    source = next(folder for folder in assignment_sources(ROOT) if folder.parent.name == "labs")
    cells = nbformat.read(source / f"{source.name}.ipynb", as_version=4).cells
    answer = max((c.source for c in cells if "### BEGIN SOLUTION" in c.source), key=len)
    body = [line for line in answer.splitlines() if "###" not in line]
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(body))]), tmp_path / "lecture.ipynb"
    )
    assert any(leak.file == "lecture.ipynb" for leak in scan(tmp_path, assignment_sources(ROOT)))


def test_bad_folders_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no lectures"):
        build_edition(tmp_path, tmp_path / "out")
    (tmp_path / "there").mkdir()
    with pytest.raises(FileExistsError, match="there"):
        build_edition(ROOT, tmp_path / "there")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, str(ROOT / "tools" / "dist.py"), str(out)], check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_the_wheel_holds_the_edition_and_nothing_of_the_repository(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert any(name.startswith(f"coursekit/{editions.EDITION_FOLDER}/lectures/01_") for name in names)
    assert not [name for name in names if "variants" in name or name.startswith(("labs/", "tests/", "tools/"))]


def test_start_works_from_the_wheel_alone(wheel, tmp_path):
    """Unpacked away from the repository, the package finds its edition and prepares a working copy."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    command = [sys.executable, "-m", "coursekit.cli", "start", "--dir", str(tmp_path / "course"), "--prepare-only"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "course" / "lectures" / "01_ml_lifecycle.ipynb").is_file()
    where = subprocess.run(
        [sys.executable, "-c", "import coursekit; print(coursekit.__file__)"],
        capture_output=True, text=True, env=environment, cwd=tmp_path, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(tmp_path / "site")), "the test must not see the repository"


def test_a_team_begins_from_the_wheel_alone(wheel, tmp_path):
    """Templates, timeline and the starter travel in the edition; a team has no repository."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    for arguments in (
        ["new", "팀", "--members", "김하늘", "--lecture-one", "2026-09-01", "--system"],
        ["mid-check", "팀/design_doc.md"],
    ):
        command = [sys.executable, "-m", "coursekit.cli", "project", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
        assert done.returncode == (1 if arguments[0] == "mid-check" else 0), done.stderr
    assert (tmp_path / "팀" / "system" / "system.yaml").is_file()
    assert (tmp_path / "팀" / "system" / ".gitignore").is_file()
    assert "2026-10-27" in done.stdout
