"""What is done stays done, whatever happens to a batch: a kill anywhere, Ctrl+C, a full disk, a locked gradebook."""

from __future__ import annotations

import errno
import functools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import judged_assignment
import psutil
import pytest
from dying import POINTS, Nursery, disks_can_be_made
from small_class import KINDS, LAB, MEAN, SLEEPS, SPREAD, facts, give, gradebook, make_class, records, strays

from coursekit.classroom import databases
from coursekit.classroom.course import CourseError, open_course
from coursekit.classroom.feedback import write_feedback
from coursekit.classroom.grading import Difference, grade, publish_held, recorded
from coursekit.classroom.grading._records import Records

LIMITS = {"cell_timeout": 10, "notebook_timeout": 60}


@pytest.fixture(scope="module")
def nursery():
    with Nursery() as running:
        yield running


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """A class that nobody has graded."""
    return make_class(tmp_path_factory.mktemp("handed_in"), KINDS)


@pytest.fixture(scope="module")
def undisturbed(handed_in, tmp_path_factory):
    """The same class after a batch that nothing happened to."""
    root = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(handed_in[0].root, root / "class")
    course = open_course(root / "class")
    grade(course, LAB, workers=1, **LIMITS)
    return course


@pytest.fixture
def course(handed_in, tmp_path):
    """A class of its own for a test, not graded yet."""
    shutil.copytree(handed_in[0].root, tmp_path / "class")
    return open_course(tmp_path / "class")


@pytest.fixture
def graded(undisturbed, handed_in, tmp_path):
    """A graded class of its own, and the source of its assignment."""
    shutil.copytree(undisturbed.root, tmp_path / "class")
    shutil.copytree(handed_in[1], tmp_path / LAB)
    return open_course(tmp_path / "class"), tmp_path / LAB


def deaths():
    """Every point with one way to die, and the other way among the slow proofs."""
    for number, point in enumerate(POINTS):
        for group in (False, True):
            marks = [] if group == bool(number % 2) else [pytest.mark.slow]
            yield pytest.param(point, group, marks=marks, id=f"{point}, {'all of it' if group else 'the batch alone'}")


@pytest.mark.parametrize("point, group", [*deaths()])
def test_a_batch_that_is_killed_goes_on_where_it_was(course, undisturbed, nursery, point, group):
    measured = point == "measuring the reference"
    options = {} if measured else LIMITS
    nth = {"measuring the reference": 1, "while a hand-in is prepared": 3}.get(point, 2)
    death = nursery.run(course.root, LAB, point=point, nth=nth, group=group, options=options)
    assert (death.status, death.left) == (-signal.SIGKILL, []), death.said
    kept = records(course)
    assert len(kept) == (0 if measured else 2 if "removed" in point else 1)
    staged = Path(course.records("locks", LAB).read_text(encoding="utf-8"))
    assert staged.is_dir() and not staged.is_relative_to(course.root)
    report = grade(course, LAB, workers=1, **options)
    assert facts(course) == facts(undisturbed)
    assert {one.student: one.score for one in report.grades} == {
        one: undisturbed_score(undisturbed, one) for one in KINDS
    }
    assert {student: one for student, one in records(course).items() if student in kept} == kept
    assert strays(course) == []
    assert not staged.exists(), "hidden checks lay there"


def undisturbed_score(undisturbed, student):
    return facts(undisturbed)["records"][student]["score"]


def test_the_undisturbed_batch_is_right(undisturbed):
    """What the others are measured by."""
    scores = {student: record["score"] for student, record in facts(undisturbed)["records"].items()}
    assert scores == {"right": 4, "wrong": 2, "crash": 2, "unreadable": 0, "blank": 0}
    assert {tuple(one["rows"]) for one in gradebook(undisturbed).values()} == {(1, 1, 3, 2)}
    assert strays(undisturbed) == []


