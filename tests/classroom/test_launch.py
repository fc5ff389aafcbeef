"""What `coursekit start` hands to JupyterLab."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from coursekit.classroom import launch
from coursekit.classroom.launch import FIRST_LECTURE, lab_command, prepare_workspace


def test_the_server_listens_on_loopback_in_the_working_copy(tmp_path):
    command = lab_command(tmp_path, port=8899, browser=False)
    assert command.arguments[:3] == (sys.executable, "-m", "jupyterlab")
    assert f"--ServerApp.root_dir={tmp_path}" in command.arguments
    assert "--ServerApp.ip=127.0.0.1" in command.arguments
    assert f"--LabApp.default_url=/lab/tree/{FIRST_LECTURE}" in command.arguments


def test_the_students_profile_travels_in_the_environment_alone(tmp_path, monkeypatch):
    """Nothing is written into the student's own Jupyter settings, and theirs still count."""
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/their/own")
    before = dict(os.environ)
    environment = lab_command(tmp_path).environment
    assert dict(os.environ) == before
    profile, own = environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert own == "/their/own"
    settings = json.loads((Path(profile) / "labconfig" / "default_setting_overrides.json").read_text())
    assert settings["@jupyterlab/translation-extension:plugin"]["locale"] == "ko_KR"
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    disabled = json.loads((Path(profile) / "labconfig" / "page_config.json").read_text())["disabledExtensions"]
    assert disabled["@jupyter/nbgrader:formgrader"]
    server = json.loads((Path(profile) / "jupyter_server_config.d" / "nbgrader.json").read_text())["ServerApp"]
    assert server["jpserver_extensions"]["nbgrader.server_extensions.formgrader"] is False


def test_an_installation_without_a_course_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(launch, "repository_root", lambda: None)
    monkeypatch.setattr(launch, "EDITION_FOLDER", "_nowhere")
    with pytest.raises(FileNotFoundError, match="make dist"):
        prepare_workspace(tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
