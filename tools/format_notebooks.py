"""Write notebooks in the one form the repository keeps: no outputs, no run counts, canonical JSON.

Run without arguments it rewrites every notebook of the course; ``tests/test_notebooks.py`` uses
``canonical`` to say which notebook is not in that form.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("lectures", "labs", "quizzes", "project_template")
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def course_notebooks(root: Path = ROOT) -> list[Path]:
    """Every notebook that authors edit, in a fixed order."""
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*.ipynb"))
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def canonical(text: str) -> str:
    """The same notebook without outputs, run counts and an editor's traces, as canonical JSON.

    ``nbgrader`` and ``jupyter`` (``source_hidden``) are what the course itself says in metadata;
    all else there is written by whatever program saved the file last.
    """
    notebook = json.loads(text)
    notebook["metadata"] = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    for cell in notebook["cells"]:
        kept = {key: value for key, value in cell["metadata"].items() if key in ("nbgrader", "jupyter", "tags")}
        cell["metadata"] = kept
        if isinstance(cell["source"], str):
            cell["source"] = cell["source"].splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Rewrite what is not canonical and say which."""
    for path in course_notebooks():
        text = path.read_text(encoding="utf-8")
        wanted = canonical(text)
        if text != wanted:
            path.write_text(wanted, encoding="utf-8", newline="\n")
            print(f"rewrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