LONG = {"cell_timeout": 300, "notebook_timeout": 300}
SLEEPER = {"solution_mean": MEAN, "solution_spread": SLEEPS.format(seconds=250)}
SPINS = "    while True:\n        pass"
TAKES_MINUTES = {
    "a hand-in sleeps": SLEEPER["solution_spread"],
    "a hand-in spins": f"def spread(values):\n{SPINS}",
    "a check spins": "def spread(values):\n    return 'forever'",
    "nothing is isolated": f"def spread(values):\n    open(REACHED, 'w').close()\n{SPINS}",
}
CHECK_SPINS = """    if student.spread([0]) == 'forever':
        open(REACHED, 'w').close()
        while True:
            pass
    unordered_values ="""


def outlived():
    """Everything that takes minutes and one way to die, and the other way among the slow proofs."""
    for number, what in enumerate(TAKES_MINUTES):
        for group in (False, True):
            marks = [] if group == bool(number % 2) else [pytest.mark.slow]
            yield pytest.param(what, group, marks=marks, id=f"{what}, {'all of it' if group else 'the batch alone'}")


@pytest.mark.parametrize("what, group", [*outlived()])
def test_no_process_outlives_a_batch_that_is_killed(tmp_path, nursery, what, group):
    """The worker is at a hand-in that takes minutes; nobody tells it that nobody waits any more."""
    reached = repr(str(tmp_path / "reached"))
    long = {"solution_mean": MEAN, "solution_spread": TAKES_MINUTES[what].replace("REACHED", reached)}
    checks = judged_assignment.CHECKS.replace("    unordered_values =", CHECK_SPINS.replace("REACHED", reached))
    course, _ = make_class(tmp_path, {"quick": KINDS["right"], "long": long}, checks=checks)
    request = {"point": "the record is there, the result not removed", "group": group}
    if "hand-in" not in what:  # a sandbox lets nothing out that could say so
        request["reached"] = str(tmp_path / "reached")
    options = {**LONG, "sandbox": what != "nothing is isolated"}
    death = nursery.run(course.root, LAB, options=options, **request)
    assert (death.status, death.left) == (-signal.SIGKILL, []), death.said
    assert list(records(course)) == ["quick"]


@pytest.mark.parametrize("module", ["grading._worker", "sandbox._zygote"])
def test_a_process_that_is_killed_costs_no_hand_in(tmp_path, module):
    """It is at the second hand-in, which takes some seconds, when the first one is recorded."""
    slow = {"solution_mean": MEAN, "solution_spread": f"import time\n\ntime.sleep(3)\n{SPREAD}"}
    course, _ = make_class(tmp_path, {"quick": KINDS["right"], "slow": slow, "last": KINDS["wrong"]})
    struck = []

    def strike(_):
        worker = next(one for one in psutil.Process().children() if "_worker" in " ".join(one.cmdline()))
        family = [worker, *worker.children()]
        if not struck:
            (victim,) = (one for one in family if f"coursekit.classroom.{module}" in one.cmdline())
            struck.append((victim, family))
            victim.kill()

    report = grade(course, LAB, workers=1, on_result=strike, **LIMITS)
    assert [(one.status, one.score) for one in report.grades] == [("graded", 4), ("graded", 4), ("graded", 2)]
    assert [one["rows"][0] for one in gradebook(course).values()] == [1, 1, 1]
    ((victim, family),) = struck
    assert not victim.is_running()
    assert psutil.wait_procs(family, timeout=15)[1] == []


