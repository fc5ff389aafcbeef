"""A class of 24 simulated students, with everything that a real one hands in."""

from __future__ import annotations

import ast
import copy
import json
import random
import shutil
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pandas as pd
import plotly.graph_objects as go

from coursekit.classroom.contracts import Variant, read_variant, reference_answers, with_answers
from coursekit.classroom.course import create_course
from coursekit.classroom.editions import assignment_sources, repository_root
from coursekit.classroom.feedback import write_feedback
from coursekit.classroom.grading import Grade, GradingReport, grade
from coursekit.classroom.submissions import ImportReport, import_submissions
from coursekit.classroom.summary import write_summary

NAMES = (
    "김민준 이서연 박도윤 최지우 정하준 강서현 조은우 윤하은 장시우 임지민 한주원 오수아 "
    "서지호 신유나 권준서 황보라 안건우 송다은 남궁현 유채원 제갈린 문예준 배소율 노태오"
)
"""24 names, a class's usual mixture; two have a family name of two syllables."""

BEHAVIOURS = (
    *("right",) * 5,
    *("wrong",) * 7,
    *("partly right",) * 2,
    *("blank", "crash", "endless loop", "broken JSON", "duplicated test", "deleted test"),
    *("renamed", "warnings", "twice", "nothing"),
)
"""What the students do, one entry each."""

CELL_TIMEOUT, NOTEBOOK_TIMEOUT = 20, 120
_DAY = (2025, 3, 10)


@dataclass(frozen=True)
class DemoResult:
    """What came of the demonstration class.

    Examples
    --------
    >>> DemoResult(Path("build/demo/class"), (), (), (), Path("build/demo/class.html")).to_frame().empty
    True
    """

    course: Path
    """The course directory; formgrader opens it."""
    imports: tuple[ImportReport, ...]
    """One per assignment."""
    gradings: tuple[GradingReport, ...]
    """One per assignment."""
    behaviours: tuple[tuple[str, str, str], ...]
    """Assignment, student and what the student did."""
    summary: Path
    """The page about the class."""

    def to_frame(self) -> pd.DataFrame:
        """One row per student and assignment: what was done, and what grading made of it."""
        did = {(assignment, student): what for assignment, student, what in self.behaviours}
        frames = [
            report.to_frame().assign(
                assignment=report.assignment, did=[did[report.assignment, one.student] for one in report.grades]
            )
            for report in self.gradings
        ]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def plot(self) -> go.Figure:
        """Scores by what the students did."""
        frame = self.to_frame()
        figure = go.Figure(layout={"title": "학생이 한 일과 받은 점수", "yaxis_title": "득점률 (%)"})
        for assignment, rows in frame.groupby("assignment"):
            figure.add_scatter(
                x=rows["did"], y=100 * rows["score"] / rows["max_score"], mode="markers", name=assignment
            )
        return figure


def run(
    directory: Path,
    *,
    sources: Sequence[Path] | None = None,
    seed: int = 0,
    workers: int | None = None,
    on_step: Callable[[str, int], None] | None = None,
    on_result: Callable[[Grade], None] | None = None,
) -> DemoResult:
    """Let a simulated class hand in, import it as from an LMS, grade it, and write everything out.

    A grading system is judged by its worst day; here each of its usual troubles happens to
    somebody, and the others get their grades.

    Parameters
    ----------
    directory
        Where everything is built anew; an earlier demonstration there is replaced.
    sources
        Source folders of the assignments; the repository's first lab and first quiz by default.
    seed
        Decides who does what.
    workers
        Submissions at a time; one per processor by default.
    on_step
        Called with the name of each step and how many hand-ins it has.
    on_result
        Called with each grade.

    Raises
    ------
    FileNotFoundError
        If there is no lab or quiz.
    FileExistsError
        If the directory holds something else than an earlier demonstration.

    Examples
    --------
    >>> run(Path("/nowhere"), sources=[])
    Traceback (most recent call last):
    ...
    FileNotFoundError: no lab or quiz to hand in: run the demonstration from the course repository
    """
    chosen = _first_lab_and_quiz() if sources is None else list(sources)
    if not chosen:
        raise FileNotFoundError("no lab or quiz to hand in: run the demonstration from the course repository")
    say = on_step or (lambda name, total: None)
    _clear(directory)
    roster = _write_roster(directory)
    course = create_course(directory / "class", roster=directory / "students.csv")
    imports, gradings, behaviours = [], [], []
    for number, source in enumerate(chosen):
        name = source.name
        say(f"{name}: release", 0)
        released = course.release(source) / f"{name}.ipynb"
        archive = directory / f"{name}_submissions.zip"
        did = _hand_in_all(source, released, roster, archive, seed=seed + number)
        behaviours += [(name, student, what) for student, what in did.items()]
        say(f"{name}: import", 0)
        imports.append(import_submissions(course, name, archive))
        say(f"{name}: grade", len(roster))
        gradings.append(
            grade(
                course,
                name,
                workers=workers,
                cell_timeout=CELL_TIMEOUT,
                notebook_timeout=NOTEBOOK_TIMEOUT,
                on_result=on_result,
            )
        )
        say(f"{name}: feedback", 0)
        write_feedback(course, name)
    summary = write_summary(course, directory / "class.html")
    return DemoResult(course.root, tuple(imports), tuple(gradings), tuple(behaviours), summary)


