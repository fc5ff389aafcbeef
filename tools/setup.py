"""Set up .venv with the pinned set: what ``make setup`` runs, and what Windows runs without make.

Only the standard library is used, so that any Python 3.11 to 3.13 with its venv module can run it:

    python3 tools/setup.py
"""

from __future__ import annotations

import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / ".coursekit-installed"
LOCK = ROOT / "requirements.lock"
SUPPORTED = ((3, 11), (3, 13))
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Install what is missing; do nothing, quickly, where all is there."""
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        version = ".".join(map(str, sys.version_info[:2]))
        print(
            f"coursekit needs Python 3.11, 3.12 or 3.13; this is {version} ({sys.executable}).\n"
            "Install one of them, or name it: make setup PYTHON=python3.12",
            file=sys.stderr,
        )
        return 1
    if _installed() != _wanted():
        try:
            _install()
        except subprocess.CalledProcessError as error:
            print(f"\nSetting up stopped: {' '.join(map(str, error.cmd))}\nThe lines above say why.", file=sys.stderr)
            return error.returncode or 1
    _ensure_system()
    return 0


def _wanted() -> str:
    """Fingerprint of what has to be installed: the lock, the project's metadata, the interpreter."""
    parts = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), repr(sys.version_info[:2]).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _installed() -> str:
    return STAMP.read_text() if STAMP.exists() and PYTHON.exists() else ""


def _install() -> None:
    STAMP.unlink(missing_ok=True)
    if not _venv_is_usable():
        print("Creating .venv", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    print("Installing the pinned set (about 2 minutes, 3 GB)", flush=True)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    # pip compiles on one core; compileall uses all of them. Without bytecode TensorFlow's first
    # import takes three times as long.
    subprocess.run([*pip, "--no-compile", "--require-hashes", "-r", LOCK], check=True)
    print("Compiling bytecode", flush=True)
    subprocess.run([PYTHON, "-m", "compileall", "-q", "-j", "0", VENV], check=False, stdout=subprocess.DEVNULL)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], check=True)
    STAMP.write_text(_wanted())


def _venv_is_usable() -> bool:
    if not PYTHON.exists():
        return False
    asked = subprocess.run([PYTHON, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True)
    return asked.returncode == 0 and asked.stdout.strip() == repr(sys.version_info[:2])


def _ensure_system() -> None:
    """What no Python package brings: Chromium for the browser tests, libseccomp for graders' sandbox.

    Debian's packages are installed where that can be done unasked; elsewhere the command is told.
    """
    lacking = {}
    if not any(shutil.which(name) for name in BROWSERS):
        lacking["the browser tests"] = ["chromium", "fonts-nanum"]
    if sys.platform.startswith("linux") and ctypes.util.find_library("seccomp") is None:
        lacking["grading in a sandbox"] = ["libseccomp2"]
    if not lacking:
        return
    packages = [package for needed in lacking.values() for package in needed]
    command = f"apt-get update && apt-get install -y {' '.join(packages)}"
    apt = shutil.which("apt-get")
    if apt and hasattr(os, "geteuid") and os.geteuid() == 0:
        print(f"Installing for {' and '.join(lacking)}: {' '.join(packages)}", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", *packages]):
            done = subprocess.run([apt, *arguments], env=environment, stdout=subprocess.DEVNULL)
            if done.returncode != 0:
                print(f"That failed; {' and '.join(lacking)} need it: {command}", file=sys.stderr)
                return
    else:
        hint = f"sudo sh -c '{command}'" if apt else f"install {' '.join(packages)}"
        print(f"Everything works but {' and '.join(lacking)}. For them: {hint}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
