"""A class: an nbgrader course directory with its roster, its releases and its gradebook."""

from __future__ import annotations

import datetime
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from coursekit.classroom.releases import ReleaseError, copy_public, refuse_leaking, release
from coursekit.classroom.roster import Student, read_roster
from coursekit.classroom.settings import CONFIG_NAME, CONFIG_TEXT, TIMEZONE, nbgrader_config

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

STEPS = ("source", "release", "submitted", "autograded", "feedback")
RECORDS = ".coursekit"
"""Folder inside a course with what nbgrader has no place for: reasons, flags, earlier hand-ins."""


class CourseError(ValueError):
    """A course directory, assignment or student that is not what a command needs."""


@dataclass(frozen=True)
class Course:
    """A course directory as nbgrader and formgrader know it.

    Everything about a class lies in this one folder, so that it can be moved, backed up and
    opened by formgrader. Only a gradebook on a PostgreSQL server lies elsewhere: the folder then
    keeps its address, and the database has its own backup (``pg_dump``).

    Examples
    --------
    >>> Course(Path("/classes/2025-1")).name
    '2025-1'
    """

    root: Path
    """The course directory, absolute."""

    @property
    def name(self) -> str:
        """The folder's name, which is nbgrader's course id."""
        return self.root.name

    @property
    def db_url(self) -> str:
        """The gradebook's address, with its password if it has one: not for messages."""
        return str(self.config().CourseDirectory.db_url)

    def config(self) -> Config:
        """Nbgrader's configuration for this course, with what its own file adds: late penalties, say."""
        from traitlets.config import PyFileConfigLoader

        config = nbgrader_config(self.root)
        if (self.root / CONFIG_NAME).is_file():
            config.merge(PyFileConfigLoader(CONFIG_NAME, path=str(self.root)).load_config())
        return config

    def folder(self, step: str, assignment: str, student: str = ".") -> Path:
        """Where nbgrader keeps one step (source, release, submitted, autograded, feedback)."""
        return self.root / step / student / assignment

    def records(self, *parts: str) -> Path:
        """A place under the folder of records."""
        return self.root.joinpath(RECORDS, *parts)

    def course_directory(self, **selected: str) -> CourseDirectory:
        """Nbgrader's CourseDirectory, with assignment_id and student_id if they are selected."""
        from nbgrader.coursedir import CourseDirectory

        return CourseDirectory(config=self.config(), **selected)

    @contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """Nbgrader's gradebook, closed at the end."""
        from nbgrader.api import Gradebook

        from coursekit.classroom.databases import relax

        with alembic_on_path(), Gradebook(self.db_url, self.name) as gradebook:
            if gradebook.engine.dialect.name == "sqlite":
                relax(gradebook.engine)
            yield gradebook

    def students(self) -> tuple[Student, ...]:
        """The roster, by family name."""
        with self.gradebook() as gradebook:
            students = [
                Student(one.id, one.last_name or "", one.first_name or "", one.email or "")
                for one in gradebook.students
            ]
        # Every database has its own order of names; a class has one.
        return tuple(sorted(students, key=lambda one: (one.last_name, one.first_name, one.id)))

    def assignments(self) -> tuple[str, ...]:
        """Names of the released assignments."""
        with self.gradebook() as gradebook:
            return tuple(sorted(assignment.name for assignment in gradebook.assignments))

    def require(self, assignment: str) -> None:
        """Raise CourseError unless the assignment was released in this course."""
        if assignment not in self.assignments():
            known = ", ".join(self.assignments()) or "none"
            raise CourseError(f"{assignment!r} was not released in {self.root}; released: {known}")

    def enrol(self, students: Iterable[Student]) -> None:
        """Put students on the roster, or update their names; nobody is removed."""
        with self.gradebook() as gradebook:
            for one in students:
                details = {"first_name": one.first_name, "last_name": one.last_name, "email": one.email or None}
                gradebook.update_or_create_student(one.id, **details)

    def set_due(self, assignment: str, when: datetime.datetime) -> datetime.datetime:
        """Set when an assignment is due; a time without a zone is Seoul's. Gives the time in Seoul.

        nbgrader reads "KST" and "+09:00" as UTC and is silent about it; a deadline is set here once, without a text.
        """
        self.require(assignment)
        local = when.replace(tzinfo=ZoneInfo(TIMEZONE)) if when.tzinfo is None else when.astimezone(ZoneInfo(TIMEZONE))
        with self.gradebook() as gradebook:
            # nbgrader keeps times in UTC, without saying so
            gradebook.find_assignment(assignment).duedate = local.astimezone(datetime.UTC).replace(tzinfo=None)
            gradebook.db.commit()
        return local

    def release(self, source: Path) -> Path:
        """Release an assignment from its source folder; return the folder that students get.

        The release is made and scanned aside first; the class is touched only if it holds.
        """
        from nbgrader.converters import GenerateAssignment

        with tempfile.TemporaryDirectory() as aside:
            release(source, Path(aside) / source.name)
        target = self.folder("source", source.name)
        building = target.with_name(f".{source.name}.building")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        copy_public(source, building)
        for name in (f"{source.name}.ipynb", "checks.py"):  # what grading needs and students never get
            if (source / name).is_file():
                shutil.copyfile(source / name, building / name)
        shutil.rmtree(target, ignore_errors=True)
        building.rename(target)
        config = self.config()
        config.GenerateAssignment.force = True
        with captured_log() as log, alembic_on_path():
            try:
                GenerateAssignment(coursedir=self.course_directory(assignment_id=source.name), config=config).start()
            except Exception as error:  # nbgrader's own exceptions share no base
                raise ReleaseError(f"nbgrader refuses {source.name}: {error}\n" + "\n".join(log)) from error
        released = self.folder("release", source.name)
        try:
            refuse_leaking(released, source)
        except ReleaseError:
            shutil.rmtree(released)
            raise
        return released