def _first_lab_and_quiz() -> list[Path]:
    root = repository_root()
    sources = assignment_sources(root) if root else []
    kinds: dict[str, Path] = {}
    for source in sources:
        kinds.setdefault(source.parent.name, source)
    return list(kinds.values())


def _clear(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()):
        if not (directory / "class" / "nbgrader_config.py").is_file():
            raise FileExistsError(f"{directory} holds something else than a demonstration: choose another folder")
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)


def _write_roster(directory: Path) -> dict[str, str]:
    roster = {f"2025{number:04d}": name for number, name in enumerate(NAMES.split(), start=1)}
    lines = ["학번,이름", *(f"{student},{name}" for student, name in roster.items())]
    (directory / "students.csv").write_text("\r\n".join(lines) + "\r\n", encoding="cp949")  # as Excel writes it
    return roster


def _hand_in_all(
    source: Path, released: Path, roster: Mapping[str, str], archive: Path, *, seed: int
) -> dict[str, str]:
    """Write the LMS's zip: Moodle's folders, names in macOS's spelling; return who did what."""
    chance = random.Random(seed)
    reference = dict(reference_answers(source))
    variants = [read_variant(path) for path in sorted((source / "variants").glob("*.py"))]
    behaviours = list(BEHAVIOURS)
    chance.shuffle(behaviours)
    did = dict(zip(roster, behaviours, strict=True))
    blank = nbformat.read(released, as_version=4)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for number, (student, what) in enumerate(did.items()):
            folder = unicodedata.normalize("NFD", f"{roster[student]}_{48000 + number}_assignsubmission_file_")
            for name, content, minute in _files(what, source.name, blank, reference, variants, chance):
                info = zipfile.ZipInfo(f"{folder}/{name}", (*_DAY, 9 + number % 12, minute, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(info, content)
    return did


def _files(
    what: str,
    assignment: str,
    blank: nbformat.NotebookNode,
    reference: Mapping[str, str],
    variants: Sequence[Variant],
    chance: random.Random,
) -> list[tuple[str, str, int]]:
    """Name, content and minute of each file that a student uploads."""
    name = f"{assignment}.ipynb"
    if what == "nothing":
        return []
    if what == "blank":
        return [(name, nbformat.writes(blank), 1)]
    answers = dict(reference)
    if what in ("right", "wrong"):
        of_kind = [variant for variant in variants if variant.kind == what]
        answers |= chance.choice(of_kind).cells if of_kind else {}
    elif what == "partly right":
        answers = {cell: answers[cell] for cell in chance.sample(sorted(answers), k=max(1, len(answers) // 2))}
    elif what in _SABOTAGE:
        cell = sorted(answers)[len(answers) // 2]
        answers[cell] = _SABOTAGE[what](answers[cell])
    done = with_answers(blank, answers)
    if what == "duplicated test":
        tests = [number for number, cell in enumerate(done.cells) if cell.metadata.get("nbgrader", {}).get("grade")]
        done.cells.insert(tests[0] + 1, copy.deepcopy(done.cells[tests[0]]))
    elif what == "deleted test":
        tests = [number for number, cell in enumerate(done.cells) if cell.metadata.get("nbgrader", {}).get("grade")]
        del done.cells[tests[-1]]
    text = json.dumps(done, ensure_ascii=False, indent=1)
    if what == "broken JSON":
        return [(name, text[: len(text) * 2 // 3], 1)]
    if what == "renamed":
        return [("과제 제출합니다 최종.ipynb", text, 1)]
    if what == "twice":
        return [(name, nbformat.writes(blank), 1), (f"{assignment} (1).ipynb", text, 30)]
    return [(name, text, 1)]


def _functions(text: str) -> list[str]:
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


def _crash(text: str) -> str:
    return f"{text}\n\n\nimport os\n\nos._exit(1)"


def _endless(text: str) -> str:
    loops = [f"\n\n\ndef {name}(*arguments, **options):\n    while True:\n        pass" for name in _functions(text)]
    return text + "".join(loops) if loops else f"while True:\n    pass\n{text}"


def _warnings(text: str) -> str:
    wrapped = [
        f"\n\n\ndef noisy_{name}(*arguments, answer={name}, **options):\n"
        '    print("FutureWarning: 곧 바뀝니다", file=sys.stderr)\n'
        f"    return answer(*arguments, **options)\n\n\n{name} = noisy_{name}"
        for name in _functions(text)
    ]
    return f'import sys\n\nprint("UserWarning", file=sys.stderr)\n{text}' + "".join(wrapped)


_SABOTAGE: dict[str, Callable[[str], str]] = {"crash": _crash, "endless loop": _endless, "warnings": _warnings}
