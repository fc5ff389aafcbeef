"""An item report as one page: a map of the items, each item's answers by upper and lower group."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from coursekit.classroom.gradebook.item_analysis import FLAGS, Item, ItemReport

_TEMPLATES = Path(__file__).parents[1] / "templates"
_MOST_ANSWERS = 8
_READING = (
    "난이도는 평균 득점률이며 높을수록 쉬운 문항입니다. 변별도는 총점 상위 27%의 득점률에서 하위 27%의 득점률을 뺀 "
    "값입니다. 총점에는 그 문항의 점수도 들어 있으므로 문항이 적으면 변별도가 높게 나옵니다. 나머지 문항과의 상관을 "
    "함께 보세요. 선은 95% 구간입니다. 동점자가 경계에 걸리면 나누어 셉니다. 표시는 살펴볼 곳을 알릴 뿐이며, "
    "어떤 문항도 자동으로 빼지 않습니다. 정답이 잘못되었는지, 문장이 모호한지, 아니면 어렵지만 정직한 문항인지는 "
    "사람이 판단합니다."
)


def item_page(report: ItemReport) -> str:
    """Compose the page; it needs no network and no script, and prints."""
    styles = "\n".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("summary.css", "items.css"))
    count = report.items[0].students if report.items else 0
    facts = [f"채점된 제출 {count}건"]
    facts += [f"제출하지 않은 학생 {report.missing}명"] if report.missing else []
    facts += [f"크론바흐 알파 {report.alpha:.2f}"] if np.isfinite(report.alpha) else []
    cards = "".join(_card(number, one) for number, one in enumerate(report.items, start=1))
    return (
        f'<!DOCTYPE html>\n<html lang="ko"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_safe(report.assignment)} 문항 분석</title>\n<style>{styles}</style></head>\n<body>\n"
        f"<h1>{_safe(report.assignment)} 문항 분석</h1>\n"
        f'<p class="soft">{", ".join(facts)}</p>\n<p class="reading">{_READING}</p>\n'
        f'<div class="figures"><figure><figcaption>난이도와 변별도</figcaption>{_map(report.items)}</figure>'
        f"<figure><figcaption>총점의 분포</figcaption>{_totals(report.totals)}</figure></div>\n"
        f"{_table(report.items)}\n<h2>문항마다 고른 답</h2>\n{cards}</body></html>\n"
    )


def _map(items: Sequence[Item]) -> str:
    """Difficulty across, discrimination up, with intervals; numbers are the items'."""
    left, top, width, height = 44, 12, 400, 300

    def x(value: float) -> float:
        return left + width * value

    def y(value: float) -> float:
        return top + height * (1 - value) / 2

    parts = [f'<rect class="plane" x="{left}" y="{top}" width="{width}" height="{height}"/>']
    for tick in np.linspace(0, 1, 6):
        parts.append(f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{top}" y2="{top + height}"/>')
        parts.append(f'<text x="{x(tick):.1f}" y="{top + height + 16}" text-anchor="middle">{tick:.1f}</text>')
    for tick in np.linspace(-1, 1, 5):
        kind = "zero" if tick == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{left}" x2="{left + width}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(f'<text x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.1f}</text>')
    for number, one in enumerate(items, start=1):
        (a, b), (low, high) = one.difficulty_interval, one.discrimination_interval
        cx, cy = x(one.difficulty), y(one.discrimination)
        kind = "item flagged" if set(one.flags) - {"few", "unused"} else "item"
        parts.append(
            f'<g class="{kind}"><line x1="{x(a):.1f}" x2="{x(b):.1f}" y1="{cy:.1f}" y2="{cy:.1f}"/>'
            f'<line x1="{cx:.1f}" x2="{cx:.1f}" y1="{y(low):.1f}" y2="{y(high):.1f}"/>'
            f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="10"/>'
            f'<text x="{cx:.1f}" y="{cy + 4:.1f}" text-anchor="middle">{number}</text></g>'
        )
    middle = left + width / 2
    parts.append(f'<text x="{middle}" y="{top + height + 34}" text-anchor="middle">난이도 (오른쪽일수록 쉬움)</text>')
    turned = f"translate(12 {top + height / 2}) rotate(-90)"
    parts.append(f'<text transform="{turned}" text-anchor="middle">변별도 (위일수록 잘 가름)</text>')
    return f'<svg viewBox="0 0 {left + width + 16} {top + height + 42}" role="img">{"".join(parts)}</svg>'


def _totals(totals: Sequence[float]) -> str:
    count, edges = np.histogram(totals, np.linspace(0, 1, 11))
    tallest, width, height, left, base = max(1, int(count.max(initial=0))), 40, 290, 24, 312
    parts = [f'<line class="zero" x1="{left}" y1="{base}" x2="{left + 10 * width}" y2="{base}"/>']
    for number, tall in enumerate(count):
        place, size = left + number * width, height * tall / tallest
        parts.append(
            f'<rect class="bar" x="{place + 2}" y="{base - size:.1f}" width="{width - 4}" height="{size:.1f}"/>'
        )
        if tall:
            parts.append(
                f'<text x="{place + width / 2}" y="{base - size - 4:.1f}" text-anchor="middle">{tall}명</text>'
            )
    for number, edge in enumerate(edges):
        parts.append(f'<text x="{left + number * width}" y="{base + 16}" text-anchor="middle">{edge:.0%}</text>')
    parts.append(f'<text x="{left + 5 * width}" y="{base + 34}" text-anchor="middle">총점의 득점률</text>')
    return f'<svg viewBox="0 -16 {2 * left + 10 * width} {base + 56}" role="img">{"".join(parts)}</svg>'


def _table(items: Sequence[Item]) -> str:
    rows = []
    for number, one in enumerate(items, start=1):
        correlation = f"{one.rest_correlation:.2f}" if np.isfinite(one.rest_correlation) else "-"
        (a, b), (low, high) = one.difficulty_interval, one.discrimination_interval
        rows.append(
            f'<tr><td class="number">{number}</td><td>{_safe(one.title)}</td><td class="number">{one.max_score:g}</td>'
            f'<td class="number">{one.difficulty:.2f} <span class="soft">[{a:.2f}, {b:.2f}]</span></td>'
            f'<td class="number">{one.discrimination:.2f} <span class="soft">[{low:.2f}, {high:.2f}]</span></td>'
            f'<td class="number">{correlation}</td><td>{_flags(one)}</td></tr>'
        )
    head = (
        '<th class="number">문항</th><th>제목</th><th class="number">배점</th><th class="number">난이도</th>'
        '<th class="number">변별도</th><th class="number">나머지 문항과의 상관</th><th>살펴볼 것</th>'
    )
    return f"<h2>문항</h2>\n<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _card(number: int, item: Item) -> str:
    if not item.answers:
        body = '<p class="soft">답이 프로그램인 문항이라 답을 세지 않습니다.</p>'
    else:
        most = max(count for _, count, *_ in item.answers) or 1
        shown, rest = item.answers[:_MOST_ANSWERS], item.answers[_MOST_ANSWERS:]
        rows = "".join(_answer(item, answer, most) for answer in shown)
        if rest:
            others = f"그 밖의 답 {len(rest)}가지, {sum(one[1] for one in rest)}명"
            rows += f'<tr><td colspan="5" class="soft">{others}</td></tr>'
        head = (
            '<th>답</th><th class="number">명</th><th></th><th class="number">상위 27%</th>'
            '<th class="number">하위 27%</th>'
        )
        body = f'<table class="answers"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return f"<article><header><strong>{number}. {_safe(item.title)}</strong> {_flags(item)}</header>{body}</article>\n"


def _answer(item: Item, answer: tuple[str, int, float, float], most: int) -> str:
    text, count, upper, lower = answer
    kind = ' class="key"' if item.key and text == item.key else ""
    told = f"{text} (정답)" if kind else (text or "답하지 않음")
    bar = f'<span class="rate" style="width:{100 * count / most:.0f}%"></span>'
    return (
        f'<tr{kind}><td>{_safe(told)}</td><td class="number">{count}</td><td class="wide">{bar}</td>'
        f'<td class="number">{upper:.1f}</td><td class="number">{lower:.1f}</td></tr>'
    )


def _flags(item: Item) -> str:
    return " ".join(f'<span class="badge flag">{_safe(FLAGS[one])}</span>' for one in item.flags)


def _safe(text: str) -> str:
    return html.escape(text)
