"""Choices: what has to be beaten, what was not chosen, how it is served and rolled out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from coursekit.classroom.project.documents import Document
from coursekit.classroom.project.findings import Finding, Rule, found
from coursekit.classroom.project.project_file import ProjectFile
from coursekit.classroom.project.rules._alternatives import alternatives
from coursekit.classroom.project.rules._cells import given, has_number, particle, placeholder, plain
from coursekit.classroom.project.rules._outline import part
from coursekit.classroom.project.rules._tables import Record, records

LEAST_ALTERNATIVES = 2
"""Alternatives that a design has weighed at least; one is a straw man."""
LEAST_STAGES = 2
"""Stages of a rollout at least; one is a release to everybody."""

RULES = (
    Rule(
        "baseline-missing",
        "기초선의 표가 없습니다",
        "기초선이 없으면 모델의 0.87이 좋은지 알 수 없습니다. 규칙 한 줄과 같은 성능이라면 모델을 운영하는 비용은 "
        "낭비입니다.",
        "| 전날 같은 시각의 입원 수를 그대로 쓴다 | M1 | 2.4명 | 2026년 1-6월, 지표와 같은 계산 |",
    ),
    Rule(
        "baseline-without-number",
        "기초선에 측정한 값이 없습니다",
        "재지 않은 기초선은 이길 수도 질 수도 없습니다. 모델과 같은 데이터와 같은 계산으로 먼저 재야 개선을 말할 "
        "수 있습니다.",
        "| 키워드 규칙 40개 | M2 | 0.71 | 6월의 문의 4,000건, 모델과 같은 시험 데이터 |",
    ),
    Rule(
        "alternatives-too-few",
        "검토한 대안이 둘보다 적습니다",
        "대안이 없는 설계는 결정이 아니라 처음 떠오른 생각입니다. 반년 뒤 상황이 바뀌면 무엇을 다시 볼지도 "
        "대안에서 나옵니다.",
        "### 대안 1. 병동마다 모델 하나 / ### 대안 2. 외부 API 호출",
    ),
    Rule(
        "alternative-incomplete",
        "대안에 장점, 단점 또는 고르지 않은 이유가 없습니다",
        "단점만 적은 대안은 허수아비입니다. 장점과 고르지 않은 이유가 있어야 그 이유가 사라졌을 때 결정을 바꿀 수 "
        "있습니다.",
        "고르지 않은 이유: 호출 한 건이 12원이어서 월 3,600만 원이 든다. 값이 1원 아래로 내려가면 다시 본다.",
    ),
    Rule(
        "rollout-stages-missing",
        "단계로 나눈 배포 계획이 없습니다",
        "한 번에 모두에게 내보내면 잘못된 모델의 피해도 모두가 받습니다. 작은 비율에서 먼저 보면 같은 잘못을 "
        "5%에서 멈춥니다.",
        "| 카나리 | 5% | 3일 | MAE가 기초선보다 작다 | MAE가 2.4명을 넘거나 오류가 1%를 넘는다 |",
    ),
    Rule(
        "rollout-not-increasing",
        "배포 비율이 단계마다 늘지 않습니다",
        "앞 단계보다 넓지 않은 단계는 새로 알려 주는 것이 없이 시간만 쓰고, 줄어드는 비율은 대개 잘못 적은 것입니다.",
        "0%(섀도), 1%, 5%, 25%, 100%",
    ),
    Rule(
        "rollout-incomplete",
        "배포 단계에 비율, 기간, 통과 기준 또는 롤백 기준이 없습니다",
        "롤백 기준을 미리 정하지 않으면 숫자가 나빠진 뒤에 '조금 더 보자'가 이깁니다. 기간이 없으면 드문 오류를 "
        "볼 만큼 기다리지 않습니다.",
        "| 1단계 | 1% | 24시간 | 오류율 0.5% 이하, p99 200 ms 이하 | 10분 동안 오류율 1% 초과 |",
    ),
    Rule(
        "serving-choice-missing",
        "실시간과 배치, 클라우드와 엣지 가운데 무엇인지 정하지 않았습니다",
        "이 두 결정이 지연, 비용, 장애의 모양을 정합니다. 정하지 않으면 뒤의 QPS와 월 비용 계산이 무엇에 대한 "
        "것인지 알 수 없습니다.",
        "| 처리 방식 | 배치, 매일 15시 | 배정 회의가 하루 한 번이다 |\n| 실행 위치 | 클라우드 | 병원에 서버실이 없다 |",
    ),
)
"""The rules of this module."""

_UNDECIDED = re.compile(
    r"미정|추후|정하지\s*(않|못)|논의\s*중|검토\s*중|고민|아직|나중에|결정\s*예정|정할\s*예정|TBD", re.IGNORECASE
)
# "배치" is also where something is put: "배치 위치", "인스턴스 배치"
_PROCESSING = re.compile(
    r"실시간|온라인\s*(추론|서빙|예측)|동기|스트리밍|스트림|요청마다|즉시|배치(?!\s*(위치|환경|장소|도))|일괄|미리\s*계산|주기적|"
    r"real[\s-]*time|online|stream|batch|async",
    re.IGNORECASE,
)
_LOCATION = re.compile(
    r"클라우드|엣지|에지|온\s*디바이스|온\s*프레미스|온\s*프렘|사내\s*서버|원내\s*서버|현장\s*(서버|장비|기기)|단말|기기\s*(안|위|내|에서)|휴대\s*전화|휴대폰|"
    r"스마트폰|브라우저|데이터\s*센터|전산실|서버실|자체\s*서버|카메라\s*(안|위|내)|게이트웨이|cloud|edge|on[\s-]*device|on[\s-]*prem|"
    r"\b(AWS|GCP|Azure|EC2|GKE|EKS|Lambda|Jetson)\b|네이버\s*클라우드",
    re.IGNORECASE,
)
_PROCESSING_ROW = re.compile(
    r"실시간|배치(?!\s*(위치|환경|장소))|일괄|real[\s-]*time|batch|(추론|서빙|처리|예측|응답|호출)\s*(방식|방법|형태|시점)|"
    r"(만드는|계산하는|답하는|추론하는|예측하는)\s*(때|시점|시각)",
    re.I,
)
_LOCATION_ROW = re.compile(
    r"클라우드|엣지|에지|cloud|edge|온\s*프레미스|(실행|추론|배치|서빙|배포|연산|모델|처리)\s*(위치|장소|환경|곳)|^(위치|장소|인프라|환경)$|"
    r"어디|(만드는|계산하는|추론하는|돌리는|실행하는|답하는)\s*곳",
    re.I,
)
_VAGUE = re.compile(r"충분|적당|적절|필요한\s*만큼|상황에\s*따라|되는\s*대로|당분간|어느\s*정도")
_EITHER = re.compile(
    r"(실시간|배치|클라우드|엣지|에지|온\s*디바이스)\s*(\([^)]*\))?\s*(또는|혹은|이나|나|아니면|or)\s*"
    r"(실시간|배치|클라우드|엣지|에지|온\s*디바이스)",
    re.IGNORECASE,
)
# only what two people would judge differently; "위와 같음" and "AL1이 울림" decide well without a number
_UNDECIDABLE = re.compile(
    r"(문제|이상|지장|장애|특이\s*사항|오류)[이가은는]?\s*(없|있|생기|발생|나타나)|안정적?|양호|정상적?(?!\s*부품)|괜찮|적절|만족스|"
    r"(나쁘|나빠지|떨어지|높아지|느려지)(면|지\s*않)|팀(의|이)\s*(판단|합의)"
)
_PERCENT = re.compile(r"(?<!\d)(\d+(?:\.\d+)?)\s*(?:%|퍼센트|프로)")
_FRACTION = re.compile(r"(\d{1,9})\s*[/⁄]\s*(\d{1,9})(?!\d)")


def check(document: Document, project: ProjectFile | None) -> Iterator[Finding]:
    r"""Check that the design decides: against a baseline, between alternatives, in stages.

    A design without a measured baseline cannot fail, one without alternatives was not chosen, and a
    rollout without a way back is a bet with the users' stakes.

    Parameters
    ----------
    document
        The document.
    project
        The team; not needed here.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from coursekit.classroom.project.documents import read_document
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> table = "| 기초선 | 지표 | 값 | 측정 방법 |\n|-|-|-|-|\n| 전날 값 | M1 | 낮음 | 2026년 1-6월 |\n"
    >>> _ = path.write_text(f"# 병상\n\n## 6. 기초선\n\n{table}", encoding="utf-8")
    >>> [one.message for one in check(read_document(path), None)]
    ["'전날 값': 값 칸에 숫자가 없습니다(지금은 '낮음')."]
    """
    yield from _baselines(document)
    yield from _alternatives(document)
    yield from _stages(document)
    yield from _serving(document)


def _baselines(document: Document) -> Iterator[Finding]:
    home, rows = part(document, "기초선"), records(document, "baselines")
    if home is not None and not rows:
        yield found(
            "baseline-missing", home.place, "기초선의 표를 찾지 못했습니다. 열은 기초선, 지표, 값, 측정 방법입니다."
        )
    for at, row in enumerate(rows, start=1):
        value, name = plain(row.get("값")), plain(row.get("기초선"))
        if not (given(value) and has_number(value)):
            shown = f"(지금은 '{value}')" if given(value) else ""
            yield found("baseline-without-number", row.place, f"'{name or f'{at}행'}': 값 칸에 숫자가 없습니다{shown}.")


def _alternatives(document: Document) -> Iterator[Finding]:
    home = part(document, "대안")
    if home is None:
        return
    weighed = alternatives(home)
    count = len(weighed)
    if count < LEAST_ALTERNATIVES:
        advice = f"{LEAST_ALTERNATIVES}개 이상을 '### 대안 1. 이름'과 같은 소절로 적어 주세요."
        told = f"검토한 대안이 {count}개입니다. {advice}"
        yield found("alternatives-too-few", home.place, told)
    for title, place, lacks in weighed:
        if lacks:
            yield found("alternative-incomplete", place, f"'{title}': 없는 것은 {', '.join(lacks)}입니다.")


def _stages(document: Document) -> Iterator[Finding]:
    home, rows = part(document, "배포와 롤백"), records(document, "stages")
    if len(rows) < LEAST_STAGES and (home is not None or rows):
        what = f"배포 단계가 {len(rows)}개뿐입니다" if rows else "배포 단계의 표를 찾지 못했습니다"
        told = f"{what}. 단계, 비율, 기간, 통과 기준, 롤백 기준의 표에 {LEAST_STAGES}단계 이상을 적어 주세요."
        yield found("rollout-stages-missing", home.place if home is not None else rows[0].place, told)
    shares = _shares(rows)
    before: tuple[float, str] | None = None
    for at, (row, share) in enumerate(zip(rows, shares, strict=True), start=1):
        name = plain(row.get("단계")) or f"{at}단계"
        lacks = [] if share is not None else ["비율"]
        lacks += [column for column in ("기간", "통과 기준", "롤백 기준") if not row.gives(column)]
        for column in ("통과 기준", "롤백 기준"):
            if row.gives(column) and _UNDECIDABLE.search(row.get(column)) and not _decidable(row.get(column)):
                lacks.append(f"수로 된 {column}(지금은 '{plain(row.get(column))}')")
        if _VAGUE.search(plain(row.get("기간"))) and not has_number(row.get("기간")):
            lacks.append(f"기간(지금은 '{plain(row.get('기간'))}')")
        if lacks:
            yield found("rollout-incomplete", row.place, f"'{name}': 없는 것은 {', '.join(lacks)}입니다.")
        if share is None:
            continue
        text = plain(row.get("비율"))
        # several stages may precede the first user: offline, then in the shadow
        if before is not None and share <= before[0] and not share == before[0] == 0:
            yield found(
                "rollout-not-increasing",
                row.place,
                f"'{name}': 비율 {text}{particle(text, '은', '는')} 앞 단계의 {before[1]}보다 크지 않습니다.",
            )
        before = (share, text)


def _decidable(text: str) -> bool:
    named = re.search(r"(?<![A-Za-z])(AL|MON|M|R|G)[ -]?\d|같[음은다]|동일", text)
    return has_number(text) or named is not None


def _shares(rows: Sequence[Record]) -> list[float | None]:
    """The share of each stage: in per cent, or in whatever all stages count (공장 1곳, 5곳, 40곳)."""
    texts = [plain(row.get("비율")) if row.gives("비율") else "" for row in rows]
    shares = [_share(text) for text in texts]
    if any("%" in text for text in texts):
        return shares
    counts = [[float(one.replace(",", "")) for one in re.findall(r"\d[\d,]*(?:\.\d+)?", text)] for text in texts]
    return [
        share if share is not None and not count else (count[0] if count and not _FRACTION.search(text) else share)
        for share, count, text in zip(shares, counts, texts, strict=True)
    ]


def _share(text: str) -> float | None:
    if found_ones := _PERCENT.findall(text):
        return float(found_ones[0])
    if (match := _FRACTION.search(text)) and int(match.group(2)):
        return 100 * int(match.group(1)) / int(match.group(2))
    if re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(\([^)]*\))?\s*", text):
        return float(re.findall(r"\d+(?:\.\d+)?", text)[0])
    if re.search(r"섀도|쉐도|shadow|그림자|오프라인", text, re.I):
        return 0.0
    if re.search(r"전체|전부|모두|모든|전원|전\s*(사용자|병원|공장|트래픽|고객)|all", text, re.I):
        return 100.0
    return None


def _serving(document: Document) -> Iterator[Finding]:
    home = part(document, "서빙과 인프라")
    if home is None:
        return
    rows = records(document, "choices")
    texts = [
        plain(line) for block in home.blocks if block.kind in ("paragraph", "item") for line in block.text.splitlines()
    ]
    sentences = [one for text in texts for one in re.split(r"(?<=다\.)\s+|(?<=[.?!])\s+", text)]
    lacks = [
        name
        for name, asked, answer in (
            ("실시간과 배치", _PROCESSING_ROW, _PROCESSING),
            ("클라우드와 엣지", _LOCATION_ROW, _LOCATION),
        )
        if not _decided(rows, sentences, asked, answer)
    ]
    if lacks:
        told = " 및 ".join(f"'{name}'" for name in lacks)
        yield found(
            "serving-choice-missing",
            home.place,
            f"{told} 가운데 무엇을 골랐는지 적혀 있지 않습니다. 이유와 함께 적어 주세요.",
        )


def _decided(rows: Sequence[Record], sentences: Sequence[str], asked: re.Pattern[str], answer: re.Pattern[str]) -> bool:
    """Whether a choice was made: in its row, in the answer to another question, or in a sentence."""
    own = [row for row in rows if asked.search(plain(row.get("결정")))]
    if own:
        return any(row.gives("선택") and not _open(plain(row.get("선택"))) for row in own)
    said = [plain(row.get("선택")) for row in rows] + list(sentences)
    return any(answer.search(one) and not _open(one) and placeholder(one) is None for one in said)


def _open(text: str) -> bool:
    """Whether an answer leaves the choice open, names both sides, or only praises."""
    praise = re.fullmatch(
        r"(가장\s*)?(빠르게|빨리|편한|좋은|쉬운|싼|적당한|적절한)\s*(곳|데|때|방법|것|쪽)?(에서|으로)?", text
    )
    return bool(_UNDECIDED.search(text) or _EITHER.search(text) or praise)
