"""Where things stand in a document: its sections, however a team has named them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from coursekit.classroom.project.documents import NOTE, Block, Document, Place, Section

_AND = "(과|와|및|그리고|and)?"
SECTIONS: Mapping[str, str] = {
    "개요": r"(프로젝트|시스템|문서)?(개요|요약|소개)|overview|summary",
    "배경과 동기": (
        rf"(프로젝트)?배경({_AND}(동기|목적|필요성|문제정의|문제))?|(추진)?동기({_AND}배경)?|background.*|motivation"
    ),
    "목표와 지표": rf"목표{_AND}(성공|평가|핵심)?지표|(성공|평가|핵심)?지표{_AND}목표|목표|goals.*",
    "범위와 요구사항": rf"범위{_AND}요구(사항|조건)?|요구(사항|조건){_AND}(범위)?|(scope.*)?requirements",
    "데이터와 레이블": rf"데이터({_AND}(레이블|라벨)(링)?)?|data.*label.*",
    "기초선": r"(기초선|베이스라인|기준선|기준모델|기초모델)(모델)?|baselines?",
    "모델": rf"(ml|머신러닝|기계학습)?(모델|모형|모델링)({_AND}(설계|선택|선정|구조|개발|학습|평가))*|models?",
    "서빙과 인프라": (rf"서빙({_AND}(시스템)?인프라(스트럭처)?)?|인프라(스트럭처)?{_AND}서빙|serving.*"),
    "배포와 롤백": rf"배포({_AND}롤백)?(계획|전략)?|롤백{_AND}배포|deployment.*|rollout.*",
    "모니터링과 드리프트": (
        rf"모니터링({_AND}(데이터)?(드리프트|표류))?(대응|계획|탐지)?|드리프트{_AND}모니터링|monitoring.*"
    ),
    "보안과 개인정보": (
        rf"보안({_AND}(개인정보|프라이버시)(보호)?)?|개인정보(보호)?({_AND}보안)?|security.*|privacy.*"
    ),
    "공정성과 위험": (rf"공정성({_AND}(위험|리스크)(관리|요인|요소)?)?|(위험|리스크){_AND}공정성|fairness.*"),
    "대안": r"(검토한|고려한|다른)?대안(들)?(의)?(검토|비교|분석|안)?|alternatives.*",
    "일정과 역할": rf"(추진)?일정({_AND}역할(분담)?)?|역할(분담)?{_AND}일정|schedule.*|timeline.*",
    "부록 A. 모델 카드": r".*(모델카드|modelcard).*",
    "부록 B. ML Test Score": r".*(mltestscore|(ml|머신러닝)?(시험|테스트)(점수|스코어)).*",
}
"""The sections of a design document in their order, each with the forms in which teams write its name."""

_WORDS: Mapping[str, tuple[str, ...]] = {
    name: tuple(re.sub(r"[과와]$", "", word) for word in name.split()) for name in SECTIONS if "부록" not in name
}


@dataclass(frozen=True)
class Part:
    """A section with its subsections."""

    name: str
    """Its name in the template."""
    sections: tuple[Section, ...]
    """Itself, then its subsections."""

    @property
    def place(self) -> Place:
        """Where its heading stands."""
        return self.sections[0].place

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Everything in it, in order."""
        return tuple(block for section in self.sections for block in section.blocks)


def bare_title(title: str) -> str:
    """A heading without number, parentheses, blanks and punctuation."""
    text = unicodedata.normalize("NFKC", title)
    text = re.sub(r"^\s*[\[(]?(제\s*)?(\d+(\.\d+)*|[ivxIVX]+(?=[.)]))\s*(장|절)?\s*[.)\]]*\s*", "", text)
    return re.sub(r"[^0-9a-z가-힣]+", "", NOTE.sub("", text).lower())


def parts(document: Document) -> list[Part]:
    """The sections of the template that are there, as the document orders them.

    A heading that joins two ("기초선과 모델") stands for both.
    """
    found: list[Part] = []
    open_titles: list[tuple[int, str]] = []
    tops = [at for at, one in enumerate(document.sections) if one.level == 1]
    # some make every section a heading of level 1, and give no title
    untitled = len(tops) > 2 and _name_of(document.sections[tops[0]].title) is not None
    titled = tops[0] if tops and not untitled else -1
    taken: set[str] = set()
    for at, section in enumerate(document.sections):
        if section.level not in (1, 2) or at == titled:
            continue
        name = _name_of(section.title)
        if name is None or name in taken:
            open_titles.append((at, bare_title(section.title)))
        else:
            taken.add(name)
            found.append(Part(name, document.whole(document.sections[at])))
    for name, words in _WORDS.items():
        for at, title in open_titles:
            if name not in taken and all(word in title for word in words):
                taken.add(name)
                found.append(Part(name, document.whole(document.sections[at])))
    starts = {id(section): at for at, section in enumerate(document.sections)}
    return sorted(found, key=lambda one: starts[id(one.sections[0])])


@lru_cache(maxsize=1024)  # each check asks for each heading
def _name_of(title: str) -> str | None:
    bare = bare_title(title)
    return next((name for name, form in SECTIONS.items() if re.fullmatch(form, bare)), None)


def part(document: Document, name: str) -> Part | None:
    """The section of this name."""
    return next((one for one in parts(document) if one.name == name), None)
