"""The commands ``coursekit project new``, ``check``, ``mid-check``, ``contribution``, ``verify``, ``tidy``."""

from __future__ import annotations

import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coursekit.classroom._printing import output_console, show_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from coursekit.classroom.project.findings import Finding

project_app = typer.Typer(
    no_args_is_help=True, help="그룹 프로젝트: 설계 문서를 시작하고, 점검하고, 보너스 시스템을 검증합니다."
)

Document = Annotated[Path, typer.Argument(metavar="DOC", help="설계 문서(.md, 또는 Google 문서에서 내려받은 .docx).")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="결과를 JSON으로 쓸 파일.", show_default=False)]
HtmlOption = Annotated[Path | None, typer.Option("--html", help="결과를 볼 수 있는 페이지.", show_default=False)]


@project_app.command("new")
def project_new(
    team: Annotated[str, typer.Argument(metavar="TEAM", help="팀 이름. 폴더의 이름이 됩니다.")],
    members: Annotated[str, typer.Option("--members", help="팀원의 이름을 쉼표로 나누어 씁니다.")] = "",
    lecture_one: Annotated[
        datetime.datetime | None,
        typer.Option("--lecture-one", formats=["%Y-%m-%d"], help="1강의 날짜. 일정이 여기서 정해집니다."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="팀 폴더. 기본은 팀 이름입니다.", show_default=False)
    ] = None,
    system: Annotated[bool, typer.Option("--system", help="보너스 시스템의 출발점도 넣습니다.")] = False,
) -> None:
    """팀 폴더를 만듭니다: 설계 문서(.md, .docx), 양식, 일정."""
    from coursekit.classroom.project.starting import new_project

    names = [name for raw in members.split(",") if (name := raw.strip())]
    day = lecture_one.date() if lecture_one is not None else None
    made = new_project(team, members=names, lecture_one=day, folder=folder, system=system)
    typer.echo(f"팀 폴더를 만들었습니다: {made.folder}")
    for name in made.files:
        if not name.startswith("system"):
            typer.echo(f"  {name}")
    if system:
        typer.echo("  system (보너스 시스템의 출발점, 먼저 system/README.md를 읽으세요)")
    for name, date in made.milestones.items():
        typer.echo(f"  {date}  {name}")
    if day is None:
        typer.echo("1강의 날짜를 --lecture-one으로 주면 project.yaml에 마감 날짜가 들어갑니다.")


@project_app.command("check")
def project_check(document: Document, as_json: JsonOption = None, html: HtmlOption = None) -> None:
    """설계 문서를 점검합니다. 반드시 고칠 것이 있으면 종료 코드가 1입니다."""
    from coursekit.classroom.project._report_page import report_page
    from coursekit.classroom.project.checking import check_document

    _check_targets(document, as_json, html)
    report = check_document(document)
    console = output_console()
    console.print(f"[bold]{_escaped(report.title)}[/] ({_escaped(document.name)})", highlight=False)
    groups = groupby(report.findings, report.chapter)
    _show(console, {name: [(one, report.where(one)) for one in mine] for name, mine in groups})
    if report.ok:
        console.print(f"규칙 {len(report.checked)}가지를 보았고, 찾은 것이 없습니다.", highlight=False)
    _write(as_json, report.to_dict(), html, lambda: report_page(report))
    console.print("점검은 조언합니다. 점수는 사람이 매깁니다.", highlight=False)
    if any(one.rule.severity == "must" for one in report.findings):
        raise typer.Exit(1)


@project_app.command("mid-check")
def project_mid_check(
    document: Document,
    milestone: Annotated[
        str, typer.Option(help="다른 시점의 이름. project.yaml의 milestones에 있습니다.")
    ] = "mid_check",
    as_json: JsonOption = None,
) -> None:
    """중간 점검: 지금까지 갖추어야 할 절만 봅니다. 고칠 것이 있으면 종료 코드가 1입니다."""
    from coursekit.classroom.project.mid_check import mid_check

    _check_targets(document, as_json)
    report = mid_check(document, milestone=milestone)
    frame = report.to_frame().rename(
        columns={"section": "절", "due": "갖출 때", "state": "상태", "findings": "찾은 것"}
    )
    show_table(frame, f"중간 점검: {document.name}" + (f", {report.date}" if report.date else ""))
    told = {"문서 맨 앞": report.elsewhere}
    told |= {one.section: one.findings for one in report.sections if one.state == "findings"}
    _show(output_console(), {name: [(one, one.place.told) for one in mine] for name, mine in told.items() if mine})
    _write(as_json, report.to_dict())
    if not report.ok:
        raise typer.Exit(1)


@project_app.command("tidy")
def project_tidy(
    document: Document,
    out: Annotated[
        Path | None, typer.Option("--out", help="쓸 파일. 기본은 이름에 -tidy를 붙입니다.", show_default=False)
    ] = None,
) -> None:
    """다 채운 절에서 안내를 지운 사본을 만듭니다. 원래 문서는 그대로 둡니다."""
    from coursekit.classroom.project.guidance import without_guidance
    from coursekit.writing import write_whole

    target = out or document.with_name(f"{document.stem}-tidy{document.suffix}")
    if target.exists():
        raise FileExistsError(f"{target}: 이미 있습니다. --out으로 다른 이름을 주세요.")
    typer.echo(f"안내를 지운 사본: {write_whole(target, without_guidance(document))}")


