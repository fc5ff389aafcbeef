"""What the rollout commands show: minutes as they come, and what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from coursekit.cases.serving_demo import DemoReport
    from coursekit.deployment.rollout import AuditReport, Rollout
    from coursekit.deployment.serving import LiveMinute

VERDICTS = {
    "PASS": ("승격", "green"),
    "FAIL": ("롤백", "red"),
    "INCONCLUSIVE": ("판정 불가", "yellow"),
    "NO_DATA": ("자료 없음", "yellow"),
}
SCENARIOS = {
    "bad": "후보의 오류율이 8분에 3%에서 20%로 오릅니다",
    "good": "후보의 오류율은 2%, 기초선은 3%입니다",
    "slow": "8분부터 후보의 답 다섯 가운데 하나가 0.9초 늦습니다",
}
EVENTS = {"faults": "후보에 고장을 넣음", "stopped": "후보의 서버를 끝냄"}
REASONS = {
    "every step showed what the plan asks for": "모든 단계에서 계획이 요구한 증거가 나왔습니다",
    "the candidate is worse": "후보가 기초선보다 나쁘다는 증거가 쌓였습니다",
    "machines of one version differ by more than chance, so the arms cannot be compared": (
        "같은 버전의 서버끼리 우연보다 크게 달라서 두 버전을 비교할 수 없습니다"
    ),
    "traffic was not split as planned": "요청이 계획한 비율로 나뉘지 않았습니다",
    "a step ran out of time before it showed that the next one is safe": (
        "다음 단계가 안전하다는 증거가 나오기 전에 시간이 다 되었습니다"
    ),
    "the candidate got too few requests in a step": "한 단계에서 후보가 받은 요청이 너무 적습니다",
    "the minutes that were given ended before the plan did": "주어진 시간이 계획보다 먼저 끝났습니다",
    "the recorded log ended before the plan could decide": "판정이 나기 전에 기록이 끝났습니다",
}
_BAR = 12


class Screen:
    """The minutes of a demonstration, as many as fit, with the newest below."""

    def __init__(self, scenario: str, console: Console) -> None:
        self._title = f"점진적 배포: {SCENARIOS[scenario]}"
        self._console = console
        self._rows: list[tuple[Text, ...]] = []
        self._live = Live(
            Spinner("dots", "서버와 라우터를 띄우고 있습니다"), console=console, auto_refresh=False, transient=False
        )

    def __enter__(self) -> Screen:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def ready(self) -> None:
        """All servers run."""
        self._live.update(Text("요청을 보내기 시작했습니다", style="dim"), refresh=True)

    def show(self, minute: LiveMinute, event: str) -> None:
        """One minute more."""
        self._rows.append(_row(minute, event))
        fits = max(self._console.height - 8, 6) if self._console.is_terminal else len(self._rows)
        table = Table(title=self._title, title_justify="left", title_style="bold")
        for name, justify in (
            ("분", "right"),
            ("후보 비율", "right"),
            ("요청 (기초선/후보)", "right"),
            ("나쁜 답", "right"),
            ("롤백할 증거", "left"),
            ("판정", "left"),
        ):
            table.add_column(name, justify=justify, no_wrap=name != "판정")  # type: ignore[arg-type]
        for row in self._rows[-fits:]:
            table.add_row(*row)
        self._live.update(Group(table), refresh=True)


def _row(minute: LiveMinute, event: str) -> tuple[Text, ...]:
    word, colour = VERDICTS.get(minute.verdict, ("진행 중", "dim"))
    verdict = Text(word, style=colour)
    if event:
        verdict.append(f"  {EVENTS[event]}", style="yellow")
    elif not minute.verdict and minute.next_weight != minute.weight:
        verdict.append(f"  {minute.weight:.0%} → {minute.next_weight:.0%}", style="cyan")
    (base, cand), (base_bad, cand_bad) = minute.requests.tolist(), minute.bad.tolist()
    share = min(max(minute.strength, 0.0), 1.0)
    full = int(share * _BAR)  # full only when the limit is reached
    bar = Text("█" * full, style="red" if share >= 1 else "yellow" if share >= 0.5 else "green")
    bar.append("░" * (_BAR - full), style="dim")
    bar.append(f" {max(minute.strength, 0):5.0%}")
    return (
        Text(f"{minute.number}"),
        Text(f"{minute.weight:.0%}"),
        Text(f"{base} / {cand}"),
        Text(f"{base_bad} / {cand_bad}"),
        bar,
        verdict,
    )


def show_summary(report: DemoReport, console: Console) -> None:
    """Say what the rollout did to the candidate, and what it did to the clients."""
    rollout, load = report.live.rollout, report.load
    _verdict(rollout, console)
    harm = float(rollout.harm[0])
    console.print(f"후보 때문에 더 생긴 나쁜 답: 약 {max(harm, 0):.0f}건 (기초선의 비율로 추정한 값)", highlight=False)
    console.print("\n클라이언트가 본 것 (지연 시간은 보내기로 한 때부터 잰 ms)", highlight=False)
    table = Table()
    for name in ("버전", "요청", "오류", "중앙값", "90%", "99%"):
        table.add_column(name, justify="left" if name == "버전" else "right")
    for korean, row in zip(("기초선", "후보"), load.to_frame().itertuples(index=False), strict=True):
        requests, errors, *latency = row
        times = ["-" if value != value else f"{value:,.0f}" for value in latency]
        table.add_row(korean, f"{requests:,.0f}", f"{errors:,.0f}", *times)
    console.print(table)
    retried = int(report.live.log["retried"].sum())
    colour = "green" if not report.dropped else "red"
    console.print(
        f"보낸 요청 {load.sent:,}건, 답이 온 요청 {load.answered:,}건, "
        f"[{colour}]잃어버린 요청 {report.dropped}건[/], 다시 물은 요청 {retried}건",
        highlight=False,
    )
    for failure in load.failures:
        console.print(f"  {failure}", style="red", markup=False, highlight=False)
    console.print(
        f"보내는 쪽이 일정보다 늦은 정도: 중앙값 {load.lag(share=0.5):.1f} ms, 99% {load.lag():.1f} ms", highlight=False
    )
    if load.lag() > 100:
        console.print("이 컴퓨터에는 요청이 너무 많습니다. --rate를 낮추세요.", style="yellow", highlight=False)


def show_audit(report: AuditReport, console: Console) -> None:
    """Say how often a configuration is wrong, and how fast it is right."""
    table = Table(title=f"{report.configuration}: 배포 {report.runs:,}번씩", title_justify="left")
    table.add_column("후보")
    for word, _ in VERDICTS.values():
        table.add_column(word, justify="right")
    table.add_column("중앙값(분)", justify="right")
    table.add_column("더 생긴 나쁜 답", justify="right")
    names = {"harmless": "기초선과 같음", "harmful": f"{report.regression:g}배 나쁨"}
    for name, row in report.to_frame().iterrows():
        shares = [f"{row[verdict]:.1%}" for verdict in VERDICTS]
        table.add_row(names[str(name)], *shares, f"{row['median_minutes']:.0f}", f"{row['mean_harm']:,.0f}")
    console.print(table)
    low, high = report.interval.low, report.interval.high
    console.print(f"검정: {report.evidence}, 오류율의 모양: {report.baseline}", highlight=False)
    console.print(
        f"멀쩡한 후보를 롤백하는 비율: {report.false_rollback_rate:.2%} (95% 구간 {low:.2%} ~ {high:.2%})",
        highlight=False,
    )
    if report.regression != 1:
        times = [
            f"{value:.0f}분" if value < float("inf") else "롤백하지 못함"
            for value in (report.median_minutes, report.p90_minutes)
        ]
        console.print(f"나쁜 후보를 롤백할 때까지: 절반은 {times[0]}, 열에 아홉은 {times[1]}", highlight=False)
        console.print(f"나쁜 후보를 승격하는 비율: {report.missed_rate:.2%}", highlight=False)


def show_replay(rollout: Rollout, console: Console) -> None:
    """Say what would have been decided, and the last minutes before it."""
    frame = rollout.to_frame()
    last = frame.tail(12)
    evidence = f"evidence_{rollout.guardrails[0].name}"
    table = Table(title=f"기록 {rollout.minutes}분 가운데 마지막 {len(last)}분", title_justify="left")
    for name in ("분", "후보 비율", "요청 (기초선/후보)", "롤백할 증거"):
        table.add_column(name, justify="right")
    for minute, row in last.iterrows():
        counts = f"{row['baseline_requests']:.0f} / {row['candidate_requests']:.0f}"
        table.add_row(str(minute), f"{row['weight']:.0%}", counts, f"{max(row[evidence], 0):.0%}")
    console.print(table)
    _verdict(rollout, console)


def _verdict(rollout: Rollout, console: Console) -> None:
    word, colour = VERDICTS[rollout.verdict]
    reason = REASONS.get(rollout.reason, rollout.reason)
    console.print(
        f"판정: [bold {colour}]{word} ({rollout.verdict})[/], {rollout.minutes}분 만에. {reason}.", highlight=False
    )
