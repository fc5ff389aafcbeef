"""Build the wheel that students install: the library and the student edition, proven not to leak.

Run it with ``make dist``.

No source distribution is built: it would hold the solutions.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from coursekit.classroom.editions import EDITION_FOLDER, assignment_sources, build_edition
from coursekit.classroom.releases import scan

ROOT = Path(__file__).resolve().parent.parent


def build(out: Path) -> Path:
    """Build the wheel into a folder; it stands there only if the scan of what is inside finds nothing."""
    with tempfile.TemporaryDirectory(prefix="coursekit-dist-") as name:
        work = Path(name)
        edition = work / EDITION_FOLDER
        build_edition(ROOT, edition)
        environment = {**os.environ, "COURSEKIT_EDITION": str(edition)}
        command = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(work / "wheel"),
            str(ROOT),
        ]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        wheel = next((work / "wheel").glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(work / "unpacked")
        findings = scan(work / "unpacked", assignment_sources(ROOT))
        if findings:
            raise SystemExit("The wheel would leak; nothing was written:\n" + "\n".join(map(str, findings)))
        if not (work / "unpacked" / "coursekit" / EDITION_FOLDER / "lectures").is_dir():
            raise SystemExit("The wheel holds no student edition; nothing was written. See hatch_build.py.")
        out.mkdir(parents=True, exist_ok=True)
        final = out / wheel.name
        shutil.copyfile(wheel, final.with_suffix(".part"))
        final.with_suffix(".part").replace(final)
    return final


if __name__ == "__main__":
    wheel = build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist")
    print(f"{wheel} ({wheel.stat().st_size / 1e6:.1f} MB): no solution and no hidden check inside")
