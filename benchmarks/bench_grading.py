"""What grading costs and what the graders see: the demonstration class, and every assignment's contracts."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from coursekit.classroom import demo
from coursekit.classroom.contracts import prove
from coursekit.classroom.editions import assignment_sources

ROOT = Path(__file__).resolve().parent.parent
REFERENCE_SECONDS = 20
DEMO_SECONDS = 300


def run() -> list[dict]:
    """Grade everything once, with as many workers as there are processors."""
    rows = []
    for source in assignment_sources(ROOT):
        seconds: dict[str, float] = {}
        report = prove(
            source, workers=1, on_result=lambda one, seconds=seconds: seconds.update({one.student: one.seconds})
        )
        wrong = sum(contract.kind == "wrong" for contract in report.contracts)
        took, killed = seconds["reference"], 100 * report.kill_rate
        name = source.name
        rows += [
            _row(f"{name}: reference solution, alone", took, "s", f"< {REFERENCE_SECONDS}", took < REFERENCE_SECONDS),
            _row(f"{name}: wrong solutions caught, of {wrong}", killed, "%", "100", killed == 100),
            _row(f"{name}: contracts that hold", 100 * _share(report), "%", "100", report.ok),
        ]
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        result = demo.run(Path(folder) / "demo")
        took = time.perf_counter() - started
    hand_ins = sum(grade.status != "missing" for report in result.gradings for grade in report.grades)
    rows.append(_row("demonstration class, everything", took, "s", f"< {DEMO_SECONDS}", took < DEMO_SECONDS))
    rows.append(_row("hand-ins a minute, endless loops and crashes included", 60 * hand_ins / took, "1/min", "", None))
    return rows


def _share(report) -> float:
    return sum(contract.ok for contract in report.contracts) / len(report.contracts)


def _row(figure: str, value: float, unit: str, bar: str, holds: bool | None) -> dict:
    return {"figure": figure, "value": value, "unit": unit, "bar": bar, "holds": holds}


if __name__ == "__main__":
    for row in run():
        print(row)
