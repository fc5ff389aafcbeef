"""The demonstration runs for real, tells what it saw, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time

import pandas as pd
import psutil
import pytest
from rich.console import Console
from typer.testing import CliRunner

from coursekit._rollout_screen import REASONS as KOREAN
from coursekit._rollout_screen import SCENARIOS as TOLD
from coursekit._rollout_screen import VERDICTS as WORDS
from coursekit._rollout_screen import show_audit, show_summary
from coursekit.cases.serving_demo import SCENARIOS, run_demo
from coursekit.cli import app
from coursekit.deployment.rollout import REASONS, VERDICTS, RampPlan, audit


def _running() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "coursekit.deployment.serving._child" in child.cmdline():
                found.append(child)
    return found


@pytest.fixture
def servers():
    """What a test has started and not ended; other tests of the same process may keep servers of their own."""
    before = {child.pid for child in _running()}
    return lambda: [child for child in _running() if child.pid not in before]


def test_a_candidate_that_turns_bad_is_rolled_back_and_ended(capsys, servers):
    """One step without an end: the only way out is the evidence, which comes soon after minute 8."""
    plan = RampPlan([0.5], minutes_per_step=60, min_requests=1)
    events, running = [], []

    def note(minute, event):
        events.append(event)
        running.append(len(servers()))

    report = run_demo("bad", rate=80, minute_s=0.4, instances=1, limit_ms=60_000, plan=plan, seed=1, on_minute=note)
    assert report.live.rollout.verdict == "FAIL"
    assert report.dropped == 0 and report.load.failures == ()
    assert len(report.live.log) == report.load.sent
    assert events[report.live.rollout.minutes - 1] == "stopped"
    # Three servers until the rollback, then the candidate's is gone while requests still come.
    assert running[0] == 3 and running[-1] == 2
    assert servers() == []
    assert report.live.log["weight"].iloc[-1] == 0
    show_summary(report, Console(width=100))
    shown = capsys.readouterr().out
    assert "롤백 (FAIL)" in shown and "잃어버린 요청 0건" in shown


def test_the_command_writes_a_log_that_replay_reads(tmp_path, servers):
    log = tmp_path / "demo.parquet"
    runner = CliRunner()
    options = ["--minutes", "3", "--minute-seconds", "0.5", "--rate", "60", "--instances", "1", "--log", str(log)]
    done = runner.invoke(app, ["rollout", "demo", "--scenario", "good", *options])
    assert done.exit_code == 0, done.output
    assert "판정 불가 (INCONCLUSIVE)" in done.output and str(log) in done.output
    frame = pd.read_parquet(log)
    assert frame["weight"].unique().tolist() == [0.05]
    assert servers() == []
    again = runner.invoke(app, ["rollout", "replay", str(log), "--minute", "500ms"])
    assert again.exit_code == 0, again.output
    assert "판정 불가 (INCONCLUSIVE)" in again.output


def test_an_interrupt_ends_allservers():
    """SIGINT to the command alone, as a terminal sends it to a foreground process; its servers follow in order."""
    command = [sys.executable, "-c", "from coursekit.cli import main; main()", "rollout", "demo", "--instances", "1"]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    servers = []
    for _ in range(300):
        servers = psutil.Process(demo.pid).children(recursive=True)
        if len(servers) == 3:
            break
        time.sleep(0.1)
    assert len(servers) == 3
    demo.send_signal(signal.SIGINT)
    output, _ = demo.communicate(timeout=60)
    assert demo.returncode == 130, output
    assert "중단했습니다" in output and "Traceback" not in output
    assert not psutil.wait_procs(servers, timeout=10)[1]


def test_an_audit_is_told_with_its_numbers(capsys):
    report = audit(RampPlan([0.05]), runs=200, regression=2.0)
    show_audit(report, Console(width=100))
    shown = capsys.readouterr().out
    assert f"{report.false_rollback_rate:.2%}" in shown and f"절반은 {report.median_minutes:.0f}분" in shown
    assert "2배 나쁨" in shown
    show_audit(audit(RampPlan([0.05]), runs=50), Console(width=100))
    assert "배 나쁨" not in capsys.readouterr().out


def test_every_word_of_a_verdict_has_its_korean():
    assert set(WORDS) == set(VERDICTS)
    assert set(REASONS.values()) <= set(KOREAN)
    assert set(TOLD) == set(SCENARIOS)


@pytest.mark.parametrize("wrong", [{"scenario": "ugly"}, {"model": "tree"}, {"minutes": 0}, {"instances": 0}])
def test_wrong_options_are_refused_before_anything_starts(wrong, servers):
    with pytest.raises(ValueError, match=f"run_demo: {next(iter(wrong))}"):
        run_demo(**wrong)
    assert servers() == []
