"""How long a user waits: imports, the command line, a lecture from top to bottom."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent


def _median_ms(*command: str, repeats: int = 9) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def run() -> list[dict]:
    """Medians of nine starts, the bare interpreter taken off; one run of each lecture."""
    bare = _median_ms(sys.executable, "-c", "pass")
    package = _median_ms(sys.executable, "-c", "import coursekit") - bare
    help_page = _median_ms(str(Path(sys.executable).with_name("coursekit")), "--help")
    rows = [
        {"figure": "import coursekit", "value": package, "unit": "ms", "bar": "< 150", "holds": package < 150},
        {"figure": "coursekit --help, whole process", "value": help_page, "unit": "ms"},
    ]
    for path in sorted((ROOT / "lectures").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
            seconds = time.perf_counter() - started
        rows.append(
            {"figure": f"{path.stem}, all cells", "value": seconds, "unit": "s", "bar": "< 60", "holds": seconds < 60}
        )
    return rows


if __name__ == "__main__":
    for row in run():
        print(row)
