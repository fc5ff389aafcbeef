"""The command line: ``coursekit --help``."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coursekit._final_commands import class_final
from coursekit._project_commands import project_app
from coursekit._report_commands import class_report
from coursekit._rollout_commands import rollout_app
from coursekit.classroom._printing import Progress, finish, output_console, show_grades, show_table

if TYPE_CHECKING:
    from coursekit.classroom.course import Course

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
class_app = typer.Typer(no_args_is_help=True, help="The instructors' side: a class on nbgrader's gradebook.")
app.add_typer(class_app, name="class")
app.add_typer(rollout_app, name="rollout")
app.add_typer(project_app, name="project")
class_app.command("final")(class_final)
class_app.command("report")(class_report)

CourseOption = Annotated[
    Path, typer.Option("--course", "-c", help="The course directory; the current folder by default.")
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", "-j", min=1, help="Submissions at a time; one per processor by default.")
]


@app.callback()
def _root() -> None:
    """Real ML production systems to import, run, break and grade."""


@app.command("start")
def start(
    directory: Annotated[
        Path | None, typer.Option("--dir", help="작업 폴더. 기본은 홈 폴더의 coursekit입니다.", show_default=False)
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="JupyterLab의 포트.")] = None,
    browser: Annotated[bool, typer.Option(help="브라우저를 엽니다.")] = True,
    prepare_only: Annotated[bool, typer.Option("--prepare-only", help="작업 폴더만 준비합니다.")] = False,
) -> None:
    """강의의 작업용 사본을 준비하고 1강을 JupyterLab에서 엽니다."""
    import subprocess

    from coursekit.classroom.launch import lab_command, prepare_workspace

    workspace = directory or Path.home() / "coursekit"
    report = prepare_workspace(workspace)
    typer.echo(f"작업 폴더: {workspace.resolve()}")
    for changed, new in report.laid_beside:
        typer.echo(f"  고친 파일을 그대로 두고 새 버전을 옆에 놓았습니다: {changed} / {new}")
    if prepare_only:
        return
    typer.echo("JupyterLab을 시작합니다. 끝내려면 이 창에서 Ctrl+C를 두 번 누르세요.")
    command = lab_command(workspace, port=port, browser=browser)
    raise typer.Exit(subprocess.call(command.arguments, env=command.environment))


@app.command("check")
def check(
    notebook: Annotated[Path, typer.Argument(help="실습이나 퀴즈 노트북.")],
    cell_timeout: Annotated[int, typer.Option(min=1, help="셀 하나의 제한 시간(초).")] = 60,
) -> None:
    """공개된 확인을 처음부터 새로 실행해 봅니다. 모두 통과하지 못하면 종료 코드가 1입니다."""
    from rich.console import Console

    from coursekit.classroom.checking import LEVELS, check_notebook

    console = Console()
    with console.status(f"{notebook.name}을(를) 처음부터 실행하고 있습니다"):
        report = check_notebook(notebook, cell_timeout=cell_timeout)
    for problem in report.missing:
        console.print(f"  [yellow]확인[/]  {problem}", highlight=False)
    for one in report.checks:
        colour = "green" if one.passed else "red"
        console.print(f"  [{colour}]{LEVELS[one.outcome]}[/]  {one.name}", highlight=False)
        if one.message:
            console.print(f"        {one.message}", highlight=False, markup=False)
    console.print("공개된 확인만 실행했습니다. 공개되지 않은 확인은 채점할 때 함께 실행됩니다.")
    if not report.passed:
        raise typer.Exit(1)


@app.command("hand-in")
def hand_in_command(
    notebook: Annotated[Path, typer.Argument(help="다 푼 실습이나 퀴즈 노트북.")],
    student_id: Annotated[str, typer.Option("--id", "--student-id", help="학번.")],
    folder: Annotated[Path | None, typer.Option("--out", help="zip 파일을 둘 폴더.", show_default=False)] = None,
) -> None:
    """LMS에 올릴 제출 파일(zip)을 만듭니다."""
    from coursekit.classroom.hand_in import hand_in

    result = hand_in(notebook, student_id=student_id, folder=folder)
    for note in result.notes:
        typer.echo(f"알림: {note}")
    typer.echo(f"제출 파일: {result.path}")
    typer.echo(f"지문(sha256): {result.sha256[:16]}")
    typer.echo("이 파일을 그대로 LMS에 올리세요.")


@app.command("doctor")
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script.")] = False,
) -> None:
    """Say what of sandbox, engines, databases, fonts works on this machine, and how to get the rest.

    Exit status: 0, submissions can be isolated here; 1, they cannot.
    """
    import json
    from dataclasses import asdict

    from coursekit.classroom.doctor import examine

    report = examine()
    if as_json:
        content = {"isolates": report.isolates, "findings": [asdict(one) for one in report.findings]}
        typer.echo(json.dumps(content, ensure_ascii=False, indent=1))
    else:
        title = "submissions can be isolated" if report.isolates else "submissions cannot be isolated"
        show_table(report.to_frame()[["what", "state", "detail"]], f"{title} on this machine")
        for one in report.findings:  # outside of the table, where a command can be copied whole
            if one.remedy:
                typer.echo(f"{one.what}: {one.remedy}")
    if not report.isolates:
        raise typer.Exit(1)


@class_app.command("new")
def class_new(
    directory: Annotated[Path, typer.Argument(help="A new folder for the class.")],
    roster: Annotated[Path, typer.Option(help="CSV: id,last_name,first_name,email or 학번,이름 (UTF-8 or CP949).")],
    db_url: Annotated[
        str | None,
        typer.Option(
            envvar="COURSEKIT_DB_URL",
            show_default=False,
            help="A PostgreSQL database for the gradebook, empty or of this course: "
            "postgresql+psycopg2://user:password@host/database. The course keeps the address, without its "
            "password if the variable is set. By default the gradebook is a file in the folder.",
        ),
    ] = None,
) -> None:
    """Make a course directory with its roster."""
    from coursekit.classroom.course import create_course

    course = create_course(directory, roster=roster, db_url=db_url)
    typer.echo(f"{course.root}: {len(course.students())} students")
    if held := course.assignments():
        typer.echo(f"the database already held this course, with {', '.join(held)}: grades in it are kept")
    typer.echo(f"formgrader: cd {course.root} && jupyter lab, then Nbgrader > Formgrader")


@class_app.command("release")
def class_release(
    name: Annotated[str, typer.Argument(help="A lab or quiz of this repository, or a source folder.")],
    course: CourseOption = Path(),
) -> None:
    """Check a source, release it into the class, and prove that nothing leaks."""
    source = _source(name)
    from coursekit.classroom.course import open_course

    released = open_course(course).release(source)
    typer.echo(f"released, nothing leaks: {released}")


@class_app.command("due")
def class_due(
    name: Annotated[str, typer.Argument(help="A released assignment.")],
    when: Annotated[
        datetime.datetime,
        typer.Argument(
            metavar="WHEN", formats=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"], help="Seoul time: 2026-09-10 18:00"
        ),
    ],
    course: CourseOption = Path(),
) -> None:
    """Set when an assignment is due; lateness counts from then."""
    from coursekit.classroom.course import open_course

    opened = open_course(course)
    name = _released(opened, name)
    typer.echo(f"{name} is due {opened.set_due(name, when):%Y-%m-%d %H:%M} (Seoul)")


@class_app.command("import")
def class_import(
    name: Annotated[str, typer.Argument(help="A released assignment.")],
    archive: Annotated[Path, typer.Argument(metavar="ZIP", help="The submissions as the LMS gives them.")],
    course: CourseOption = Path(),
) -> None:
    """Take the hand-ins from an LMS's zip; exit 2 if some belong to nobody or cannot be used."""
    from coursekit.classroom.course import open_course
    from coursekit.classroom.submissions import import_submissions

    opened = open_course(course)
    name = _released(opened, name)
    report = import_submissions(opened, name, archive)
    counts = f"{len(report.unusable)} unusable, {len(report.unmatched)} without an owner"
    show_table(report.to_frame(), f"{name}: {report.imported} imported, {counts}")
    if report.unmatched or report.unusable:
        raise typer.Exit(2)


