"""The wheel in an environment of its own: plotly.js is served without a word of configuration."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_the_wheel_brings_its_server_extension(tmp_path):
    """Dependencies come from this environment; coursekit itself only from the wheel."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = [
        sys.executable,
        "-m",
        "pip",
        f"--python={python}",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    config = tmp_path / "env" / "etc" / "jupyter" / "jupyter_server_config.d" / "coursekit_explore.json"
    assert json.loads(config.read_text())["ServerApp"]["jpserver_extensions"] == {"coursekit.explore.server": True}

    # a line in a .pth adds the folder, but not the .pth files in it, where the editable install lives
    purelib = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    (Path(purelib) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    probe = (
        "import coursekit.explore as e, sys; from coursekit.explore.server import handlers\n"
        "assert e.__file__.startswith(sys.prefix), e.__file__\n"
        "assert (e.PlotlyView()._esm and e.PlotlyView()._css), 'the front end is not in the wheel'\n"
        "import coursekit.explore.export as x; x._scripts(); x.page_exporter(theme='light')\n"
    )
    shared = {"JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter"), "HOME": str(tmp_path)}
    subprocess.run([python, "-c", probe], check=True, cwd=tmp_path, env={"PATH": "", **shared})
    listed = subprocess.run(
        [python, "-m", "jupyter_server.extension.serverextension", "list"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": "", "JUPYTER_CONFIG_DIR": str(tmp_path), **shared},
    )
    told = listed.stdout + listed.stderr
    assert "coursekit.explore.server" in told
    assert str(tmp_path / "env") in told, "the configuration was found elsewhere"
