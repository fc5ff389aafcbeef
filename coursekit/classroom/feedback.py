"""What a student gets back: a page with scores and reasons, without hidden tests and without scripts."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from coursekit.classroom.course import RECORDS, Course, alembic_on_path, captured_log
from coursekit.classroom.leaks import normalised, tells_something
from coursekit.classroom.regions import public_part, read_lines
from coursekit.classroom.restoring import describe
from coursekit.classroom.stops import STOPPED
from coursekit.writing import write_whole

TEMPLATE = "coursekit_feedback"
_TEMPLATES = Path(__file__).parent / "templates"
_SHOWN = ("image/png", "image/jpeg", "text/html", "text/plain")
_TEXT_TAGS = "a abbr b blockquote br caption code del div em h1 h2 h3 h4 h5 h6 hr i img p pre s span strong sub sup"
_TABLE_TAGS = "col colgroup dd dl dt li ol table tbody td tfoot th thead tr ul"
_VALUES = re.compile(r"DESIRED|ACTUAL|Mismatched elements|\[left\]|\[right\]|Arrays are not|!=")
_DEEPEST = 200
_NEVER_OPEN = set("area base br col embed hr img input link meta source track wbr".split())
_TOO_DEEP = "<p>(너무 깊이 겹친 HTML이어서 뺐습니다)</p>"
_NOTHING_SAID = "확인하는 조건이 성립하지 않았습니다."


def write_feedback(course: Course, assignment: str) -> list[Path]:
    """Write a feedback page for every student who handed an assignment in.

    nbgrader's own pages show the hidden tests, and the tracebacks show them again; what a
    student's code prints as HTML runs in the reader's browser. Here tests are cut to their
    visible part, errors to the violated property, and outputs to text, tables and pictures.
    A hand-in that could not be run gets a page with its reason.

    Parameters
    ----------
    course
        The class.
    assignment
        A graded assignment.

    Returns
    -------
    list of Path
        The pages, one per hand-in.

    Raises
    ------
    RuntimeError
        If nbgrader cannot make a page; the text has its log.

    Examples
    --------
    >>> write_feedback(Course(Path("/nowhere/2025")), "lab01")
    Traceback (most recent call last):
    ...
    sqlalchemy.exc.OperationalError: ...
    """
    from nbgrader.converters import GenerateFeedback

    course.require(assignment)
    if any(course.root.glob(f"autograded/*/{assignment}/*.ipynb")):
        config = course.config()
        config.GenerateFeedback.force = True
        with captured_log() as log, alembic_on_path():
            try:
                GenerateFeedback(coursedir=course.course_directory(assignment_id=assignment), config=config).start()
            except Exception as error:  # nbgrader's own exceptions share no base
                if not any(course.root.glob(f"feedback/*/{assignment}/*.html")):
                    raise RuntimeError(f"no feedback for {assignment}: {error}\n" + "\n".join(log)) from error
    pages = []
    names = {student.id: student.name for student in course.students()}
    for submitted in sorted(course.root.glob(f"submitted/*/{assignment}")):
        student = submitted.parent.name
        page = course.folder("feedback", assignment, student) / f"{assignment}.html"
        ran = (course.folder("autograded", assignment, student) / f"{assignment}.ipynb").is_file()
        if not ran or not page.is_file():  # it could not be run, or nbgrader could not show what it printed
            record = _record(course.root, assignment, student)
            write_whole(page, _page_without_notebook(assignment, student, names.get(student, ""), record))
        pages.append(page)
    return pages


def feedback_steps() -> list[type]:
    """Give the preprocessors that make a graded notebook fit for its student, in order.

    Formgrader generates feedback too; with one list its pages hide the same things.

    Examples
    --------
    >>> [step.__name__ for step in feedback_steps()]
    ['GetGrades', 'HideChecks', 'AddRecord']
    """
    return [GetGrades, HideChecks, AddRecord]


def feedback_exporter() -> type:
    """Give the exporter that knows the filters of the feedback template.

    nbgrader's configuration wants the class, and wants it only when feedback is made.

    Examples
    --------
    >>> feedback_exporter().__name__
    'FeedbackExporter'
    """
    return FeedbackExporter


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML exporter with a filter that lets no script through.

    The template calls the filter on everything that a student's code has displayed.

    Examples
    --------
    >>> "clean_html" in dict(FeedbackExporter().default_filters())
    True
    """

    def default_filters(self) -> Any:
        """Nbconvert's filters and ours."""
        yield from super().default_filters()
        yield "clean_html", clean_html


