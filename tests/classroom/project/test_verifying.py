"""Broken bonus systems: each fault is found under its own name, and a sound system has no finding."""

from __future__ import annotations

import json
import operator
import os
import shutil
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coursekit.classroom.project._system_evidence import EvidenceError, Value, equal, read_evidence
from coursekit.classroom.project._system_file import PARTS, Requirement, read_system_file
from coursekit.classroom.project._system_findings import KINDS
from coursekit.classroom.project._system_tests import read_report
from coursekit.classroom.project.verifying import VerificationError, verify
from coursekit.classroom.sandbox.bubblewrap import sandbox_status

MEASURE = """
import json, pathlib
for part, values in json.loads(pathlib.Path("measured.json").read_text()).items():
    path = pathlib.Path("evidence") / f"{part}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"part": part, "values": values}))
"""
TEST = (
    "import json\n\n\ndef test_that_something_was_measured():\n    assert len(json.load(open('measured.json'))) == 5\n"
)
MEASURED = {
    "data": {"rows": {"value": 100}},
    "model": {"accuracy": {"value": 0.8, "tolerance": 0.01}},
    "serving": {"p99_ms": {"value": 12.3456789, "ratio": 5.0}},
    "rollout": {"verdict": {"value": "FAIL"}},
    "monitoring": {"quiet": {"value": True}},
}
REQUIREMENTS = [
    {"id": "R1", "what": "행", "evidence": "data.rows", "comparison": ">=", "value": 50, "unit": "행", "owner": "가"},
    {"id": "R2", "what": "정확도", "evidence": "model.accuracy", "comparison": ">", "value": 0.7},
    {"id": "R3", "what": "p99", "evidence": "serving.p99_ms", "comparison": "<=", "value": 100},
    {"id": "R4", "what": "판정", "evidence": "rollout.verdict", "comparison": "==", "value": "FAIL"},
    {"id": "R5", "what": "조용함", "evidence": "monitoring.quiet", "comparison": "==", "value": True},
]


