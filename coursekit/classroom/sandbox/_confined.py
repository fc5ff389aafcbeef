"""Give up rights, then become another program: how a whole kernel enters the sandbox.

``python -m coursekit.classroom.sandbox._confined ORDER -- COMMAND...``
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from coursekit.classroom.sandbox import _confinement
from coursekit.classroom.sandbox.bubblewrap import WORK


def main() -> None:
    """Bring the files, confine, exec."""
    import pyseccomp  # noqa: F401 - it searches for its library with programs that are forbidden later

    order = json.loads(sys.argv[1])
    command = sys.argv[sys.argv.index("--") + 1 :]
    staged = os.open("/staged", os.O_RDONLY | os.O_DIRECTORY)
    _confinement.bring_files(staged, Path(WORK), uid=order["uid"], room=order["room"])
    os.chdir(WORK)
    os.umask(0o022)
    _confinement.confine({**order, "isolated": True}, {0, 1, 2})
    os.execve(command[0], command, order["environment"])


if __name__ == "__main__":
    main()
