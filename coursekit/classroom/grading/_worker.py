"""The process that runs jobs, one after the other: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import os
import signal
import sys

from coursekit.classroom.grading._executing import Executor

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """End when the grader ends, however it does, and only then: Ctrl+C in its window is its own affair."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that rooms are closed and folders removed
    if sys.platform.startswith("linux"):
        from coursekit.classroom.sandbox import _confinement

        _confinement.libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit()


def main() -> None:
    """Answer jobs until stdin ends; only answers go to the original stdout."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")  # half a character fits into no file
    os.dup2(2, 1)  # whatever prints, prints elsewhere
    end_with(int(sys.argv[2]))
    executor = Executor(slot=int(sys.argv[1]))
    try:
        for line in sys.stdin:
            answers.write(json.dumps(executor.run(json.loads(line)), ensure_ascii=False) + "\n")
            answers.flush()
    except BrokenPipeError:
        pass  # nobody waits for the answer any more; the next batch runs the job again
    finally:
        executor.close()


if __name__ == "__main__":
    main()