class System:
    """A small system on disk, to be broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.declare()
        self.write("measure.py", MEASURE)
        self.write("tests/test_system.py", TEST)
        self.write("measured.json", json.dumps(MEASURED))
        committed = json.loads(json.dumps(MEASURED))
        committed["serving"]["p99_ms"]["value"] = 11.9876543  # another run, another time
        for part, values in committed.items():
            self.write(f"evidence/{part}.json", json.dumps({"part": part, "values": values}))

    def declare(self, **changed) -> None:
        # without plugins that only cost time
        tests = "python -m pytest -q -p no:hypothesispytest -p no:xdist -p no:anyio"
        commands = {"tests": tests, "evidence": "python measure.py"} | changed.pop("commands", {})
        content = {"system": "예시", "team": "가팀", "commands": commands, "requirements": REQUIREMENTS, **changed}
        self.write("system.yaml", yaml.safe_dump(content, allow_unicode=True))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def measures(self, part: str, **values) -> None:
        self.write("measured.json", json.dumps({**MEASURED, part: values}))

    def evidence(self, more: str) -> None:
        self.write("measure.py", MEASURE + more)


@pytest.fixture
def system(tmp_path):
    return System(tmp_path / "team")


def _snapshot(folder: Path) -> dict[str, tuple]:
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in sorted(folder.rglob("*"))}


def _kinds(report) -> set[str]:
    return {one.kind for one in report.findings}


def test_a_sound_system_has_no_finding_and_is_left_as_it_was(system):
    before, steps = _snapshot(system.folder), []
    report = verify(system.folder, isolate=False, on_step=steps.append)
    assert report.findings == () and report.ok and (report.passed, report.failed) == (1, 0)
    assert [(part.part, part.values) for part in report.parts] == [(part, 1) for part in PARTS]
    assert {one.status for one in report.requirements} == {"met"}
    assert len(report.numbers) == 5 and all(one.equal for one in report.numbers)
    assert _snapshot(system.folder) == before
    assert len(steps) == 4
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["ok"] is True
    assert len(report.to_frame()) == 1 + 5 + 5
    figure = report.plot()
    assert sum(sum(bar.x) for bar in figure.data) == 5
    assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text


def _skipped(system):
    system.write("tests/test_system.py", "import pytest\n\n\n@pytest.mark.skip\ndef test_it():\n    assert 0\n")


def _expected_to_fail(system):
    system.write("tests/test_system.py", "import pytest\n\n\n@pytest.mark.xfail\ndef test_it():\n    assert 0\n")


def _hollow(system):
    system.write(
        "tests/test_system.py",
        'import pytest\n\n\n@pytest.mark.parametrize("n", range(3))\ndef test_a(n):\n    """Says much."""\n'
        "    assert True\n"
        "\n\nclass TestB:\n    def test_b(self):\n        x = 1\n        pass\n",
    )


def _copied(system):
    kept = json.dumps({"part": "model", "values": MEASURED["model"]})
    system.write("kept/best.json", kept)
    system.evidence("import shutil\nshutil.copy('kept/best.json', 'evidence/model.json')\n")


def _without_model(system):
    system.write("measured.json", json.dumps({part: MEASURED[part] for part in PARTS if part != "model"}))


def _stale(system):
    _without_model(system)
    system.write("tests/test_system.py", TEST.replace("== 5", "== 4"))


def _never_there(system):
    _stale(system)
    (system.folder / "evidence/model.json").unlink()


def _nothing_for_a_part(system):
    system.declare(parts={part: [part] for part in PARTS if part != "rollout"}, requirements=REQUIREMENTS[:3])


BROKEN = {
    "failing test": (
        lambda s: s.write("tests/test_more.py", "def test_more():\n    assert len('a') == 2\n"),
        {"tests-failed": "test_more"},
    ),
    "test that does not import": (
        lambda s: s.write("tests/test_more.py", "import no_such_module\n"),
        {"tests-failed": "test_more"},
    ),
    "no tests": (lambda s: shutil.rmtree(s.folder / "tests"), {"tests-none": "하나도"}),
    "skipped tests": (_skipped, {"tests-skipped": "1개"}),
    "tests expected to fail": (_expected_to_fail, {"tests-skipped": "1개"}),
    "hollow tests": (_hollow, {"tests-hollow": "4개"}),
    "tests that are none of pytest's": (
        lambda s: s.declare(commands={"tests": "python -c pass"}),
        {"tests-unread": "보고서"},
    ),
    "stale evidence": (
        _stale,
        {"evidence-stale": "다시", "part-missing": "model.json", "requirement-without-evidence": "model.accuracy"},
    ),
    "evidence never written": (
        _never_there,
        {"evidence-missing": "만들어지지", "part-missing": "model.json", "requirement-without-evidence": "accuracy"},
    ),
    "evidence copied": (
        _copied,
        {"evidence-copied": "kept/best.json", "part-missing": "model", "requirement-without-evidence": "accuracy"},
    ),
    "number that differs": (lambda s: s.measures("model", accuracy={"value": 0.82}), {"number-differs": "0.82"}),
    "number that only a wider tolerance would forgive": (
        lambda s: s.measures("model", accuracy={"value": 0.82, "tolerance": 0.5}),
        {"number-differs": "0.82"},
    ),
    "number that is gone": (
        lambda s: s.measures("data", lines={"value": 100}),
        {"number-gone": "100", "requirement-without-evidence": "data.rows"},
    ),
    "requirement unmet": (
        lambda s: s.declare(requirements=[*REQUIREMENTS[:1], {**REQUIREMENTS[1], "value": 0.8}, *REQUIREMENTS[2:]]),
        {"requirement-unmet": "> 0.8"},
    ),
    "value of another kind": (
        lambda s: s.declare(requirements=[{**REQUIREMENTS[0], "comparison": "==", "value": True}, *REQUIREMENTS[1:]]),
        {"requirement-unmet": "True"},
    ),
    "part without evidence": (_nothing_for_a_part, {"part-missing": "parts"}),
    "command not found": (
        lambda s: s.declare(commands={"evidence": "no-such-program --now"}),
        {
            "command-not-found": "no-such-program",
            "evidence-stale": "",
            "part-missing": "",
            "requirement-without-evidence": "",
        },
    ),
    "command that fails": (
        lambda s: s.evidence("raise SystemExit('the disk is full')\n"),
        {"evidence-failed": "the disk is full"},
    ),
    "no JSON": (
        lambda s: s.evidence("pathlib.Path('evidence/model.json').write_text('{')\n"),
        {"evidence-unreadable": "1행", "part-missing": "model", "requirement-without-evidence": "model.accuracy"},
    ),
    "NaN": (
        lambda s: s.measures("model", accuracy={"value": float("nan")}),
        {"evidence-unreadable": "NaN", "part-missing": "model", "requirement-without-evidence": "model.accuracy"},
    ),
    "no value": (
        lambda s: s.measures("model"),
        {"evidence-empty": "", "part-missing": "model", "requirement-without-evidence": "model.accuracy"},
    ),
    "evidence that is a link": (
        lambda s: s.evidence(
            "link = pathlib.Path('evidence/model.json')\nlink.unlink()\nlink.symlink_to('../measured.json')\n"
        ),
        {"evidence-stale": "", "part-missing": "model", "requirement-without-evidence": "model.accuracy"},
    ),
    "link that leads outside": (lambda s: (s.folder / "more").symlink_to("/etc"), {"link-outside": ""}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_is_found_and_nothing_else(system, name):
    damage, expected = BROKEN[name]
    damage(system)
    before = _snapshot(system.folder)
    report = verify(system.folder, isolate=False)
    assert not report.ok
    must = {one.kind: one.message for one in report.findings if one.severity == "must"}
    assert set(must) == set(expected)
    for kind, words in expected.items():
        assert words in must[kind]
    assert all(one.remedy.endswith(".") and one.title for one in report.findings)
    assert _snapshot(system.folder) == before


DOUBTFUL = {
    "one hollow test": (
        lambda s: s.write("tests/test_more.py", "def test_more():\n    pass\n"),
        "tests-partly-hollow",
    ),
    "one skipped test": (
        lambda s: s.write(
            "tests/test_more.py", "import pytest\n\n\n@pytest.mark.skip\ndef test_more():\n    assert 0\n"
        ),
        "tests-partly-skipped",
    ),
    "evidence not committed": (lambda s: (s.folder / "evidence/data.json").unlink(), "evidence-not-kept"),
    "new number": (
        lambda s: s.measures("data", rows={"value": 100}, columns={"value": 3}),
        "number-new",
    ),
    "time that is the same to the last digit": (
        lambda s: s.measures("serving", p99_ms={"value": 11.9876543, "ratio": 5.0}),
        "number-too-equal",
    ),
    "tolerance that forgives everything": (
        lambda s: s.measures("model", accuracy={"value": 0.8, "tolerance": 1}),
        "tolerance-wide",
    ),
    "part that nothing judges": (lambda s: s.declare(requirements=REQUIREMENTS[:4]), "part-without-promise"),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_doubtful_is_told_and_does_not_condemn(system, name):
    damage, kind = DOUBTFUL[name]
    damage(system)
    report = verify(system.folder, isolate=False)
    assert report.ok
    assert _kinds(report) == {kind}


HANGING = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
pathlib.Path({note!r}).write_text(str(child.pid))
print("waiting for a server that never comes", flush=True)
{then}
"""


