"""From the command line to lecture 1 in JupyterLab."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import coursekit
from coursekit.classroom.editions import EDITION_FOLDER, build_edition, repository_root
from coursekit.classroom.workspace import UpdateReport, update_workspace

FIRST_LECTURE = "lectures/01_ml_lifecycle.ipynb"
"""What opens when a student starts the course."""


@dataclass(frozen=True)
class LabCommand:
    """How to start JupyterLab on a working copy: arguments and environment of one process."""

    arguments: tuple[str, ...]
    """The command line, this Python first."""
    environment: dict[str, str]
    """The whole environment of the process."""


def prepare_workspace(workspace: Path) -> UpdateReport:
    """Put the student edition that belongs to this installation into a working copy.

    Authors and students open the same notebooks by the same way: from the repository the
    edition is built on the spot, so that nobody ever works in the files that are released.

    Parameters
    ----------
    workspace
        The student's folder; created or brought up to date (see
        :func:`coursekit.classroom.workspace.update_workspace`).

    Raises
    ------
    FileNotFoundError
        If this installation has neither a repository nor a student edition.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp()) / "course"
    >>> report = prepare_workspace(folder)  # doctest: +SKIP
    >>> (folder / FIRST_LECTURE).exists()  # doctest: +SKIP
    True
    """
    packaged = Path(coursekit.__file__).resolve().parent / EDITION_FOLDER
    if packaged.is_dir():
        return update_workspace(packaged, workspace)
    root = repository_root()
    if root is None:
        raise FileNotFoundError(
            "this installation of coursekit has the library but no course: "
            "install the wheel that `make dist` builds, or run from the course repository"
        )
    with tempfile.TemporaryDirectory(prefix="coursekit-") as folder:
        edition = Path(folder) / "edition"
        build_edition(root, edition)
        return update_workspace(edition, workspace)


def lab_command(workspace: Path, *, port: int | None = None, browser: bool = True) -> LabCommand:
    """Say how to start JupyterLab on a working copy, as students should see it.

    Korean menus, no news, no instructors' panels: defaults that travel with the package instead
    of being written into the student's own Jupyter settings.

    Parameters
    ----------
    workspace
        The working copy, which becomes the server's root.
    port
        A port on the loopback interface; None lets Jupyter choose.
    browser
        Whether to open the browser.

    Examples
    --------
    >>> command = lab_command(Path("course"), port=8890, browser=False)
    >>> "--ServerApp.port=8890" in command.arguments, "--no-browser" in command.arguments
    (True, True)
    """
    profile = Path(coursekit.__file__).resolve().parent / "classroom" / "student_profile"
    arguments = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={workspace.resolve()}",
        "--ServerApp.ip=127.0.0.1",
        f"--LabApp.default_url=/lab/tree/{FIRST_LECTURE}",
        "--MultiKernelManager.default_kernel_name=python3",
    ]
    if port is not None:
        arguments.append(f"--ServerApp.port={port}")
    if not browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")  # containers and CI; the server still listens on loopback only
    environment = dict(os.environ)
    # nbgrader's server extensions and terminals look for programs beside this Python.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    path = [str(profile), *filter(None, [environment.get("JUPYTER_CONFIG_PATH", "")])]
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(path)
    return LabCommand(tuple(arguments), environment)
