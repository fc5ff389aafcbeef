"""A real JupyterLab and a real Chromium, for the tests and benchmarks that need them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CELL = ".jp-Notebook .jp-Cell"


def find_chromium() -> str | None:
    """The system's Chromium or Chrome, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def require_chromium() -> str:
    """The path of Chromium; without one the test fails in CI and is skipped, loudly, elsewhere."""
    found = find_chromium()
    if found:
        return found
    reason = f"no {' or '.join(BROWSERS)} on PATH: `make setup` says how to get one"
    if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser that talks to nobody by itself."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_chromium(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Lab:
    """A running Jupyter server."""

    root: Path
    """Folder that the server shows."""
    url: str
    """Base URL, ending in a slash."""
    token: str
    """What the URL must carry the first time."""
    log: Path
    """What the server wrote."""

    def write(self, name: str, *cells: str) -> Path:
        """Write a notebook of code cells into the root."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(cells)],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a request to the server."""
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def jupyter_lab(
    root: Path,
    *,
    base_url: str = "/",
    settings: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
    python: str = sys.executable,
    seconds: float = 90,
) -> Iterator[Lab]:
    """A JupyterLab of its own: loopback, free port, its own token, no setting of this user's."""
    port, token = _free_port(), secrets.token_hex(16)
    home = root.parent / f"{root.name}-jupyter"
    for name in ("config", "data", "runtime", "settings", "workspaces"):
        (home / name).mkdir(parents=True, exist_ok=True)
    overrides = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        **(settings or {}),
    }
    labconfig = home / "config" / "labconfig"
    labconfig.mkdir(exist_ok=True)
    (labconfig / "default_setting_overrides.json").write_text(json.dumps(overrides), encoding="utf-8")
    root.mkdir(parents=True, exist_ok=True)
    log = home / "server.log"
    env = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")]),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        **(environment or {}),
    }
    command = [
        python,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.base_url={base_url}",
        f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True",  # commands by name instead of menus by language
        "--JupyterNotebookApp.expose_app_in_browser=True",
        # a test run that is killed cannot tidy up: its server ends by itself
        "--ServerApp.shutdown_no_activity_timeout=900",
        "--MappingKernelManager.cull_idle_timeout=900",
        "--MappingKernelManager.cull_interval=60",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=root, start_new_session=True
        )
    lab = Lab(root, f"http://127.0.0.1:{port}{base_url.rstrip('/')}/", token, log)
    try:
        _wait_for_server(lab, process, seconds)
        yield lab
    finally:
        _stop(process)


