"""Write the pages of project_template/ that are made from YAML: the two rubrics and the timeline.

    .venv/bin/python tools/project_pages.py

Run it after a change of rubric.yaml, presentation_rubric.yaml or timeline.yaml;
``tests/classroom/project/test_templates.py`` says when a committed page is not what this makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from coursekit.classroom.project.rubrics import read_rubric
from coursekit.writing import write_whole

TEMPLATE = Path(__file__).resolve().parent.parent / "project_template"
RUBRICS = ("rubric", "presentation_rubric")
DAYS = {"before lecture": "강의 전", "in lecture": "강의 중", "after lecture": "강의 뒤"}


def timeline_page(milestones: list[dict[str, Any]]) -> Iterator[str]:
    """The lines of timeline.md."""
    yield "# 그룹 프로젝트 일정"
    yield ""
    yield "주차는 강의의 번호이고, 마감은 그 주의 강의를 기준으로 합니다. `coursekit project new`에 1강의 날짜를"
    yield "주면 팀의 `project.yaml`에 날짜가 적힙니다. 휴일로 밀린 주가 있으면 그 파일의 `milestones`를 고치세요."
    yield ""
    yield "| 주차 | 때 | 할 일 | 내는 것 |"
    yield "|---|---|---|---|"
    for one in milestones:
        yield f"| {one['week']} | {DAYS[one['day']]} | {one['title']} | {one['deliverable']} |"
    yield ""
    yield "## 그때까지 채울 절"
    yield ""
    yield "| 할 일 | 채울 절 |"
    yield "|---|---|"
    for one in milestones:
        if one["sections"]:
            yield f"| {one['title']} | {', '.join(one['sections'])} |"
    yield ""
    yield "8주차에는 중간고사가 있으므로 프로젝트의 마감이 없습니다. 9절과 10절은 13강과 14강보다 먼저 쓰게"
    yield "되므로, 두 강의의 노트북을 미리 읽으세요."


def pages(template: Path = TEMPLATE) -> dict[str, str]:
    """Every made page by its name, with its text."""
    made = {f"{name}.md": read_rubric(template / f"{name}.yaml").to_markdown() for name in RUBRICS}
    timeline = yaml.safe_load((template / "timeline.yaml").read_text(encoding="utf-8"))
    return {**made, "timeline.md": "\n".join(timeline_page(timeline["milestones"])) + "\n"}


def main() -> int:
    """Write what differs and say which."""
    for name, text in pages().items():
        path = TEMPLATE / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_whole(path, text)
            print(f"wrote {path.relative_to(TEMPLATE.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
