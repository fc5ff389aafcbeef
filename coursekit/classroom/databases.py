"""Where a course's gradebook stands: SQLite in the course's folder, or PostgreSQL on a server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from coursekit.classroom.course import RECORDS, CourseError
from coursekit.writing import write_whole

DB_URL_VARIABLE = "COURSEKIT_DB_URL"
"""Environment variable that takes the place of the address that a course keeps."""
GRADEBOOK_NAME = "gradebook.db"
LOCK_WAIT_SECONDS = 60
CONNECT_SECONDS = 10

_DRIVER = "postgresql+psycopg2"
_PATTERN = f"{_DRIVER}://user:password@host:5432/database"
_ANYBODY = "default_course"  # nbgrader's own steps add this course to every gradebook
_CLAIM = 5_026_311  # key of the lock under which a course takes a database


def server_address(written: str, *, source: str = "the address") -> URL:
    """Read the address of a PostgreSQL database.

    An address that is nearly right often has a password that was not percent-encoded; so no
    message repeats what was written.

    Parameters
    ----------
    written
        ``postgresql+psycopg2://user:password@host:5432/database``. What libpq knows may follow
        after a question mark, ``?sslmode=require`` for example. Without a password, libpq looks
        into ``~/.pgpass``.
    source
        Where it was written, for messages.

    Raises
    ------
    CourseError
        If it is none, or one of another kind of database.

    Examples
    --------
    >>> server_address("postgresql://ta:a%40b@db.example/class").host
    'db.example'
    >>> server_address("postgresql://ta:a@b@db.example/class")
    Traceback (most recent call last):
    ...
    coursekit.classroom.course.CourseError: the address cannot be read: ...
    """
    try:
        url = make_url(written.strip())
    except (ArgumentError, ValueError):
        url = None
    if url is None or written.count("@") > 1:
        raise CourseError(
            f"{source} cannot be read: it looks like {_PATTERN}, and in a password @ is written %40, / %2F, % %25"
        )
    if url.drivername not in ("postgres", "postgresql", _DRIVER):
        raise CourseError(f"{source} names {url.drivername}, no PostgreSQL: it looks like {_PATTERN}")
    if not url.database:
        raise CourseError(f"{source} names no database: it looks like {_PATTERN}")
    if "password" in url.query:
        raise CourseError(f"{source} has its password at the end: write it before the host, {_PATTERN}")
    return url.set(drivername=_DRIVER)


def gradebook_url(root: Path) -> str:
    """Give the address under which nbgrader finds the gradebook of a course directory.

    Formgrader, nbgrader's commands and ours read this, so that they open the same gradebook.
    ``COURSEKIT_DB_URL`` takes the place of an address that the course keeps; a course with its
    gradebook in its own folder is left alone by it.

    Parameters
    ----------
    root
        The course directory.

    Raises
    ------
    CourseError
        If the address cannot be read.

    Examples
    --------
    >>> gradebook_url(Path("/classes/2025-1"))
    'sqlite:////classes/2025-1/gradebook.db?timeout=60'
    """
    kept = kept_address(root)
    if kept is None:
        return f"sqlite:///{root / GRADEBOOK_NAME}?timeout={LOCK_WAIT_SECONDS}"
    overriding = os.environ.get(DB_URL_VARIABLE)
    source = DB_URL_VARIABLE if overriding else f"db_url in {_settings(root)}"
    url = server_address(overriding or kept, source=source)
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(CONNECT_SECONDS)})
    return url.render_as_string(hide_password=False)


def kept_address(root: Path) -> str | None:
    """Read the address of a PostgreSQL database from a course directory; None if it has its own file.

    A course is opened by many commands and by formgrader; none of them can be asked for it anew.

    Parameters
    ----------
    root
        The course directory.

    Raises
    ------
    CourseError
        If the file of settings is damaged.

    Examples
    --------
    >>> kept_address(Path("/nowhere")) is None
    True
    """
    path = _settings(root)
    if not path.is_file():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))["db_url"]
    except (ValueError, KeyError, TypeError):
        kept = None
    if not isinstance(kept, str):
        raise CourseError(f'{path} is damaged: write {{"db_url": "{_PATTERN}"}} into it')
    return kept


def keep_address(root: Path, url: URL) -> Path:
    """Write the address of a PostgreSQL database into a course directory, for its owner's eyes only.

    A password that stands in ``COURSEKIT_DB_URL`` is not written: who sets the variable does so
    to keep it off the disk.

    Parameters
    ----------
    root
        The course directory.
    url
        The address.

    Raises
    ------
    CourseError
        If ``COURSEKIT_DB_URL`` is set and names another database.

    Examples
    --------
    >>> import tempfile
    >>> path = keep_address(Path(tempfile.mkdtemp()), server_address("postgresql://ta@db.example/class"))
    >>> path.name, oct(path.stat().st_mode & 0o777)
    ('settings.json', '0o600')
    """
    overriding = os.environ.get(DB_URL_VARIABLE)
    if overriding:
        theirs = server_address(overriding, source=DB_URL_VARIABLE)
        if (theirs.host, theirs.port, theirs.database, theirs.query) != (url.host, url.port, url.database, url.query):
            raise CourseError(
                f"{DB_URL_VARIABLE} names {_shown(theirs)}, but {_shown(url)} was given: unset it or give the same"
            )
        url = URL.create(url.drivername, url.username, None, url.host, url.port, url.database, url.query)
    content = json.dumps({"db_url": url.render_as_string(hide_password=False)}, indent=2) + "\n"
    return write_whole(_settings(root), content, private=True)


def claim_database(url: str, course_id: str) -> None:
    """Make nbgrader's tables in an empty database and write the course into it; or find it there.

    nbgrader's names of assignments are unique in a database, so that two courses with a ``lab01``
    would share it. All of this happens or nothing, and of two courses that claim a database at
    once the second is told.

    Parameters
    ----------
    url
        The database's address.
    course_id
        The course's name.

    Raises
    ------
    CourseError
        If the server cannot be reached, or the database holds something else.

    Examples
    --------
    >>> claim_database("postgresql+psycopg2://ta:secret@127.0.0.1:1/class", "2025-1")
    Traceback (most recent call last):
    ...
    coursekit.classroom.course.CourseError: the database class on 127.0.0.1:1 cannot be used (connection ...
    """
    with _connected(url) as connection:
        where = _shown(connection.engine.url)
        encoding = connection.execute(text("SHOW server_encoding")).scalar()
        if encoding != "UTF8":
            raise CourseError(
                f"{where} stores text as {encoding}, which cannot hold every name: "
                "make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
            )
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CLAIM})
        tables = inspect(connection).get_table_names()
        if not tables:
            _make_tables(connection, course_id)
            return
        held = _courses(connection)
        others = sorted(held.keys() - {course_id, _ANYBODY})
        if others:
            raise CourseError(
                f"{where} holds the gradebook of {', '.join(others)}, and nbgrader cannot keep two courses apart: "
                f"give {course_id} an empty database"
            )
        if course_id not in held:
            raise CourseError(
                f"{where} is not empty and holds no gradebook of {course_id} (tables {', '.join(sorted(tables)[:5])}): "
                "give an empty database"
            )


def begin_file(url: str, course_id: str) -> None:
    """Make nbgrader's tables in a new SQLite file, in the mode in which readers do not wait for the writer.

    nbgrader makes the same tables when it first opens a file, but starts a process for it that
    takes seconds. The mode stays with the file, whoever opens it.

    Parameters
    ----------
    url
        The file's address.
    course_id
        The course's name.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> begin_file(gradebook_url(root), "2025-1")
    >>> sorted(file.name for file in root.iterdir())
    ['gradebook.db']
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("PRAGMA journal_mode=WAL"))
        _make_tables(connection, course_id)
    engine.dispose()