def create_course(directory: Path, *, roster: Path | None = None, db_url: str | None = None) -> Course:
    """Make a course directory: nbgrader's configuration, a gradebook, the roster, how the class is graded.

    A directory that nbgrader finds without its configuration gets a second, empty gradebook; here
    the configuration comes first. A faulty roster or a server that cannot be reached leaves no
    half-made class behind.

    Parameters
    ----------
    directory
        A folder that does not exist yet, or is empty.
    roster
        The students, as CSV; :meth:`Course.enrol` adds more later.
    db_url
        The PostgreSQL database for the gradebook, for classes that several people or machines
        grade at once: ``postgresql+psycopg2://user:password@host:5432/database`` (needs
        ``coursekit[postgres]``). It exists and is empty, or holds this course from an earlier
        folder of the same name, with its grades. The course keeps the address in
        ``.coursekit/settings.json``, readable for its owner only. The environment variable
        ``COURSEKIT_DB_URL`` takes the place of a kept address; if it is set here, the address is
        kept without its password. By default the gradebook is SQLite, ``gradebook.db`` in the
        folder.

    Raises
    ------
    CourseError
        If the folder is not empty, or its name does not suit; if the database cannot be reached
        or holds something else.
    coursekit.classroom.roster.RosterError
        If the roster is faulty; then no folder is made.

    Examples
    --------
    >>> import tempfile
    >>> full = Path(tempfile.mkdtemp())
    >>> _ = (full / "notes.txt").write_text("mine")
    >>> create_course(full)
    Traceback (most recent call last):
    ...
    coursekit.classroom.course.CourseError: ... is not empty: choose a new folder
    >>> create_course(full / "class", db_url="postgresql+psycopg2://ta:secret@127.0.0.1:1/class")
    Traceback (most recent call last):
    ...
    coursekit.classroom.course.CourseError: the database class on 127.0.0.1:1 cannot be used (connection ...
    """
    from coursekit.classroom import databases
    from coursekit.classroom.gradebook.evaluation import DEFAULT_EVALUATION, EVALUATION_FOLDER, EVALUATION_NAME

    directory = directory.resolve()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise CourseError(f"{directory} is not empty: choose a new folder")
    if not directory.name.strip() or "?" in str(directory):
        raise CourseError(f"{directory} does not suit as a folder: '?' ends a database's address")
    students = read_roster(roster) if roster is not None else ()
    address = databases.server_address(db_url, source="db_url") if db_url is not None else None
    was_there = directory.exists()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        course = Course(directory)
        if address is None:
            databases.begin_file(course.db_url, course.name)
        else:
            databases.keep_address(directory, address)
            databases.claim_database(course.db_url, course.name)
        (directory / CONFIG_NAME).write_text(CONFIG_TEXT, encoding="utf-8")
        (directory / EVALUATION_NAME).write_text(DEFAULT_EVALUATION, encoding="utf-8")
        for folder in (*STEPS, EVALUATION_FOLDER):
            (directory / folder).mkdir()
        _lay_rubrics(directory / EVALUATION_FOLDER)
        course.enrol(students)
    except BaseException:  # an interrupt too must not leave half a class
        if not was_there:
            shutil.rmtree(directory)
        else:  # the folder itself may be where a shell stands
            for made in directory.iterdir():
                shutil.rmtree(made) if made.is_dir() else made.unlink()
        raise
    return course


