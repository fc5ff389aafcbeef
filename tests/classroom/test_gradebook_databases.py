"""A class is the same class whether its gradebook is a file or stands on a PostgreSQL server."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import assignments
import nbformat
import pytest
from sqlalchemy import create_engine, inspect, text

from coursekit import cli
from coursekit.classroom.course import CourseError, create_course, open_course
from coursekit.classroom.databases import DB_URL_VARIABLE, server_address
from coursekit.classroom.feedback import write_feedback
from coursekit.classroom.gradebook import cell_scores, scores
from coursekit.classroom.grading import grade
from coursekit.classroom.roster import RosterError, Student

pytest_plugins = ["postgres_server"]

LAB = "lab_mean"
STUDENTS = (
    Student("0003", "Lovelace", "Ada", ""),
    Student("0002", "남궁", "민수", "minsu@univ.example"),
    Student("0001", "이", "서연", ""),
    Student("0004", "이", "서연", ""),
)


@pytest.fixture(autouse=True)
def no_address_from_outside(monkeypatch):
    monkeypatch.delenv(DB_URL_VARIABLE, raising=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request) -> str | None:
    """What create_course takes as db_url."""
    if request.param == "sqlite":
        return None
    server = request.getfixturevalue("postgres")
    name = server.new_database()
    server.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Seoul'")  # nbgrader keeps UTC without saying so
    return server.url(name)


@pytest.fixture
def roster(tmp_path) -> Path:
    path = tmp_path / "명단.csv"
    rows = [f"{one.id},{one.last_name},{one.first_name},{one.email}" for one in reversed(STUDENTS)]
    path.write_text("\n".join(["id,last_name,first_name,email", *rows]), encoding="utf-8")
    return path


@pytest.fixture
def course(tmp_path, database, roster, source):
    """A class with a released assignment."""
    made = create_course(tmp_path / "class", roster=roster, db_url=database)
    made.release(source)
    return open_course(made.root)


def run_nbgrader(course, student):
    """Let nbgrader's own steps record a hand-in; running its cells has nothing to do with a database."""
    from nbgrader import preprocessors
    from nbgrader.converters import Autograde

    from coursekit.classroom.course import alembic_on_path

    handed_in = course.folder("submitted", LAB, student)
    handed_in.mkdir(parents=True)
    released = nbformat.read(course.folder("release", LAB) / f"{LAB}.ipynb", as_version=4)
    nbformat.write(assignments.filled(released, assignments.RIGHT_ANSWERS), handed_in / f"{LAB}.ipynb")
    (handed_in / "timestamp.txt").write_text("2025-03-14 23:30:00 UTC", encoding="utf-8")
    config = course.config()
    config.CourseDirectory.assignment_id, config.CourseDirectory.student_id = LAB, student
    config.Autograde.autograde_preprocessors = [
        preprocessors.SaveAutoGrades,
        preprocessors.AssignLatePenalties,
        preprocessors.CheckCellMetadata,
    ]
    with alembic_on_path():
        Autograde(coursedir=course.course_directory(assignment_id=LAB, student_id=student), config=config).start()


def give(course, student, cell, points):
    """What a click in formgrader does."""
    with course.gradebook() as gradebook:
        gradebook.update_or_create_submission(LAB, student)
        gradebook.find_grade(cell, LAB, LAB, student).manual_score = points
        gradebook.db.commit()


def tables(url):
    engine = create_engine(url)
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


# The same class on both


def test_the_roster_reads_the_same(course, database):
    assert course.students() == STUDENTS
    assert (course.root / "gradebook.db").exists() == (database is None)
    with course.gradebook() as gradebook:
        assert gradebook.engine.dialect.name == ("postgresql" if database else "sqlite")


def test_a_name_is_updated_and_nobody_is_lost(course):
    course.enrol([Student("0001", "이", "서현", "")])
    assert [one.first_name for one in course.students()] == ["Ada", "민수", "서연", "서현"]


def test_assignments_are_known(course, source):
    assert course.assignments() == (LAB,)
    course.require(LAB)
    with pytest.raises(CourseError, match="released: lab_mean"):
        course.require("lab_median")
    course.release(source)
    assert course.assignments() == (LAB,)


