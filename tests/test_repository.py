"""The repository itself: what a fresh clone needs, and what must not be in it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]


def _canonical_name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement).group()).lower()


def test_the_customers_layout_stands():
    wanted = "pyproject.toml README.md README.ko.md CONTRIBUTING.md LICENSE Makefile .ci/run lectures labs coursekit"
    for name in [*wanted.split(), "quizzes", "project_template", "tests", "benchmarks"]:
        assert (ROOT / name).exists(), name


def test_every_dependency_is_pinned_with_hashes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {_canonical_name(r) for r in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]}
    pinned = {_canonical_name(line) for line in LOCK.splitlines() if re.match(r"[\w.-]+==", line)}
    assert wanted <= pinned, f"run `make lock`: {wanted - pinned}"
    blocks = re.split(r"\n(?=[\w.-]+==)", LOCK.strip())
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_lock_names_no_index():
    assert not re.search(r"https?://|--index|--find-links|@ file", LOCK)


def test_nothing_large_is_committed():
    for path in _tracked():
        assert path.stat().st_size < 2_000_000, f"{path.relative_to(ROOT)} needs a reason"


def test_no_machine_and_no_registry_is_named():
    """Paths of a machine and package hosts belong in nobody else's clone."""
    forbidden = re.compile(r"pythonhosted|pypi\.org|/root/|/home/\w+/|registry\.npmjs", re.IGNORECASE)
    for path in _tracked():
        if path.suffix in {".py", ".md", ".toml", ".lock", ".ipynb", ".json", ".csv", ".js", ""} and path != Path(
            __file__
        ):
            found = forbidden.search(path.read_text(encoding="utf-8", errors="ignore"))
            assert not found, f"{path.relative_to(ROOT)} names {found.group()}"


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_set_up_refuses_a_python_it_does_not_know(version, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import setup as bootstrap

    class Version(tuple):
        __slots__ = ()

    monkeypatch.setattr(sys, "version_info", Version((*version, 0, "final", 0)))
    assert bootstrap.main() == 1
    assert f"this is {version[0]}.{version[1]}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["README.md", "README.ko.md", "CONTRIBUTING.md"])
def test_links_and_pictures_resolve(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in target:
            assert (ROOT / target).exists(), f"{name} points to {target}, which is not there"


def test_every_make_command_in_the_readmes_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for name in ("README.md", "README.ko.md", "CONTRIBUTING.md"):
        used = set(re.findall(r"`?make ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8")))
        assert used <= targets, used - targets