def command(course, *options, mark=None):
    """Start the command as a shell does, in a process group of its own."""
    environment = {**os.environ, "PATH": f"{mark}:{os.environ['PATH']}"} if mark else None
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "coursekit.cli", "class", "grade", LAB, "-c", course.root, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
        # a runner started in the background ignores Ctrl+C, and so would everything below it
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def wait_for_records(course, count, process):
    while len(records(course)) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def marked(mark):
    """Processes that were started with a folder on their path, by whomever; it is passed on to all of a batch."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(mark) in process.environ().get("PATH", ""):
                found.append(process)
        except psutil.Error:  # gone, or not ours
            continue
    return found


INTERRUPTS = {"Ctrl+C in its window": True, "an interrupt of the command alone": False}


@pytest.mark.parametrize("group", INTERRUPTS.values(), ids=INTERRUPTS)
def test_an_interrupt_ends_the_batch_and_keeps_what_is_done(tmp_path, group):
    course, _ = make_class(tmp_path, {"quick": KINDS["right"], "long": SLEEPER, "last": KINDS["wrong"]})
    process = command(course, "--cell-timeout", "300", "-j", "1", mark=tmp_path)
    wait_for_records(course, 1, process)
    family = marked(tmp_path)
    assert process.pid in {one.pid for one in family}
    os.killpg(process.pid, signal.SIGINT) if group else process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)  # the hand-in that it was at takes minutes
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "goes on" in said
    assert psutil.wait_procs(family, timeout=15)[1] == []
    kept = records(course)
    assert list(kept) == ["quick"]
    assert strays(course) == []
    give(course, "long", KINDS["right"])
    report = grade(course, LAB, workers=1, **LIMITS)
    assert [one.score for one in report.grades] == [4, 4, 2]
    assert records(course)["quick"] == kept["quick"]


def test_the_command_is_killed_twice_and_then_finishes(course, undisturbed, tmp_path):
    """As it happens: from outside, at whatever it is at after the first and after the third record."""
    begun = {}
    for count, group in ((1, True), (3, False)):
        process = command(course, "--cell-timeout", "10", "-j", "2", mark=tmp_path)
        wait_for_records(course, count, process)
        family = marked(tmp_path)
        os.killpg(process.pid, signal.SIGKILL) if group else process.kill()
        process.communicate()
        assert psutil.wait_procs(family, timeout=15)[1] == []
        kept = records(course)
        assert {student: kept[student] for student in begun} == begun
        begun = kept
    process = command(course, "--cell-timeout", "10", "-j", "2")
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 2, "one of the hand-ins cannot be read"
    assert "4 / 4" in said
    assert facts(course) == facts(undisturbed)
    assert {student: one for student, one in records(course).items() if student in begun} == begun
    assert strays(course) == []
    pages = write_feedback(course, LAB)
    assert len(pages) == len(KINDS)
    assert formgrader(course) == {student: one["score"] for student, one in facts(course)["records"].items()}


def formgrader(course):
    """Scores as formgrader's table of submissions shows them."""
    from nbgrader.apps.api import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()
    api = NbGraderAPI(course.course_directory(), config=config)
    rows = api.get_submissions(LAB)
    assert all(row["autograded"] for row in rows if row["student"] != "unreadable")
    return {row["student"]: row["score"] for row in rows}


def test_a_second_batch_is_kept_out_while_one_is_at_work(tmp_path):
    course, _ = make_class(tmp_path, {"quick": KINDS["right"], "long": SLEEPER})
    process = command(course, "--cell-timeout", "300", "-j", "1")
    wait_for_records(course, 1, process)
    with pytest.raises(CourseError, match=f"{LAB} is being graded by another command: wait"):
        grade(course, LAB, workers=1, **LIMITS)
    with pytest.raises(CourseError, match="is being graded by another command"):
        publish_held(course, LAB)
    assert len(recorded(course, LAB).grades) == 2, "reading is free"
    process.kill()
    process.communicate()
    give(course, "long", KINDS["wrong"])
    assert [one.score for one in grade(course, LAB, workers=1, **LIMITS).grades] == [4, 2]


NOT_RECORDED = "not recorded, the next run does it"
FULL_DISKS = {f"no file over {size} bytes": {"file_size": size} for size in (60_000, 200_000)}
if disks_can_be_made():  # by root alone
    FULL_DISKS |= {
        f"a disk with {free} bytes left": {"disk": {"size": 4 << 20, "free": free}} for free in (80_000, 200_000)
    }


def full_disks():
    """Each kind with little room, and with a little more among the slow proofs."""
    for number, (name, request) in enumerate(FULL_DISKS.items()):
        yield pytest.param(request, marks=[pytest.mark.slow] if number % 2 else [], id=name)