@class_app.command("grade")
def class_grade(
    name: Annotated[str, typer.Argument(help="A released assignment.")],
    course: CourseOption = Path(),
    student: Annotated[
        list[str] | None, typer.Option("--student", help="Grade this student alone; may be given several times.")
    ] = None,
    workers: WorkersOption = None,
    engine: Annotated[
        str, typer.Option(help="fork (fast), kernel (widgets and comms), nbgrader (its own execution).")
    ] = "fork",
    scheduler: Annotated[
        str | None, typer.Option(help="Run on a Dask cluster, e.g. tcp://127.0.0.1:8786.", show_default=False)
    ] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox/--no-sandbox", help="Isolate every hand-in.")] = True,
    cell_timeout: Annotated[
        float | None, typer.Option(min=1, help="Seconds a cell may take; by default from the reference solution.")
    ] = None,
    notebook_timeout: Annotated[float | None, typer.Option(min=1, help="Seconds a notebook may take.")] = None,
    memory: Annotated[int | None, typer.Option(min=64, help="MiB a process may hold; 2048 by default.")] = None,
    force: Annotated[bool, typer.Option(help="Grade unchanged hand-ins again.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Publish points that a mended test changes.")] = False,
) -> None:
    """Grade every new or changed hand-in.

    Exit status: 0, all graded; 2, some could not be graded; 3, points that a mended test changes wait to be
    published; 130, interrupted.
    """
    from dataclasses import replace

    from coursekit.classroom.course import open_course
    from coursekit.classroom.grading import grade

    opened = open_course(course)
    name = _released(opened, name)
    student = [_on_roster(opened, one) for one in student] if student else None
    if not sandbox:
        typer.echo("No sandbox: hand-ins run with the rights of this account.", err=True)
    with Progress(name, len(opened.students())) as progress:
        report = grade(
            opened,
            name,
            students=student,
            workers=workers,
            engine=engine,
            sandbox=sandbox,
            scheduler=scheduler,
            cell_timeout=cell_timeout,
            notebook_timeout=notebook_timeout,
            memory=None if memory is None else memory << 20,
            force=force,
            publish_changes=publish,
            on_result=progress.advance,
        )
    asked = replace(report, grades=tuple(one for one in report.grades if not student or one.student in student))
    show_grades(asked)
    finish(asked)