def test_a_grade_is_kept(course):
    run_nbgrader(course, "0002")
    give(course, "0003", "test_mean", 1.5)
    table = scores(course).to_frame().set_index("student")
    assert list(table.index) == [one.id for one in STUDENTS]
    assert table.loc["0002", [LAB, "total"]].tolist() == [4, 4]
    assert table.loc["0003", LAB] == 1.5
    assert table[LAB].isna().sum() == 2
    cells = cell_scores(course, LAB)
    assert list(cells["student"].unique()) == ["0002", "0003"]
    given = cells[cells["student"] == "0003"].set_index("cell")
    assert given["max_score"].to_dict() == {"test_mean": 2, "test_spread": 1, "test_spread_hidden": 1}
    assert given.loc["test_mean", ["score", "manual"]].tolist() == [1.5, True]


def test_a_class_is_graded_the_same(course):
    """The engine's one transaction for a hand-in, its feedback, and grading again, on either database."""
    released = nbformat.read(course.folder("release", LAB) / f"{LAB}.ipynb", as_version=4)
    wrong = {**assignments.RIGHT_ANSWERS, "solution_spread": "def spread(values):\n    return 0"}
    for student, answers in (("0001", assignments.RIGHT_ANSWERS), ("0002", wrong), ("0003", {})):
        folder = course.folder("submitted", LAB, student)
        folder.mkdir(parents=True)
        nbformat.write(assignments.filled(released, answers), folder / f"{LAB}.ipynb")
    for force in (False, True):
        report = grade(course, LAB, workers=2, cell_timeout=20, force=force)
        assert {one.student: one.score for one in report.grades} == {"0001": 4, "0002": 2, "0003": 0, "0004": 0}
    assert len(write_feedback(course, LAB)) == 3
    table = scores(course).to_frame().set_index("student")[LAB]
    assert table.dropna().to_dict() == {"0001": 4, "0002": 2, "0003": 0}
    give(course, "0003", "test_mean", 1.5)
    assert scores(course).to_frame().set_index("student").loc["0003", LAB] == 1.5


def test_a_release_again_keeps_grades(course, source):
    give(course, "0003", "test_mean", 1.5)
    assignments.change(source, "test_mean", assignments.TEST_MEAN.replace("== 30", ">= 29"))
    course.release(source)
    assert scores(course).to_frame().set_index("student").loc["0003", LAB] == 1.5


def test_times_are_not_moved(course):
    run_nbgrader(course, "0002")
    with course.gradebook() as gradebook:
        assert gradebook.find_submission(LAB, "0002").timestamp == datetime.datetime(2025, 3, 14, 23, 30)


def test_what_a_person_removes_is_gone(course):
    run_nbgrader(course, "0002")
    give(course, "0003", "test_mean", 1.5)
    with course.gradebook() as gradebook:
        gradebook.remove_submission(LAB, "0002")
        gradebook.remove_student("0003")
    assert cell_scores(course, LAB).empty
    assert [one.id for one in course.students()] == ["0002", "0001", "0004"]


def test_formgrader_opens_the_same_gradebook(course):
    """Its pages are made by NbGraderAPI from the written configuration file."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import PyFileConfigLoader

    run_nbgrader(course, "0002")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    (assignment,) = api.get_assignments()
    assert (assignment["name"], assignment["max_score"], assignment["num_submissions"]) == (LAB, 4, 1)
    (submission,) = api.get_submissions(LAB)
    assert (submission["student"], submission["last_name"], submission["score"]) == ("0002", "남궁", 4)
    assert submission["display_timestamp"].startswith("2025-03-15 08:30")
    assert {one["id"] for one in api.get_students()} == {one.id for one in STUDENTS}
    assert api.get_student_submissions("0002")[0]["score"] == 4
    assert api.get_notebook_submissions(LAB, LAB)[0]["score"] == 4
    assert not Path("gradebook.db").exists()


WRITER = """
import sys
from pathlib import Path
from coursekit.classroom.course import Course

course, students = Course(Path(sys.argv[1])), sys.argv[2].split(",")
with course.gradebook():
    print("ready", flush=True)
sys.stdin.readline()
for number, student in enumerate(students, start=1):
    with course.gradebook() as gradebook:
        gradebook.update_or_create_submission("lab_mean", student)
        for cell in ("test_mean", "test_spread"):
            gradebook.find_grade(cell, "lab_mean", "lab_mean", student).manual_score = number / 64
            gradebook.db.commit()