class HideChecks(NbGraderPreprocessor):
    r"""Cut hidden tests from test cells, and from everything that repeats them.

    A hidden test is read once and shared with the next year; a traceback or a student's print of
    the cell's source shows it just as its text does.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> text = "assert f(1)\n### BEGIN HIDDEN TESTS\nassert f(2) == 4\n### END HIDDEN TESTS"
    >>> cell = new_code_cell(text, metadata={"nbgrader": {"grade": True, "solution": False}})
    >>> HideChecks()(new_notebook(cells=[cell]), {})[0].cells[0].source
    'assert f(1)'
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Cut the notebook's tests, errors and outputs."""
        tests = [cell for cell in nb.cells if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)]
        lines = [line for cell in tests for line in read_lines(cell.source)]
        public = {normalised(line.text) for line in lines if line.kind == "public"}
        hidden = {
            normalised(line.text) for line in lines if line.kind == "hidden" and tells_something(line.text)
        } - public
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            is_test = any(cell is test for test in tests)
            if is_test:
                cell.source = public_part(cell.source).strip()
            cell.outputs = [_fit(output, is_test=is_test, hidden=hidden) for output in cell.outputs]
        return nb, resources


class AddRecord(NbGraderPreprocessor):
    """Add what grading noted about the submission: the name, reasons, and what was mended.

    "0점" without a reason is an e-mail to the instructor.

    Examples
    --------
    >>> AddRecord().enabled
    True
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Put the notes where the template finds them."""
        about = resources["nbgrader"]
        root = Path(self.config.CourseDirectory.root)
        record = _record(root, about["assignment"], about["student"])
        resources["feedback"] = {
            "name": _name(root, about["student"]),
            "css": _css(),
            "notes": _notes(record),
            "score": _number(about["score"]),
            "max_score": _number(about["max_score"]),
        }
        return nb, resources


def clean_html(text: str) -> str:
    """Give HTML without scripts, styles, event handlers and anything that is loaded from elsewhere.

    An instructor reads a hundred pages that students' code has written; one script among them
    reads the instructor's session.

    Parameters
    ----------
    text
        HTML from a student's cell.

    Examples
    --------
    >>> clean_html('<p onclick="steal()">표<script>steal()</script></p><img src="https://x.example/t.png">')
    '<p>표</p><img>'
    """
    import bleach

    text = re.sub(r"(?is)<(script|style|iframe|object|svg|math|template)\b.*?(</\1\s*>|\Z)", "", text)
    if _endless(text):
        return _TOO_DEEP

    def allowed(tag: str, name: str, value: str) -> bool:
        if name == "src":
            return tag == "img" and value.startswith(("data:image/png", "data:image/jpeg", "data:image/gif"))
        if name == "href":
            return tag == "a" and value.startswith(("#", "https://", "http://"))
        return name in {"alt", "colspan", "rowspan", "class", "title"}

    return bleach.clean(
        text,
        tags=set(f"{_TEXT_TAGS} {_TABLE_TAGS}".split()),
        attributes=allowed,
        protocols={"http", "https", "data"},
        strip=True,
        strip_comments=True,
    )