@class_app.command("publish")
def class_publish(
    name: Annotated[str, typer.Argument(help="A graded assignment.")], course: CourseOption = Path()
) -> None:
    """Write points that a mended test changes into the gradebook, after `grade` has shown them."""
    from coursekit.classroom.course import open_course
    from coursekit.classroom.grading import publish_held, recorded

    opened = open_course(course)
    name = _released(opened, name)
    waiting = recorded(opened, name)
    if not waiting.differences:
        typer.echo(f"{name}: no points wait to be published")
        return
    publish_held(opened, name)
    for warning in waiting.warnings:
        typer.echo(f"warning: {warning}", err=True)
    show_table(waiting.differences_frame(), f"{name}: published. Write the feedback pages anew: class feedback {name}")


@class_app.command("inspect")
def class_inspect(
    student: Annotated[str, typer.Argument(metavar="STUDENT", help="An id, or a part of a name that is one's alone.")],
    name: Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="A released assignment, or its beginning.")],
    course: CourseOption = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script.")] = False,
) -> None:
    """Show everything that is known about one submission: points, reasons, files, audit."""
    from coursekit.classroom.course import open_course
    from coursekit.classroom.inspection import inspect_submission

    inspection = inspect_submission(open_course(course), name, student)
    if as_json:
        import json

        typer.echo(json.dumps(inspection.to_dict(), ensure_ascii=False, indent=1))
        return
    from coursekit.classroom._inspection_page import show

    show(inspection, output_console())


