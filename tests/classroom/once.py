"""Work that takes minutes is done by one test process; the others wait for what it made."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 1200


def made_once(tmp_path_factory, worker_id: str, name: str, make: Callable[[Path], Any]) -> tuple[Path, Any]:
    """Give a folder and what ``make`` returned for it (as pickle carries it), made once in a session."""
    base = tmp_path_factory.getbasetemp()
    root = (base if worker_id == "master" else base.parent) / name
    done, failed = root / "made.pickle", root / "failed"
    try:
        root.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done.is_file():
            given_up = failed.exists() or time.monotonic() > deadline
            assert not given_up, f"the other test process did not make {name}"
            time.sleep(0.5)
    else:
        try:
            (root / "part").write_bytes(pickle.dumps(make(root)))
        except BaseException:
            failed.touch()
            raise
        (root / "part").replace(done)
    return root, pickle.loads(done.read_bytes())