@pytest.mark.parametrize("request_", [*full_disks()])
def test_a_full_disk_leaves_the_rest_for_the_next_run(course, undisturbed, nursery, request_):
    """The limits are measured too, and need not be kept."""
    ended = nursery.run(course.root, LAB, **request_)
    assert (ended.status, ended.left) == (0, []), ended.said
    first = {row["student"]: row for row in ended.rows[0]}
    lacking = {student for student, row in first.items() if NOT_RECORDED in row["reason"]}
    assert lacking, "the disk was not full enough for this test"
    assert all(
        row["status"] == "failed" and "\n" not in row["reason"] for row in first.values() if row["student"] in lacking
    )
    if "disk" in request_:
        assert not [row for row in ended.rows[1] if NOT_RECORDED in row["reason"]]
    else:
        assert set(records(course)) == set(KINDS) - lacking
        grade(course, LAB, workers=1)
    assert facts(course) == facts(undisturbed)
    assert strays(course) == []


@pytest.mark.parametrize("kind", ["results", "grades"])
def test_a_record_that_cannot_be_written_is_written_by_the_next_run(course, undisturbed, monkeypatch, kind):
    inner = Records.write

    def fails(self, written, content, student=""):
        if written == kind and student in ("right", "unreadable", "blank"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        inner(self, written, content, student)

    monkeypatch.setattr(Records, "write", fails)
    first = {one.student: one for one in grade(course, LAB, workers=1, **LIMITS).grades}
    for student, one in first.items():
        lost = student in ("right", "unreadable", "blank")
        assert (NOT_RECORDED in one.reason, one.status == "failed") == (lost, lost), one
        assert ("No space left" in one.reason) == lost
    monkeypatch.undo()
    kept = records(course)
    grade(course, LAB, workers=1, **LIMITS)
    assert facts(course) == facts(undisturbed)
    assert {student: one for student, one in records(course).items() if student in kept} == kept
    assert strays(course) == []


HOLD = """import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
input()
"""


class Holder:
    """Another process that keeps the gradebook to itself."""

    def __init__(self, course):
        line = [sys.executable, "-c", HOLD, course.root / "gradebook.db"]
        self._process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "held\n"

    def release(self):
        self._process.communicate("\n")


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_locked_gradebook_costs_the_rows_of_that_time(course, undisturbed, monkeypatch, caplog, journal):
    """``delete`` is the journal of courses that plain nbgrader made: readers wait there too."""
    with sqlite3.connect(course.root / "gradebook.db") as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
    connection.close()
    monkeypatch.setattr(databases, "LOCK_WAIT_SECONDS", 0.2)
    seen, holders = [], []

    def watch(one):
        seen.append(one)
        if len(seen) == 1:
            holders.append(Holder(course))
        if len(seen) == 3:
            holders[0].release()

    report = grade(course, LAB, workers=1, on_result=watch, **LIMITS)
    assert sorted(seen, key=lambda one: list(KINDS).index(one.student)) == list(report.grades)
    for one in seen[1:3]:
        assert one.status == "failed"
        assert "database is locked" in one.reason
        assert NOT_RECORDED in one.reason or journal == "delete"
    assert not [one for one in (seen[0], *seen[3:]) if "locked" in one.reason]
    assert caplog.text == "", "the rows say it"
    lost = {one.student for one in seen[1:3]}
    kept = {student: one for student, one in records(course).items() if student not in lost}
    monkeypatch.undo()
    grade(course, LAB, workers=1, **LIMITS)
    assert facts(course) == facts(undisturbed)
    assert {student: one for student, one in records(course).items() if student in kept} == kept
    assert strays(course) == []


HIDDEN_SPREAD = "require(hidden_spread(unordered_values) == 144894"


def mend(course, source, text):
    """Release the assignment with another hidden check of ``spread``."""
    path = source / "checks.py"
    assert HIDDEN_SPREAD in judged_assignment.CHECKS
    path.write_text(judged_assignment.CHECKS.replace(HIDDEN_SPREAD, text), encoding="utf-8")
    course.release(source)


LENIENT = "require(hidden_spread(unordered_values) != 0"
WAITING = (Difference("wrong", "test_spread_hidden", 0.0, 1.0),)


def test_a_mended_test_changes_nothing_before_it_is_published(graded):
    course, source = graded
    before, kept = gradebook(course), records(course)
    mend(course, source, LENIENT)
    report = grade(course, LAB, workers=1, **LIMITS)
    assert report.differences == WAITING
    assert {one.student: one.score for one in report.grades}["wrong"] == 2
    assert gradebook(course) == before
    assert records(course)["wrong"] == kept["wrong"]
    assert recorded(course, LAB).differences == WAITING
    (held,) = course.records("results", LAB).iterdir()
    written = held.stat().st_mtime_ns
    assert grade(course, LAB, workers=1, **LIMITS).differences == WAITING
    assert held.stat().st_mtime_ns == written, "what waits is not run again"
    published = publish_held(course, LAB)
    assert published.differences == ()
    assert {one.student: one.score for one in published.grades}["wrong"] == 3
    after = gradebook(course)
    assert {student for student in after if after[student] != before[student]} == {"wrong"}
    assert strays(course) == []
    kept = records(course)
    assert grade(course, LAB, workers=1, **LIMITS).differences == ()
    assert records(course) == kept
    assert gradebook(course) == after


def test_a_test_that_is_mended_back_leaves_nothing_to_publish(graded, undisturbed):
    course, source = graded
    mend(course, source, LENIENT)
    assert grade(course, LAB, workers=1, **LIMITS).differences == WAITING
    mend(course, source, HIDDEN_SPREAD)
    assert grade(course, LAB, workers=1, **LIMITS).differences == ()
    publish_held(course, LAB)
    assert facts(course) == facts(undisturbed)


def test_changes_can_be_published_at_once(graded):
    course, source = graded
    mend(course, source, LENIENT)
    report = grade(course, LAB, workers=1, publish_changes=True, **LIMITS)
    assert report.differences == ()
    assert {one.student: one.score for one in report.grades}["wrong"] == 3
    assert recorded(course, LAB).grades == report.grades


def test_what_waits_is_published_by_a_later_batch_that_may(graded):
    course, source = graded
    mend(course, source, LENIENT)
    grade(course, LAB, workers=1, **LIMITS)
    report = grade(course, LAB, workers=1, publish_changes=True, **LIMITS)
    assert report.differences == ()
    assert {one.student: one.score for one in report.grades}["wrong"] == 3
    assert strays(course) == []


def test_a_new_hand_in_is_published_whatever_was_mended(graded):
    course, source = graded
    before = gradebook(course)
    mend(course, source, LENIENT)
    assert grade(course, LAB, workers=1, **LIMITS).differences == WAITING
    give(course, "wrong", KINDS["right"])
    publish_held(course, LAB)
    assert gradebook(course) == before, "what waits is of the hand-in of before"
    report = grade(course, LAB, workers=1, **LIMITS)
    assert report.differences == ()
    assert {one.student: one.score for one in report.grades}["wrong"] == 4


def test_points_and_words_of_a_person_are_kept(graded):
    course, source = graded
    with course.gradebook() as book:
        book.find_grade("test_spread_hidden", LAB, LAB, "wrong").manual_score = 0.5
        book.find_grade("test_mean", LAB, LAB, "wrong").extra_credit = 0.25
        book.find_comment("solution_mean", LAB, LAB, "wrong").manual_comment = "다시 보세요."
        book.db.commit()
    mend(course, source, LENIENT)
    grade(course, LAB, workers=1, **LIMITS)
    published = publish_held(course, LAB)
    assert {one.student: one.score for one in published.grades}["wrong"] == 2 + 0.25 + 0.5
    give(course, "wrong", KINDS["right"])
    report = grade(course, LAB, workers=1, **LIMITS)
    assert {one.student: one.score for one in report.grades}["wrong"] == 2 + 0.25 + 1 + 0.5
    with course.gradebook() as book:
        assert book.find_grade("test_spread_hidden", LAB, LAB, "wrong").auto_score == 1
        assert book.find_comment("solution_mean", LAB, LAB, "wrong").manual_comment == "다시 보세요."