def _gone(pid: int) -> bool:
    for _ in range(50):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.1)
    return False


def test_a_command_that_hangs_is_stopped_with_its_children(system, tmp_path):
    note = tmp_path / "pid"
    system.evidence(HANGING.format(note=str(note), then="time.sleep(600)"))
    began = time.monotonic()
    report = verify(system.folder, timeout=3, isolate=False)
    assert time.monotonic() - began < 60
    [hung] = [one for one in report.findings if one.kind == "command-hangs"]
    assert "3초" in hung.message and "never comes" in hung.message
    assert _gone(int(note.read_text()))


def test_a_process_that_outlives_its_command_is_told_and_ended(system, tmp_path):
    note = tmp_path / "pid"
    system.evidence(HANGING.format(note=str(note), then=""))
    report = verify(system.folder, isolate=False)
    assert _kinds(report) == {"processes-left"} and report.ok
    assert _gone(int(note.read_text()))


def test_output_without_end_is_cut(system):
    system.evidence("print('x' * 50_000_000)\nraise SystemExit('the end')\n")
    [failed] = [one for one in verify(system.folder, isolate=False).findings if one.kind == "evidence-failed"]
    assert "the end" in failed.message
    assert len(failed.message) < 5_000


LOOK = """
seen = {"token": os.environ.get("LMS_TOKEN", ""), "home": os.path.expanduser("~"), "team": os.path.exists(TEAM)}
pathlib.Path("evidence/data.json").write_text(json.dumps({"values": {
    "rows": {"value": 100}, "token": {"value": seen["token"] or "none"}, "home": {"value": seen["home"]},
    "sees_team": {"value": seen["team"]}}}))
"""


