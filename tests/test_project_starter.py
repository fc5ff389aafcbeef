"""The starter of the bonus system: it runs from a copy, proves itself, and keeps what it promises."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from coursekit.classroom.project.verifying import verify

STARTER = Path(__file__).resolve().parent.parent / "project_template" / "starter"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Its tests and its evidence, run once from a copy that lies elsewhere."""
    copy = tmp_path_factory.mktemp("team") / "우리 팀"
    shutil.copytree(STARTER, copy, ignore=shutil.ignore_patterns("__pycache__", "build"))
    return verify(copy, timeout=300, isolate=False)


def test_it_keeps_its_promises_from_a_copy(report):
    assert [(one.where, one.message) for one in report.findings if one.severity == "must"] == []
    assert report.ok and report.passed >= 30 and report.failed == 0


def test_every_part_shows_evidence_that_a_requirement_judges(report):
    assert all(part.shown for part in report.parts)
    assert {one.part for one in report.requirements} == {part.part for part in report.parts}
    assert {one.status for one in report.requirements} == {"met"}


def test_a_good_candidate_passes_and_a_bad_one_is_rolled_back(report):
    fresh = {one.evidence: one.fresh for one in report.numbers}
    assert (fresh["rollout.good_verdict"], fresh["rollout.bad_verdict"]) == ("PASS", "FAIL")
    assert fresh["rollout.bad_dropped"] == 0


def test_the_monitors_are_quiet_and_then_speak(report):
    fresh = {one.evidence: one.fresh for one in report.numbers}
    assert fresh["monitoring.quiet_alarms"] == fresh["monitoring.quiet_moved_features"] == 0
    assert fresh["monitoring.shift_moved_features"] > 0
    assert fresh["monitoring.shift_delay"] < 300  # of 300 requests after the change


def test_the_modules_are_short_and_say_what_they_do_in_korean():
    modules = sorted((STARTER / "system").glob("*.py"))
    assert {path.stem for path in modules} >= {"data", "model", "serving", "rollout", "monitoring", "evidence"}
    for path in modules:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) < 120, path.name
        assert re.search("[가-힣]", lines[0]), path.name


def test_every_value_says_how_it_was_measured():
    for path in sorted((STARTER / "evidence").glob("*.json")):
        for name, value in json.loads(path.read_text(encoding="utf-8"))["values"].items():
            assert value["how"] and value["unit"], f"{path.name}: {name}"


def test_its_readme_names_every_module():
    text = (STARTER / "README.md").read_text(encoding="utf-8")
    for path in (STARTER / "system").glob("[!_]*.py"):
        assert f"`system/{path.name}`" in text