def require_course(url: str, course_id: str) -> None:
    """Raise CourseError unless the database can be reached and holds the gradebook of this course.

    nbgrader begins an empty gradebook in whatever database it is given; an address that is
    wrong by one letter would look like a class that has lost its grades.

    Parameters
    ----------
    url
        The database's address.
    course_id
        The course's name.

    Raises
    ------
    CourseError
        If it cannot be reached or holds something else.

    Examples
    --------
    >>> require_course("postgresql+psycopg2://ta:secret@127.0.0.1:1/class", "2025-1")
    Traceback (most recent call last):
    ...
    coursekit.classroom.course.CourseError: the database class on 127.0.0.1:1 cannot be used (connection ...
    """
    with _connected(url) as connection:
        held = _courses(connection)
        others = sorted(name for name, used in held.items() if used and name != course_id)
        if course_id not in held or others:
            holds = ", ".join(others or sorted(held.keys() - {_ANYBODY})) or "no course"
            raise CourseError(
                f"{_shown(connection.engine.url)} is not the gradebook of {course_id}, it holds {holds}: check the "
                f"address in {RECORDS}/settings.json or {DB_URL_VARIABLE}, and that the folder has its old name"
            )


def relax(engine: Engine) -> None:
    """Let SQLite wait for the disk at checkpoints only, not at every commit.

    With the write-ahead log a crash then costs the last grades at most, which the next grading
    writes again, and never the file. The setting belongs to a connection; formgrader, where a
    person's clicks are not written again, opens its own and waits for the disk.

    Parameters
    ----------
    engine
        A gradebook's engine.

    Examples
    --------
    >>> engine = create_engine("sqlite://")
    >>> relax(engine)
    >>> with engine.connect() as connection:
    ...     connection.execute(text("PRAGMA synchronous")).scalar()
    1
    """

    @event.listens_for(engine, "connect")
    def _relax(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")

    engine.dispose()  # what was opened before has not heard of it


def _make_tables(connection: Connection, course_id: str) -> None:
    from alembic.script import ScriptDirectory
    from nbgrader.api import Base
    from nbgrader.api import Course as NbCourse
    from nbgrader.dbutil import ALEMBIC_DIR

    Base.metadata.create_all(connection)
    newest = ScriptDirectory(ALEMBIC_DIR).get_current_head()
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": newest})
    connection.execute(NbCourse.__table__.insert(), [{"id": course_id}])


def _settings(root: Path) -> Path:
    return root / RECORDS / "settings.json"


def _courses(connection: Connection) -> dict[str, bool]:
    """The courses of a gradebook, and whether each has assignments; none if it is no gradebook."""
    from nbgrader.api import Course as NbCourse

    if not {"course", "assignment"} <= set(inspect(connection).get_table_names()):
        return {}
    rows = connection.execute(select(NbCourse.id, NbCourse.assignments.any()))
    return {row[0]: row[1] for row in rows}


def _shown(url: URL) -> str:
    """The database's name and place; a password may hide everywhere else."""
    host = url.query.get("host", "") or url.host or "this machine"
    place = host if isinstance(host, str) else ", ".join(host)
    return f"the database {url.database} on {place}{f':{url.port}' if url.port else ''}"


@contextmanager
def _connected(written: str) -> Iterator[Connection]:
    """One transaction, with what can go wrong told in a sentence."""
    url = make_url(written)
    try:
        engine = create_engine(url, poolclass=NullPool)
    except ImportError as error:
        raise CourseError(
            f"{_shown(url)} needs psycopg2, which is not there ({error}): pip install 'coursekit[postgres]'"
        ) from None
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise CourseError(
            f"{_shown(url)} cannot be used ({reason}): check that the server runs, that the database exists "
            f"(createdb {url.database}) and belongs to this user, and user and password in the address"
        ) from None