"""


def test_two_writers_lose_nothing(course):
    """Two processes write 50 grades each, and each grade is a transaction of its own."""
    classes = [[f"{part}{number:02}" for number in range(25)] for part in "ab"]
    course.enrol(Student(name, "김", name, "") for part in classes for name in part)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, course.root, ",".join(part)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for part in classes
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        said = writer.communicate()[1]
        assert writer.returncode == 0, said
        assert "locked" not in said
    cells = cell_scores(course, LAB)
    written = cells[cells["cell"].isin(["test_mean", "test_spread"])]
    expected = {(name, number / 64) for part in classes for number, name in enumerate(part, start=1)}
    assert len(written) == 100
    assert set(zip(written["student"], written["score"], strict=True)) == expected


def test_the_command_line_makes_and_opens_it(tmp_path, database, roster, monkeypatch, capsys):
    def coursekit(*arguments):
        monkeypatch.setattr(sys, "argv", ["coursekit", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
            sys.exit(0)
        said = capsys.readouterr()
        return stopped.value.code or 0, said.out + said.err

    room = tmp_path / "class"
    option = ["--db-url", database] if database else []
    code, said = coursekit("class", "new", room, "--roster", roster, *option)
    assert (code, "4 students" in said) == (0, True), said
    code, said = coursekit("class", "gradebook", "--course", room)
    assert (code, "남궁민수" in said) == (0, True), said


SCHEMA = {
    "sqlite": ["SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"],
    "postgresql": [
        "SELECT table_name, column_name, data_type, udt_name, is_nullable, character_maximum_length "
        "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
    ],
}


@pytest.mark.parametrize("kind", SCHEMA)
def test_the_tables_are_those_that_nbgrader_makes(tmp_path, kind, request):
    from nbgrader.api import Gradebook

    from coursekit.classroom.course import alembic_on_path

    theirs, db_url = f"sqlite:///{tmp_path / 'theirs.db'}", None
    if kind == "postgresql":
        postgres = request.getfixturevalue("postgres")
        theirs, db_url = (postgres.url(postgres.new_database()) for _ in range(2))
    ours = create_course(tmp_path / "class", db_url=db_url).db_url
    with alembic_on_path(), Gradebook(theirs, "class"):
        pass
    for question in (*SCHEMA[kind], "SELECT * FROM alembic_version", "SELECT * FROM course"):
        answers = []
        for url in (ours, theirs):
            engine = create_engine(url)
            with engine.connect() as connection:
                answers.append(connection.execute(text(question)).all())
            engine.dispose()
        assert answers[0] == answers[1]
        assert answers[0]


# SQLite only


def test_sqlite_waits_for_locks_and_not_for_the_disk(tmp_path):
    course = create_course(tmp_path / "class")
    with course.gradebook() as gradebook:
        settings = [gradebook.db.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
        assert settings == ["wal", 1]
        assert gradebook.db.execute(text("PRAGMA busy_timeout")).scalar() == 60_000
    engine = create_engine(course.db_url)  # as nbgrader's own steps open it
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 60_000
    engine.dispose()


def test_a_course_in_its_folder_does_not_follow_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv(DB_URL_VARIABLE, "postgresql://127.0.0.1:1/class")
    assert create_course(tmp_path / "class").db_url.startswith("sqlite:///")
    assert open_course(tmp_path / "class").students() == ()
    assert not (tmp_path / "class" / ".coursekit").exists()


# PostgreSQL only


def test_the_address_is_for_its_owner(tmp_path, postgres):
    url = postgres.url(postgres.new_database())
    course = create_course(tmp_path / "class", db_url=url)
    path = course.root / ".coursekit" / "settings.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text(encoding="utf-8")) == {"db_url": url}
    assert server_address(course.db_url).password == postgres.password


def test_a_password_need_not_be_on_disk(tmp_path, postgres, monkeypatch, roster):
    url = postgres.url(postgres.new_database())
    monkeypatch.setenv(DB_URL_VARIABLE, url)
    course = create_course(tmp_path / "class", roster=roster, db_url=url)
    hidden = {postgres.password, url.split("teacher:")[1].split("@")[0]}
    for path in course.root.rglob("*"):
        assert not path.is_file() or not any(secret in path.read_text(encoding="utf-8") for secret in hidden)
    assert open_course(course.root).students() == STUDENTS
    monkeypatch.delenv(DB_URL_VARIABLE)
    with pytest.raises(CourseError, match="no password supplied"):
        open_course(course.root)


def test_a_moved_server_is_found_by_the_variable(tmp_path, postgres, monkeypatch, roster):
    first = postgres.new_database()
    course = create_course(tmp_path / "class", roster=roster, db_url=postgres.url(first))
    moved = f"{first}_moved"
    postgres.execute(f"ALTER DATABASE {first} RENAME TO {moved}")
    with pytest.raises(CourseError, match="does not exist"):
        open_course(course.root)
    monkeypatch.setenv(DB_URL_VARIABLE, postgres.url(moved))
    assert open_course(course.root).students() == STUDENTS


def test_the_variable_must_not_contradict(tmp_path, postgres, monkeypatch):
    monkeypatch.setenv(DB_URL_VARIABLE, postgres.url("another"))
    with pytest.raises(CourseError, match="COURSEKIT_DB_URL names the database another"):
        create_course(tmp_path / "class", db_url=postgres.url(postgres.new_database()))
    assert not (tmp_path / "class").exists()


def test_the_wrong_class_is_not_opened(tmp_path, postgres, monkeypatch, source):
    courses = [create_course(tmp_path / name, db_url=postgres.url(postgres.new_database())) for name in ("a", "b")]
    courses[0].release(source)
    monkeypatch.setenv(DB_URL_VARIABLE, courses[0].db_url)
    assert open_course(courses[0].root).assignments() == (LAB,)
    with pytest.raises(CourseError, match="is not the gradebook of b, it holds a: check the address"):
        open_course(courses[1].root)
    with courses[1].gradebook():  # formgrader would write its own name into it
        pass
    with pytest.raises(CourseError, match="is not the gradebook of b, it holds a"):
        open_course(courses[1].root)
    assert open_course(courses[0].root).assignments() == (LAB,)


def test_an_empty_database_is_not_taken_for_the_gradebook(tmp_path, postgres, monkeypatch):
    course = create_course(tmp_path / "class", db_url=postgres.url(postgres.new_database()))
    other = postgres.url(postgres.new_database())
    monkeypatch.setenv(DB_URL_VARIABLE, other)
    with pytest.raises(CourseError, match="is not the gradebook of class, it holds no course"):
        open_course(course.root)
    assert tables(other) == []


def test_a_lost_folder_is_made_again(tmp_path, postgres, source, roster):
    """The database holds what cannot be made again."""
    url = postgres.url(postgres.new_database())
    first = create_course(tmp_path / "one" / "class", roster=roster, db_url=url)
    first.release(source)
    give(first, "0001", "test_mean", 2)
    again = create_course(tmp_path / "two" / "class", roster=roster, db_url=url)
    assert scores(again).to_frame().set_index("student").loc["0001", LAB] == 2


def test_two_courses_do_not_share_a_database(tmp_path, postgres):
    url = postgres.url(postgres.new_database())
    create_course(tmp_path / "2025-1", db_url=url)
    with pytest.raises(CourseError, match=r"holds the gradebook of 2025-1, .* give 2025-2 an empty database"):
        create_course(tmp_path / "2025-2", db_url=url)
    assert not (tmp_path / "2025-2").exists()


def test_two_who_claim_a_database_at_once_do_not_both_get_it(tmp_path, postgres):
    url = postgres.url(postgres.new_database())
    make = "import sys; from pathlib import Path; from coursekit.classroom.course import create_course as make; "
    make += "input(); make(Path(sys.argv[1]), db_url=sys.argv[2])"
    claims = [
        subprocess.Popen(
            [sys.executable, "-c", make, tmp_path / name, url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b")
    ]
    for claim in claims:
        claim.stdin.write("go\n")
        claim.stdin.flush()
    said = [claim.communicate()[1] for claim in claims]
    assert sorted(claim.returncode for claim in claims) == [0, 1], said
    assert "holds the gradebook of" in "".join(said)
    assert sum((tmp_path / name).exists() for name in ("a", "b")) == 1


def test_a_faulty_roster_leaves_nothing(tmp_path, postgres):
    url = postgres.url(postgres.new_database())
    (tmp_path / "twice.csv").write_text("학번,이름\n1,홍길동\n1,이서연\n", encoding="utf-8")
    with pytest.raises(RosterError):
        create_course(tmp_path / "class", roster=tmp_path / "twice.csv", db_url=url)
    assert not (tmp_path / "class").exists()
    assert tables(url) == []


def test_what_breaks_at_the_last_step_leaves_the_folder_as_it_was(tmp_path, postgres):
    """PostgreSQL holds names to their length, which shows only when they are written."""
    url = postgres.url(postgres.new_database())
    (tmp_path / "long.csv").write_text(f"학번,이름\n1,{'가' * 200}\n", encoding="utf-8")
    (tmp_path / "class").mkdir()
    with pytest.raises(ValueError, match="too long"):
        create_course(tmp_path / "class", roster=tmp_path / "long.csv", db_url=url)
    assert list((tmp_path / "class").iterdir()) == []
    create_course(tmp_path / "class", db_url=url)


def _other_tables(server):
    name = server.new_database()
    server.execute("CREATE TABLE orders (id integer)", database=name)
    return server.url(name)


def _not_utf8(server):
    return server.url(server.new_database("ENCODING 'EUC_KR' TEMPLATE template0"))


def _not_ours(server):
    name = server.new_database()
    server.execute(f"CREATE ROLE guest_{name} LOGIN PASSWORD 'guestword'")
    return server.url(name, user=f"guest_{name}", password="guestword")


REFUSED = {
    "other tables": (_other_tables, "is not empty and holds no gradebook of class (tables orders): give an empty"),
    "encoding": (_not_utf8, "stores text as EUC_KR"),
    "no right": (_not_ours, "permission denied for schema public"),
    "no database": (lambda server: server.url("nowhere"), 'database "nowhere" does not exist'),
    "wrong password": (lambda server: server.url("postgres", password="p:w rong"), "password authentication failed"),
    "no server": (lambda server: f"postgresql://teacher:p%3Aw@/db?host={server.folder}/none", "Is the server running"),
    "refused": (lambda server: "postgresql+psycopg2://teacher:s3cret@127.0.0.1:1/db", "Connection refused"),
    "unknown option": (
        lambda server: "postgresql://teacher:s3cret@127.0.0.1:1/db?sslmod=x",
        "invalid connection option",
    ),
}


@pytest.mark.parametrize("make, told", REFUSED.values(), ids=REFUSED)
def test_a_database_that_cannot_serve_is_told_and_nothing_is_left(tmp_path, postgres, make, told):
    url = make(postgres)
    with pytest.raises(CourseError) as caught:
        create_course(tmp_path / "class", db_url=url)
    said = str(caught.value)
    assert told in said
    assert f"the database {server_address(url).database} on " in said
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    for secret in (server_address(url).password, url.split("teacher:")[-1].split("@")[0]):
        assert secret not in said
    assert not (tmp_path / "class").exists()


MISWRITTEN = {
    "raw @": "postgresql://ta:se@cret@host/db",
    "raw @ and colon": "postgresql://ta:se@cret:word@host/db",
    "raw @ and question mark": "postgresql://ta:se@cret?word@host/db",
    "a port that is none": "postgresql://ta:secret@host:5432x/db",
    "no address": "secret",
    "no database": "postgresql://ta:secret@host",
    "another kind": "mysql://ta:secret@host/db",
    "another driver": "postgresql+pg8000://ta:secret@host/db",
    "a file": "sqlite:////secret/gradebook.db",
    "password at the end": "postgresql://ta@host/db?password=secret",
}


@pytest.mark.parametrize("url", MISWRITTEN.values(), ids=MISWRITTEN)
def test_an_address_that_cannot_be_read_is_not_repeated(tmp_path, url):
    with pytest.raises(CourseError, match=r"db_url .*postgresql.psycopg2://user:password@host:5432/database") as caught:
        create_course(tmp_path / "class", db_url=url)
    assert not any(part in str(caught.value) for part in ("secret", "cret", "word@host/db"))
    assert caught.value.__context__ is None
    assert not (tmp_path / "class").exists()


def test_a_missing_driver_is_named_with_its_remedy(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "psycopg2"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(CourseError, match=r"pip install 'coursekit\[postgres\]'") as caught:
        create_course(tmp_path / "class", db_url="postgresql://ta:s3cret@127.0.0.1:1/db")
    assert "s3cret" not in str(caught.value)
    assert not (tmp_path / "class").exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"db_url": 3}', '{"db_url": "postgresql://'])
def test_damaged_settings_are_named(tmp_path, content):
    course = create_course(tmp_path / "class")
    (course.root / ".coursekit").mkdir()
    (course.root / ".coursekit" / "settings.json").write_text(content, encoding="utf-8")
    with pytest.raises(CourseError, match=r"settings\.json is damaged"):
        open_course(course.root)


def test_the_command_line_takes_the_variable(tmp_path, postgres, roster):
    url = postgres.url(postgres.new_database())
    command = [sys.executable, "-m", "coursekit.cli", "class", "new", tmp_path / "class", "--roster", roster]
    done = subprocess.run(command, env={**os.environ, DB_URL_VARIABLE: url}, capture_output=True, text=True)
    assert (done.returncode, "4 students" in done.stdout) == (0, True), done.stderr
    kept = json.loads((tmp_path / "class" / ".coursekit" / "settings.json").read_text(encoding="utf-8"))["db_url"]
    assert server_address(kept).password is None
    assert len(postgres.execute("SELECT id FROM student", database=server_address(url).database)) == 4