def _endless(text: str) -> bool:
    """Whether tags stand open in such numbers that the parser, which looks at all of them each time, takes hours."""
    standing: Counter[str] = Counter()
    depth = 0
    for closing, name in re.findall(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)", text):
        name = name.lower()
        if name in _NEVER_OPEN:
            continue
        if not closing:
            standing[name], depth = standing[name] + 1, depth + 1
        elif standing[name]:
            standing[name], depth = standing[name] - 1, depth - 1
        if depth > _DEEPEST:
            return True
    return False


def _fit(output: NotebookNode, *, is_test: bool, hidden: set[str]) -> NotebookNode:
    if output.output_type == "error":
        if output.ename in STOPPED:
            output.traceback = [STOPPED[output.ename]]
        elif is_test:
            output.traceback = [_violated(output)]
        told = "\n".join([*output.traceback, output.evalue])
        if _shows(told, hidden):
            output.traceback = [f"{output.ename} (자세한 내용은 공개되지 않은 확인과 관련되어 뺐습니다)"]
        output.evalue = ""
    elif output.output_type == "stream":
        if _shows(output.text, hidden):
            output.text = "(공개되지 않은 확인의 내용이 들어 있어 뺐습니다)"
    else:
        output.data = {kind: output.data[kind] for kind in _SHOWN if kind in output.data} or {
            "text/plain": "(이 쪽에서는 보일 수 없는 출력입니다)"
        }
        if _shows("\n".join(str(value) for value in output.data.values()), hidden):
            output.data = {"text/plain": "(공개되지 않은 확인의 내용이 들어 있어 뺐습니다)"}
    return output


def _violated(error: NotebookNode) -> str:
    """The property that a failed check names; values it should have had are not told."""
    said = re.sub(r"\x1b\[[0-9;]*m", "", error.evalue).strip()
    if error.ename in ("AssertionError", "CheckFailed", "StudentError"):
        return said if said and not _VALUES.search(said) else _NOTHING_SAID
    if error.ename == "NotImplementedError":
        return "답을 쓰지 않은 셀이 있습니다."
    return f"{error.ename}: {said.splitlines()[0] if said else ''}"


def _shows(text: str, hidden: set[str]) -> bool:
    """Whether a hidden line stands in a text, line breaks, colours and escapes aside."""
    plain = re.sub(r"\x1b\[[0-9;]*m|\\[nt]|\s+", "", html.unescape(text))
    return any(line in plain for line in hidden)


def _record(root: Path, assignment: str, student: str) -> dict[str, Any]:
    path = root / RECORDS / "grades" / assignment / f"{student}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _name(root: Path, student: str) -> str:
    with Course(root).gradebook() as gradebook:
        one = gradebook.find_student(student)
        from coursekit.classroom.roster import Student

        return Student(one.id, one.last_name or "", one.first_name or "", "").name


def _notes(record: dict[str, Any]) -> list[str]:
    notes = [record["message"]] if record.get("message") else []
    return notes + [f"{text}." for text in describe(record.get("flags", []), korean=True)]


def _number(value: float) -> str:
    return f"{round(float(value), 2):g}"


def _css() -> str:
    from pygments.formatters import HtmlFormatter

    return (_TEMPLATES / "feedback.css").read_text(encoding="utf-8") + HtmlFormatter().get_style_defs(".highlight")


def _page_without_notebook(assignment: str, student: str, name: str, record: dict[str, Any]) -> str:
    said = _notes(record) or ["아직 채점하지 않았습니다."]
    notes = "\n".join(f'<p class="note">{html.escape(note)}</p>' for note in said)
    title = f"{html.escape(assignment)} 채점 결과"
    score = f"{_number(record.get('score', 0))} / {_number(record.get('max_score', 0))}점" if record else ""
    return (
        f'<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_css()}</style></head>\n<body><header><h1>{title}</h1>"
        f'<p class="who">{html.escape(name)} ({html.escape(student)})</p><p class="total">{score}</p>\n{notes}\n'
        "</header></body></html>\n"
    )