def _wait_for_server(lab: Lab, process: subprocess.Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{lab.log.read_text(errors='replace')}")
        with contextlib.suppress(OSError):
            if lab.get("api")[0] == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"no server after {seconds} s:\n{lab.log.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and its kernels: they share the session that was started for them."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


@dataclass
class NotebookPage:
    """One notebook open in JupyterLab."""

    page: Page
    """The browser's page."""
    received: list[tuple[float, int]] = field(default_factory=list)
    """Time and bytes of each message that a kernel's websocket brought."""
    requests: list[str] = field(default_factory=list)
    """Every URL that the page asked for."""

    def open(self, name: str) -> None:
        """Open a notebook and wait for its kernel."""
        self.page.evaluate("path => window.jupyterapp.commands.execute('docmanager:open', {path})", name)
        self.page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.wait_for_kernel()

    def close_all(self) -> None:
        """Close every notebook without a question and end its kernel; the page stays."""
        self.page.evaluate(
            """async () => {
                for (const widget of [...window.jupyterapp.shell.widgets("main")]) {
                    await widget.sessionContext?.shutdown();
                    widget.dispose();
                }
            }"""
        )

    def cell(self, index: int) -> Locator:
        """A cell, counted from 0; scrolled into view, as Lab draws only what is near."""
        return self.page.locator(f'{CELL}[data-windowed-list-index="{index}"]').first

    def wait_for_kernel(self, *, seconds: float = 60) -> None:
        """Wait until the kernel is there and idle: Run All before that is silently dropped."""
        self.page.wait_for_function(
            """() => {
                const panel = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden)");
                const name = panel?.querySelector(".jp-Toolbar-kernelName")?.textContent ?? "";
                const status = panel?.querySelector(".jp-Notebook-ExecutionIndicator")?.dataset.status;
                return /python/i.test(name) && status === "idle";
            }""",
            timeout=1000 * seconds,
        )

    def run_all(self, *, seconds: float = 120) -> None:
        """Run all cells, as the menu does, and wait until the kernel is idle again."""
        self.wait_for_kernel(seconds=seconds)
        self.page.evaluate(
            """() => {
                const app = window.jupyterapp;
                return app.commands.execute("notebook:run-all-cells");
            }"""
        )
        self.wait_until_idle(seconds=seconds)

    def run_cell(self, index: int, *, seconds: float = 60) -> None:
        """Select a cell and run it."""
        self.cell(index).click(position={"x": 150, "y": 10})
        self.page.keyboard.press("Control+Enter")
        self.wait_until_idle(seconds=seconds)

    def wait_until_idle(self, *, seconds: float = 120) -> None:
        """Wait until no cell is queued or running."""
        self.page.wait_for_timeout(200)
        self.page.wait_for_function(
            """() => {
                const panel = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden)");
                const prompts = [...panel.querySelectorAll(".jp-InputPrompt")].map((p) => p.textContent);
                const status = panel.querySelector(".jp-Notebook-ExecutionIndicator")?.dataset.status;
                return status === "idle" && !prompts.some((text) => text.includes("*"));
            }""",
            timeout=1000 * seconds,
        )

    def wait_for_figures(self, count: int = 1, *, seconds: float = 30) -> None:
        """Wait until so many of our views have drawn."""
        self.page.wait_for_function(
            "n => document.querySelectorAll('.coursekit-plot[data-drawn]').length >= n",
            arg=count,
            timeout=1000 * seconds,
        )

    def save(self) -> None:
        """Save the notebook and wait until the server has it."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def set_theme(self, name: str) -> None:
        """Switch JupyterLab's theme: "JupyterLab Dark" or "JupyterLab Light"."""
        self.page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
        dark = "false" if "Dark" in name else "true"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{dark}']", state="attached")

    def screenshot(self, path: Path, *, full: bool = False) -> Path:
        """Take a picture of the page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, full_page=full)
        return path


def open_lab(browser: Browser, lab: Lab, *, width: int = 1280, height: int = 900) -> NotebookPage:
    """Open JupyterLab in a fresh browser profile, with no notebook yet."""
    page = browser.new_context(viewport={"width": width, "height": height}, locale="ko-KR").new_page()
    opened = NotebookPage(page)
    page.on("websocket", lambda socket: _watch(socket, opened))
    page.on("request", lambda request: opened.requests.append(request.url))
    page.goto(f"{lab.url}lab?token={lab.token}&reset", wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp?.commands.hasCommand('docmanager:open')", timeout=60_000)
    page.evaluate("() => window.jupyterapp.restored")
    return opened


def open_notebook(browser: Browser, lab: Lab, name: str, *, width: int = 1280, height: int = 900) -> NotebookPage:
    """Open a notebook of a running JupyterLab in a fresh browser profile and wait for its kernel."""
    opened = open_lab(browser, lab, width=width, height=height)
    opened.open(name)
    return opened


def _watch(web_socket: Any, opened: NotebookPage) -> None:
    if not re.search(r"/api/kernels/", web_socket.url):
        return
    web_socket.on("framereceived", lambda frame: opened.received.append((time.monotonic(), len(frame))))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all tests of a process; each test brings its own notebook."""
    require_chromium()  # a server that nobody looks at is only waiting time
    with jupyter_lab(tmp_path_factory.mktemp("lab") / "root") as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module: Playwright's event loop must not outlive it."""
    with chromium() as running:
        yield running
