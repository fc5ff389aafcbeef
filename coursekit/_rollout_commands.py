"""The commands ``coursekit rollout demo``, ``audit`` and ``replay``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coursekit.classroom._printing import output_console

if TYPE_CHECKING:
    from coursekit.cases.serving_demo import DemoReport

rollout_app = typer.Typer(
    no_args_is_help=True, help="점진적 배포를 실제로 해 보고, 설정을 감사하고, 기록을 다시 봅니다."
)


class _Scenario(StrEnum):
    bad = "bad"
    good = "good"
    slow = "slow"


class _Model(StrEnum):
    keyword = "keyword"
    ngram = "ngram"


@rollout_app.command("demo")
def rollout_demo(
    scenario: Annotated[
        _Scenario,
        typer.Option(help="후보의 운명. bad: 오류가 늘어납니다. good: 조금 더 낫습니다. slow: 답이 늦어집니다."),
    ] = _Scenario.bad,
    minutes: Annotated[int, typer.Option(min=1, help="판정이 나지 않아도 이만큼 지나면 끝냅니다(압축한 분).")] = 60,
    minute_seconds: Annotated[float, typer.Option(min=0.1, max=60, help="압축한 1분의 길이(초).")] = 2.0,
    rate: Annotated[float, typer.Option(min=1, max=2000, help="1초에 보내는 요청 수.")] = 150,
    seed: Annotated[int, typer.Option(min=0, help="난수의 씨앗.")] = 0,
    model: Annotated[_Model, typer.Option(help="두 버전이 쓰는 의도 분류 모델.")] = _Model.keyword,
    instances: Annotated[int, typer.Option(min=1, max=8, help="버전마다 띄우는 서버 수.")] = 2,
    log: Annotated[Path | None, typer.Option(help="요청 기록을 Parquet으로 저장할 파일.", show_default=False)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="진행 화면 없이 결과만 씁니다.")] = False,
) -> None:
    """이 컴퓨터에서 의도 분류 모델을 실제 요청으로 점진적 배포하고, 판정에 따라 롤백하거나 승격합니다."""
    from contextlib import nullcontext

    from coursekit._rollout_screen import Screen, show_summary
    from coursekit.cases.serving_demo import run_demo

    if log is not None:
        try:
            if log.is_dir():
                raise IsADirectoryError("폴더입니다")
            log.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"--log: {log}에 저장할 수 없습니다. {error.strerror or error}") from None
    console = output_console(width=100)
    try:
        with nullcontext() if quiet else Screen(scenario.value, console) as screen:
            report = run_demo(
                scenario.value,
                model=model.value,
                rate=rate,
                minutes=minutes,
                minute_s=minute_seconds,
                instances=instances,
                seed=seed,
                on_ready=screen.ready if screen else None,
                on_minute=screen.show if screen else None,
            )
    except KeyboardInterrupt:
        typer.echo("중단했습니다. 서버를 모두 끝냈습니다.", err=True)
        raise typer.Exit(130) from None
    show_summary(report, console)
    _saved(report, log)
    if report.dropped:
        raise typer.Exit(1)


def _saved(report: DemoReport, log: Path | None) -> None:
    if log is not None:
        typer.echo(f"요청 기록: {report.live.save(log)}")


@rollout_app.command("audit")
def rollout_audit(
    file: Annotated[Path, typer.Argument(help="Argo Rollouts, Flagger나 Kayenta의 설정 파일(YAML, JSON).")],
    baseline: Annotated[str, typer.Option(help="오류율이 움직이는 모양: flat, seasonal, rising.")] = "flat",
    regression: Annotated[float, typer.Option(min=0.01, help="나쁜 후보의 오류율. 기초선의 몇 배인지 씁니다.")] = 1.5,
    runs: Annotated[int, typer.Option(min=1, help="후보마다 해 보는 배포의 수.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="난수의 씨앗.")] = 0,
) -> None:
    """설정 파일이 멀쩡한 후보를 얼마나 롤백하고, 나쁜 후보를 얼마나 빨리 알아보는지 잽니다."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from coursekit._rollout_screen import show_audit
    from coursekit.deployment.rollout import audit

    console = output_console(width=100)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(file.name, total=runs * (1 if regression == 1 else 2))
        report = audit(
            file,
            runs=runs,
            baseline=baseline,
            regression=regression,
            seed=seed,
            progress=lambda done: progress.advance(task, done),
        )
    show_audit(report, console)


@rollout_app.command("replay")
def rollout_replay(
    log: Annotated[Path, typer.Argument(help="요청 기록: Parquet 파일이나 폴더.")],
    weights: Annotated[str, typer.Option(help="계획의 비율을 쉼표로 이어 씁니다.")] = "0.05,0.10,0.25,0.50",
    minutes_per_step: Annotated[int, typer.Option(min=1, help="한 단계의 길이(분).")] = 6,
    margin: Annotated[float, typer.Option(min=0.001, help="견딜 수 있는 추가 오류의 비율.")] = 1.0,
    min_requests: Annotated[int, typer.Option(min=1, help="한 단계에 후보가 받아야 하는 요청 수.")] = 30,
    minute: Annotated[str, typer.Option(help="1분으로 볼 길이. 예: 1min, 2s.")] = "2s",
) -> None:
    """기록된 요청에 계획과 검정을 다시 적용합니다. 기본값은 demo의 계획입니다."""
    from coursekit._rollout_screen import show_replay
    from coursekit.deployment.rollout import RampPlan
    from coursekit.deployment.rollout.replaying import replay

    try:
        shares = [float(text) for text in weights.split(",")]
    except ValueError:
        raise ValueError(f"--weights: 0.05,0.25처럼 수를 쉼표로 이어 쓰세요. 받은 값: {weights!r}") from None
    plan = RampPlan(shares, minutes_per_step=minutes_per_step, margin=margin, min_requests=min_requests)
    show_replay(replay(log, plan, minute=minute), output_console(width=100))