def _lay_rubrics(folder: Path) -> None:
    """Copy the course's rubrics to where course.yaml can name them; an installation without the course has none."""
    from coursekit.classroom.editions import open_folder

    try:
        templates = open_folder("project_template")
    except FileNotFoundError:
        return
    for rubric in sorted(templates.glob("*rubric.yaml")):
        shutil.copyfile(rubric, folder / rubric.name)


def open_course(directory: Path) -> Course:
    """Open a course directory that :func:`create_course` made.

    Every command begins here, so that one given in the wrong folder says so, and one whose
    gradebook cannot be reached does too.

    Parameters
    ----------
    directory
        The course directory.

    Raises
    ------
    CourseError
        If it is none: nbgrader would otherwise begin a stray gradebook there. If its gradebook
        is on a server that cannot be reached, or in a database that holds something else.

    Examples
    --------
    >>> open_course(Path("/nowhere"))
    Traceback (most recent call last):
    ...
    coursekit.classroom.course.CourseError: /nowhere is no course directory ...
    """
    from coursekit.classroom import databases

    directory = directory.resolve()
    course = Course(directory)
    on_server = databases.kept_address(directory) is not None
    if not (directory / CONFIG_NAME).is_file() or not (on_server or (directory / databases.GRADEBOOK_NAME).is_file()):
        raise CourseError(f"{directory} is no course directory (no {CONFIG_NAME}): make one with `coursekit class new`")
    if on_server:
        databases.require_course(course.db_url, course.name)
    return course


@contextmanager
def captured_log() -> Iterator[list[str]]:
    """Collect what nbgrader logs, the only place where it gives its reasons.

    Its exceptions say "see the log"; without an application there is none to see.

    Examples
    --------
    >>> with captured_log() as lines:
    ...     logging.getLogger("traitlets").warning("skipped")
    >>> lines
    ['skipped']
    """
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, collector = logging.getLogger("traitlets"), Collector(logging.WARNING)
    before: tuple[Any, ...] = (logger.level, logger.propagate)
    logger.addHandler(collector)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield lines
    finally:
        logger.removeHandler(collector)
        logger.level, logger.propagate = before


@contextmanager
def alembic_on_path() -> Iterator[None]:
    """Let nbgrader find alembic, which it calls by name, although the environment is not active.

    Who runs ``.venv/bin/coursekit`` has not put the environment on the path, and nbgrader then
    fails while it creates the gradebook.

    Examples
    --------
    >>> with alembic_on_path():
    ...     shutil.which("alembic") is not None
    True
    """
    from coursekit.classroom.execution import grading_environment

    before = os.environ.get("PATH")
    os.environ["PATH"] = grading_environment(os.environ)["PATH"]
    try:
        yield
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before
