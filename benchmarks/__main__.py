"""Run all benchmarks and print one table: ``python -m benchmarks [name ...]``."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import time

from rich.console import Console
from rich.table import Table

import benchmarks


def main(wanted: list[str]) -> int:
    """Print each figure beside its bar; exit 1 if a bar does not hold."""
    names = [m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name.startswith("bench_")]
    unknown = [name for name in wanted if f"bench_{name}" not in names]
    if unknown:
        known = ", ".join(name.removeprefix("bench_") for name in names)
        print(f"no benchmark called {', '.join(unknown)}; there are: {known}", file=sys.stderr)
        return 2
    console, missed = Console(width=None if sys.stdout.isatty() else 120), 0
    for name in names:
        topic = name.removeprefix("bench_")
        if wanted and topic not in wanted:
            continue
        started = time.perf_counter()
        with console.status(f"{topic} ..."):
            rows = importlib.import_module(f"benchmarks.{name}").run()
        table = Table(title=f"{topic} ({time.perf_counter() - started:.0f} s)", title_justify="left")
        for heading in ("figure", "value", "unit", "bar", ""):
            table.add_column(heading, justify="right" if heading == "value" else "left")
        for row in rows:
            holds = row.get("holds")
            missed += holds is False
            mark = {True: "holds", False: "MISSED", None: ""}[holds]
            value = row["value"]
            shown = f"{value:,.4g}" if isinstance(value, float) else str(value)
            table.add_row(row["figure"], shown, row.get("unit", ""), row.get("bar", ""), mark)
        console.print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