@class_app.command("feedback")
def class_feedback(
    name: Annotated[str, typer.Argument(help="A graded assignment.")], course: CourseOption = Path()
) -> None:
    """Write a feedback page for each hand-in."""
    from coursekit.classroom.course import open_course
    from coursekit.classroom.feedback import write_feedback

    opened = open_course(course)
    name = _released(opened, name)
    pages = write_feedback(opened, name)
    typer.echo(f"{len(pages)} pages: {opened.root / 'feedback'}/<student>/{name}/{name}.html")


@class_app.command("gradebook")
def class_gradebook(
    course: CourseOption = Path(),
    csv: Annotated[Path | None, typer.Option(help="Also write CSV that Excel opens (UTF-8 with BOM).")] = None,
) -> None:
    """Show every student's scores."""
    from coursekit.classroom.course import open_course
    from coursekit.classroom.gradebook import scores

    table = scores(open_course(course))
    show_table(table.to_frame(), "gradebook")
    if csv is not None:
        typer.echo(f"written: {table.save(csv)}")


@class_app.command("prove")
def class_prove(
    name: Annotated[str, typer.Argument(help="A lab or quiz of this repository, or a source folder.")],
    workers: WorkersOption = None,
) -> None:
    """Grade the reference, the blank release and all variants; exit 1 if a test misjudges one."""
    from coursekit.classroom.contracts import prove

    source = _source(name)
    with Progress(source.name, len(list((source / "variants").glob("*.py"))) + 2) as progress:
        report = prove(source, workers=workers, on_result=progress.advance)
    show_table(report.to_frame(), f"{source.name}: kill rate {report.kill_rate:.0%}")
    if not report.ok:
        raise typer.Exit(1)


@class_app.command("demo")
def class_demo(
    directory: Annotated[Path, typer.Option("--dir", help="Where the demonstration class is built anew.")] = Path(
        "build/demo"
    ),
    workers: WorkersOption = None,
) -> None:
    """Let 24 simulated students hand in lab 1 and quiz 1, and grade them."""
    from coursekit.classroom import demo

    with Progress("demo", 0) as progress:
        result = demo.run(directory, workers=workers, on_step=progress.describe, on_result=progress.advance)
    for report in result.gradings:
        show_grades(report)
    typer.echo(f"class report: {result.summary}")
    typer.echo(f"feedback:     {directory / 'class' / 'feedback'}")


def _source(name: str) -> Path:
    """The source folder that a name means: a path, or a lab or quiz of the repository."""
    from coursekit.classroom.editions import assignment_sources, repository_root

    if (Path(name) / f"{Path(name).resolve().name}.ipynb").is_file():
        return Path(name).resolve()
    root = repository_root()
    sources = assignment_sources(root) if root else []
    found = [source for source in sources if source.name == name] or [
        source for source in sources if source.name.startswith(f"{name}_")
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(source.name for source in sources) or "none (a wheel holds no sources)"
    raise ValueError(f"{name!r} is no source folder and no assignment of this repository; there are: {known}")


def _released(course: Course, name: str) -> str:
    """The released assignment that a name, or the beginning of one, means."""
    from coursekit.classroom.inspection import find_assignment

    return find_assignment(course.assignments(), name)


def _on_roster(course: Course, asked: str) -> str:
    """The id of the student whose id or name was given."""
    from coursekit.classroom.inspection import find_student

    return find_student(course.students(), asked).id


def main() -> None:
    """Run the command line; what a user can mend is told in a sentence, not in a traceback."""
    try:
        app()
    except (ValueError, OSError) as error:  # a full disk and a folder without rights too
        typer.echo(str(error), err=True)
        sys.exit(1)
    except Exception as error:
        if not type(error).__module__.startswith("sqlalchemy"):
            raise
        typer.echo(f"the gradebook cannot be used: {str(error).partition(chr(10))[0]}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
