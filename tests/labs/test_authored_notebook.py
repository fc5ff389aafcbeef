"""The hidden checks of one notebook never meet the cells of another."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from coursekit.classroom.judging import Student, hidden_check
from coursekit.classroom.judging import checks as checks_module

sys.path.insert(0, str(Path(__file__).parent))
from authored_notebook import AuthoredNotebook, authored

NOTEBOOKS = [*authored("labs"), *authored("quizzes")]


@pytest.mark.parametrize("folder", [notebook.folder for notebook in NOTEBOOKS], ids=lambda folder: folder.name)
def test_hidden_checks_are_registered_while_a_cell_runs_and_never_else(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where no checks.py lies
    monkeypatch.setitem(sys.modules, checks_module._JUDGE_CHECKS, None)
    notebook = AuthoredNotebook(folder)
    assert notebook.hidden_checks.__file__ == str(folder / "checks.py")
    assert sys.modules.get(checks_module._JUDGE_CHECKS) is None
    registered = "import sys\n\nfound = sys.modules[name]"
    notebook.source |= {"looks": registered, "stops": f"{registered}\nraise KeyError('stopped')"}
    names = {"name": checks_module._JUDGE_CHECKS}
    notebook.run("looks", names)
    assert names.pop("found") is notebook.hidden_checks
    with pytest.raises(KeyError, match="stopped"):
        notebook.run("stops", names)
    assert names["found"] is notebook.hidden_checks
    assert sys.modules.get(checks_module._JUDGE_CHECKS) is None
    with pytest.raises(LookupError, match=r"no checks\.py beside"):
        hidden_check("anything", Student({}))