@project_app.command("contribution")
def project_contribution(
    source: Annotated[Path, typer.Argument(help="설계 문서(.docx), 또는 팀의 git 저장소.")],
    repository: Annotated[Path | None, typer.Option(help="문서와 함께 볼 git 저장소.", show_default=False)] = None,
    as_json: JsonOption = None,
    html: Annotated[Path | None, typer.Option("--html", help="그림을 볼 수 있는 페이지.", show_default=False)] = None,
) -> None:
    """팀원마다 댓글과 편집을 셉니다. 이야기의 실마리일 뿐 점수가 아닙니다."""
    from coursekit.classroom.project._contribution_page import contribution_page
    from coursekit.classroom.project.contributions import contributions

    _check_targets(source, as_json, html)
    report = contributions(source, repository=repository)
    show_table(report.table(), f"기여: {source.resolve().name}")
    if report.activities.empty:
        typer.echo("댓글, 제안, 커밋이 하나도 보이지 않습니다.")
    for note in report.notes:
        typer.echo(note)
    _write(as_json, report.to_dict(), html, lambda: contribution_page(report))


@project_app.command("verify")
def project_verify(
    folder: Annotated[Path, typer.Argument(help="팀의 시스템 폴더. system.yaml이 있는 곳입니다.")],
    timeout: Annotated[float, typer.Option(min=1, help="명령 하나의 제한 시간(초).")] = 600,
    as_json: JsonOption = None,
) -> None:
    """보너스 시스템의 테스트와 증거를 처음부터 다시 실행해 확인합니다. 어긋나면 종료 코드가 1입니다."""
    from coursekit.classroom.project.verifying import verify

    _check_targets(folder, as_json)
    console = output_console()
    with console.status("시스템을 확인하고 있습니다") as status:
        report = verify(folder, timeout=timeout, on_step=lambda step: status.update(str(step)))
    frame = report.to_frame()
    frame = frame[~frame["what"].isin([one.title for one in report.findings])]  # they are told below, with what to do
    columns = {"what": "보는 것", "where": "자리", "status": "상태", "detail": "내용"}
    show_table(frame.rename(columns=columns), f"보너스 시스템: {folder.resolve().name}")
    for one in report.findings:
        colour = "yellow" if one.severity == "must" else "cyan"
        console.print(f"[{colour}]{_escaped(one.title)}[/] [dim]{_escaped(one.where)}[/]", highlight=False)
        console.print(f"  {one.message}\n  {one.remedy}", markup=False, highlight=False)
    counts = [sum(one.severity == severity for one in report.findings) for severity in ("must", "should")]
    told = "모든 약속을 지켰고 증거가 다시 나왔습니다." if report.ok else f"고쳐야 할 것: {counts[0]}건"
    typer.echo(told + (f" 살펴볼 것: {counts[1]}건" if counts[1] else ""))
    if not report.isolated:
        typer.echo("격리하지 않고 실행했습니다. 모르는 사람의 코드는 리눅스에서 확인하세요.")
    _write(as_json, report.to_dict())
    if not report.ok:
        raise typer.Exit(1)


def _show(console: Console, groups: Mapping[str, Sequence[tuple[Finding, str]]]) -> None:
    """Print findings by section, each with its place."""
    from coursekit.classroom.project.findings import SEVERITIES

    explained = set()
    for name, findings in groups.items():
        console.print(f"\n[bold]{_escaped(name)}[/]", highlight=False)
        for one, where in findings:
            colour = "yellow" if one.rule.severity == "must" else "cyan"
            head = f"  [{colour}]{SEVERITIES[one.rule.severity]}[/]  {_escaped(one.rule.title)}"
            console.print(f"{head} [dim]{_escaped(where)}[/]", highlight=False)
            console.print(f"  {one.message}", highlight=False, markup=False)
            if one.rule.id not in explained:  # a reason that is read ten times is read no more
                for label, text in (("왜", one.rule.why), ("예", one.rule.good)):
                    console.print(f"  {label}: {text}", highlight=False, markup=False, style="dim")
            explained.add(one.rule.id)
    if groups:
        console.print(f"\n찾은 것: {sum(map(len, groups.values()))}건", highlight=False)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _check_targets(source: Path, *targets: Path | None) -> None:
    """Refuse to write over what is read, before anything is done: a team's document exists once."""
    places = [source, *(one for one in targets if one is not None)]
    resolved = [one.resolve() for one in places]
    for at, one in enumerate(resolved):
        if one in resolved[:at]:
            raise ValueError(f"{places[at]}: 읽는 문서나 다른 결과와 같은 파일입니다. 다른 이름을 주세요.")
        if at and one.is_dir():
            raise ValueError(f"{places[at]}: 폴더입니다. 파일의 이름을 주세요.")


def _write(as_json: Path | None, content: dict[str, Any], html: Path | None = None, page: Any = None) -> None:
    """Write what was asked for, all of it or nothing."""
    import json

    from coursekit.writing import write_contents

    files: dict[Path, str] = {}
    if as_json is not None:
        files[as_json] = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    if html is not None:
        files[html] = page()
    if files:
        try:
            write_contents(files)
        except OSError as error:
            told = ", ".join(map(str, files))
            raise ValueError(f"{told}: 쓸 수 없습니다({error.strerror}). 쓸 수 있는 곳을 고르세요.") from None
        for path in files:
            typer.echo(f"결과: {path}")
