"""A class of 1,000 that is graded while everything goes wrong: what is lost, and how fast it goes on."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "classroom"))
from soaking import soak

STUDENTS, ROUNDS = 1000, 5


def run() -> list[dict]:
    """One soak: 40 faults, full disks by chance besides."""
    with tempfile.TemporaryDirectory() as folder:
        soaked = soak(Path(folder), STUDENTS, rounds=ROUNDS)
    happened = {
        "workers killed": soaked.faults["worker"],
        "warm processes killed": soaked.faults["zygote"],
        "batches killed": soaked.faults["batch"] + soaked.faults["everything"],
        "locks of the gradebook": soaked.faults["lock"],
        "rows that found the gradebook locked": soaked.faults["locked row"],
        "rows that found the disk full": soaked.faults["full disk"],
    }
    amiss = {
        "hand-ins lost": soaked.lost,
        "hand-ins recorded twice": soaked.twice,
        "hand-ins with other points than undisturbed": soaked.wrong,
        "files and processes left behind": soaked.left,
    }
    rows = [{"figure": f"hand-ins, in {soaked.batches} batches", "value": soaked.students, "unit": ""}]
    rows += [{"figure": name, "value": count, "unit": ""} for name, count in happened.items()]
    rows += [
        {"figure": name, "value": len(found), "unit": "", "bar": "0", "holds": not found}
        for name, found in amiss.items()
    ]
    rate = 60 * soaked.students / soaked.seconds
    return [*rows, {"figure": "hand-ins a minute, all of that included", "value": rate, "unit": "1/min"}]


if __name__ == "__main__":
    for row in run():
        print(row)