@pytest.mark.parametrize("isolate", [False, None])
def test_the_commands_see_no_secret_and_no_home(system, isolate, monkeypatch):
    """In the sandbox they do not see the team's folder either; without one, it is a plain process."""
    monkeypatch.setenv("LMS_TOKEN", "abc")
    system.evidence(f"import os\nTEAM = {str(system.folder)!r}\n{LOOK}")
    report = verify(system.folder, isolate=isolate)
    assert report.ok
    seen = {one.evidence: one.fresh for one in report.numbers}
    assert seen["data.token"] == "none"
    assert seen["data.home"] != str(Path.home())
    assert report.isolated == (isolate is None and sandbox_status().usable)
    assert seen["data.sees_team"] == (not report.isolated)


def test_a_sandbox_that_cannot_be_built_is_not_left_out(system, monkeypatch):
    broken = type(sandbox_status())(None, "", "bubblewrap is missing", "apt install bubblewrap")
    monkeypatch.setattr("coursekit.classroom.sandbox.bubblewrap.sandbox_status", lambda: broken)
    with pytest.raises(VerificationError, match="bubblewrap is missing"):
        verify(system.folder, isolate=True)


def test_what_a_fresh_clone_would_not_have_is_not_there(system):
    system.write("build/cache.json", "{}")
    system.write(".git/config", "")
    system.evidence("assert not pathlib.Path('build').exists() and not pathlib.Path('.git').exists()\n")
    assert verify(system.folder, isolate=False).findings == ()


