"""The process that runs jobs, one after the other: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import os
import sys

from coursekit.classroom.grading._executing import Executor


def main() -> None:
    """Answer jobs until stdin ends; only answers go to the original stdout."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints, prints elsewhere
    executor = Executor(slot=int(sys.argv[1]))
    try:
        for line in sys.stdin:
            answers.write(json.dumps(executor.run(json.loads(line))) + "\n")
            answers.flush()
    except BrokenPipeError:
        pass  # nobody waits for the answer any more; the next batch runs the job again
    finally:
        executor.close()


if __name__ == "__main__":
    main()