REFUSED = {
    "no folder": (lambda s: shutil.rmtree(s.folder), "폴더가 없습니다"),
    "no system.yaml": (lambda s: (s.folder / "system.yaml").unlink(), "starter"),
    "no YAML": (lambda s: s.write("system.yaml", "a: 1\n b: [\n"), "line 2"),
    "a list": (lambda s: s.write("system.yaml", "- a\n"), "no mapping"),
    "an unknown key": (lambda s: s.declare(requirement=[]), "requirement"),
    "no requirements": (lambda s: s.declare(requirements=[]), "R1부터"),
    "an id twice": (lambda s: s.declare(requirements=REQUIREMENTS[:1] * 2), "두 번"),
    "an odd id": (lambda s: s.declare(requirements=[{**REQUIREMENTS[0], "id": "r1"}]), "1번째"),
    "no comparison": (lambda s: s.declare(requirements=[{**REQUIREMENTS[0], "comparison": "=>"}]), "(R1): comparison"),
    "a text that is ordered": (
        lambda s: s.declare(requirements=[{**REQUIREMENTS[3], "comparison": "<="}]),
        "(R4): 수가 아닌",
    ),
    "an infinite value": (lambda s: s.declare(requirements=[{**REQUIREMENTS[0], "value": float("inf")}]), "유한한"),
    "a path as evidence": (lambda s: s.declare(requirements=[{**REQUIREMENTS[0], "evidence": "../x.y"}]), "evidence"),
    "a path as a part": (lambda s: s.declare(parts={"data": ["../secret"]}), "parts.data"),
    "an unknown part": (lambda s: s.declare(parts={"deployment": ["a"]}), "parts"),
    "no command": (lambda s: s.declare(commands={"evidence": "'"}), "commands.evidence"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_system_file_that_cannot_be_judged_is_refused_by_file_and_place(system, name):
    damage, words = REFUSED[name]
    damage(system)
    with pytest.raises(VerificationError) as refused:
        verify(system.folder, isolate=False)
    assert words in str(refused.value) and str(system.folder) in str(refused.value)


def test_a_timeout_must_be_a_time(system):
    with pytest.raises(ValueError, match="timeout"):
        verify(system.folder, timeout=0)


NUMBERS = st.floats(-1e6, 1e6) | st.integers(-1000, 1000)


@given(one=NUMBERS, other=NUMBERS, tolerance=st.floats(0, 1e6), ratio=st.floats(1, 50))
def test_equality_is_symmetric_and_grows_with_what_is_allowed(one, other, tolerance, ratio):
    a, b = (Value(number, "", "", tolerance, ratio) for number in (one, other))
    assert equal(a, a)
    assert equal(a, b) == equal(b, a)
    wide_a, wide_b = (Value(number, "", "", 2 * tolerance, 2 * ratio) for number in (one, other))
    assert equal(wide_a, wide_b) or not equal(a, b)
    strict = Value(other, "", "", 0.0, 1.0)  # the stricter file counts
    assert equal(a, strict) == (abs(one - other) <= 1e-9 * max(1, abs(one), abs(other)))


@given(
    measured=NUMBERS,
    value=NUMBERS,
    comparison=st.sampled_from(["==", "!=", "<=", ">=", "<", ">"]),
)
def test_a_requirement_is_judged_as_python_compares(measured, value, comparison):
    oracle = {"==": "eq", "!=": "ne", "<=": "le", ">=": "ge", "<": "lt", ">": "gt"}
    requirement = Requirement("R1", "", "a", "b", comparison, value, "", "")
    assert requirement.meets(measured) == getattr(operator, oracle[comparison])(measured, value)
    assert not requirement.meets("text") and not requirement.meets(True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "형식"),
        ('{"values": {"a": 3}}', "a의 value"),
        ('{"values": {"a": {"value": Infinity}}}', "Infinity"),
        ('{"values": {"a": {"value": 1e999}}}', "a의 value"),
        ('{"values": {"a": {"value": null}}}', "a의 value"),
        ('{"values": {"a": {"value": " "}}}', "a의 value"),
        ('{"values": {"a": {"value": 1, "tolerance": -1}}}', "tolerance"),
        ('{"values": {"a": {"value": 1, "ratio": 0.5}}}', "ratio"),
        ('{"values": {"a": {"value": 1}, "a": {"value": 2}}}', "두 번"),
        ("[" * 100_000, "JSON"),
        ('{"values": {"a": {"value": "' + "x" * 1_000_000 + '"}}}', "바이트"),
    ],
)
def test_evidence_that_says_nothing_is_refused(tmp_path, text, words):
    path = tmp_path / "model.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match=words):
        read_evidence(path)


def test_a_report_with_entities_is_not_read(tmp_path):
    path = tmp_path / "report.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY b "c">]><testsuite><testcase name="&b;"/></testsuite>')
    assert read_report(path, tmp_path) is None


def test_every_kind_has_a_severity_a_title_and_an_advice():
    for severity, title, remedy in KINDS.values():
        assert severity in ("must", "should") and title and remedy.endswith(".")


def test_a_system_file_needs_little(tmp_path):
    (tmp_path / "system.yaml").write_text(yaml.safe_dump({"requirements": REQUIREMENTS[:1]}), encoding="utf-8")
    read = read_system_file(tmp_path)
    assert read.files == tuple(PARTS)
    assert read.commands["evidence"][0] == "python"
    assert Path(sys.executable).exists() and os.access(sys.executable, os.X_OK)
