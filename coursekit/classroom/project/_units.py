"""The units that people write in calculations, with their size and their dimension."""

from __future__ import annotations

from fractions import Fraction

# Our own table, and not pint's: importing pint and building its registry costs 0.6 s of a check that takes 0.1 s,
# its numbers are floats, and most of what people write here (만원, 건/일, GB·월) it would have to be taught anyway.
# pint is the oracle of tests/classroom/project/test_calculator.py.

Dimension = tuple[int, int, int, int, int]
DIMENSIONS = ("시간", "데이터", "원", "달러", "에너지")
NONE: Dimension = (0, 0, 0, 0, 0)
TIME: Dimension = (1, 0, 0, 0, 0)
DATA: Dimension = (0, 1, 0, 0, 0)
WON: Dimension = (0, 0, 1, 0, 0)
DOLLAR: Dimension = (0, 0, 0, 1, 0)
ENERGY: Dimension = (0, 0, 0, 0, 1)
RATE: Dimension = (-1, 0, 0, 0, 0)
DATA_RATE: Dimension = (-1, 1, 0, 0, 0)
POWER: Dimension = (-1, 0, 0, 0, 1)

Unit = tuple[Fraction, Dimension]
DAY = Fraction(86_400)
UNITS: dict[str, Unit] = {}


def _add(dimension: Dimension, size: Fraction | int, words: str) -> None:
    UNITS.update({word: (Fraction(size), dimension) for word in words.split()})


_add(TIME, Fraction(1, 10**9), "ns 나노초")
_add(TIME, Fraction(1, 10**6), "us µs μs 마이크로초")
_add(TIME, Fraction(1, 1000), "ms msec 밀리초")
_add(TIME, 1, "s sec secs second seconds 초 초간")
_add(TIME, 60, "min mins minute minutes 분 분간")
_add(TIME, 3600, "h hr hrs hour hours 시간")
_add(TIME, DAY, "d day days 일 일간 하루")
_add(TIME, 7 * DAY, "week weeks 주 주일 주간")
_add(TIME, 30 * DAY, "month months 월 개월 개월간 달")
_add(TIME, 90 * DAY, "분기")
_add(TIME, 365 * DAY, "year years yr 년 연 년간 해")
MONTHS, QUARTERS, YEARS = (
    set("month months 월 개월 개월간 달".split()),
    {"분기"},
    set("year years yr 년 연 년간 해".split()),
)

for power, letter in enumerate(("", "K", "M", "G", "T", "P")):
    _add(DATA, 1000**power, f"{letter}B {letter}바이트")
    _add(DATA_RATE, 1000**power, f"{letter}B/s {letter}Bps")
    _add(DATA_RATE, Fraction(1000**power, 8), f"{letter}bps")
    if letter:
        _add(DATA, 1024**power, f"{letter}iB")
        _add(DATA, 1000**power, f"{letter.lower()}b")  # kb, gb: nobody means bits by it; Mb and Gb stay unread
_add(DATA, 1000, "kB 킬로바이트")
_add(DATA, 1000**2, "메가바이트 메가")
_add(DATA, 1000**3, "기가바이트 기가")
_add(DATA, 1000**4, "테라바이트 테라")
_add(DATA, 1, "byte bytes 바이트")
_add(DATA, Fraction(1, 8), "bit bits 비트")
_add(DATA_RATE, 125, "kbps")

_add(WON, 1, "원 KRW ₩ ￦")
_add(WON, 1000, "천원")
_add(WON, 10**4, "만원")
_add(WON, 10**6, "백만원")
_add(WON, 10**7, "천만원")
_add(WON, 10**8, "억원")
_add(DOLLAR, 1, "달러 USD $ 불")
_add(DOLLAR, Fraction(1, 100), "센트 cent cents")
_add(DOLLAR, 10**4, "만달러")

_add(ENERGY, 3600, "Wh")
_add(ENERGY, 3_600_000, "kWh KWh")
_add(POWER, 1, "W 와트")
_add(POWER, 1000, "kW KW")

_add(NONE, Fraction(1, 100), "% 퍼센트 %p %포인트")
_add(NONE, Fraction(1, 1000), "‰")
_add(RATE, 1, "QPS qps RPS rps TPS tps FPS fps Hz hz")
_add(RATE, 1000, "kHz")
for power, letter in enumerate(("", "K", "M", "G", "T", "P")):
    _add(NONE, 1000**power, f"{letter}FLOP")
    _add(RATE, 1000**power, f"{letter}FLOPS")

# Counting words have no dimension: that a request became an item (요청, 건) is never a slip worth a finding.
COUNTING = frozenset(
    """요청 건 건수 명 인 사람 대 개 병원 병상 행 열 문서 회 번 차례 배 벌 부 장 종 종류 가지 팀 무리 그룹
    집단 곳 군데 줄 단계 GPU gpu CPU cpu vCPU vcpu 코어 노드 서버 인스턴스 머신 파드 컨테이너 복제본 복제
    사본 레플리카 샤드 파티션 워커 스레드 사용자 고객 환자 학생 회원 계정 기기 장비 카메라 센서 라인 공장
    매장 세션 거래 주문 질의 쿼리 질문 응답 호출 메시지 이벤트 로그 레코드 샘플 표본 예제 레이블 라벨
    이미지 사진 영상 프레임 파일 페이지 기사 모델 버전 특징 피처 필드 컬럼 항목 객체 벡터 차원 토큰 글자
    문자 단어 문장 문단 에폭 배치 스텝 매개변수 파라미터 가중치 연산 검사 제품 부품 오류 경보 알림 접속
    교대 조 로트 상자 박스 블록
    연결 동시요청 축 채널 좌석 자리 끼 끼니 글 게시글 게시물 예약
    post posts order orders channel channels job jobs patient patients customer customers
    req reqs request requests query queries token tokens row rows record records event
    events user users item items call calls image images frame frames sample samples param params
    parameter parameters op ops node nodes server servers instance instances core cores replica replicas
    doc docs document documents message messages file files session sessions label labels epoch epochs
    step steps 점 포인트""".split()
)
MACHINES = frozenset(
    """대 노드 서버 인스턴스 머신 파드 컨테이너 GPU gpu CPU cpu vCPU vcpu 코어 복제본 레플리카 워커 샤드
    node nodes server servers instance instances core cores replica replicas""".split()
)
PARTICLES = tuple(
    sorted(
        """이 가 을 를 은 는 로 으로 의 에 도 와 과 씩 이다 입니다 이며 이고 며 고 다 이므로 므로 라서
        이라서 이라 라 까지 에서 이면 면 인데 이니 니 가량 정도 쯤 짜리 가 에 이나 이에요 예요 이었다 였다
        이었습니다 였습니다""".split(),
        key=len,
        reverse=True,
    )
)


# Written before 30 days, 24 hours are mostly 24 hours a day: each may be read so.
_PER = """24 시간 일, 24 h 일, 24 hours 일, 1440 분 일, 86400 초 일, 86400 s 일, 60 분 시간, 60 min 시간, 3600 초 시간,
    3600 s 시간, 60 초 분, 60 s 분, 7 일 주, 30 일 월, 720 시간 월, 12 월 년, 12 개월 년, 365 일 년, 52 주 년"""
PER: dict[tuple[int, str], str] = {
    (int(number), unit): longer for number, unit, longer in (part.split() for part in _PER.split(","))
}


def unit_of(word: str, *, month: Fraction = Fraction(30), year: Fraction = Fraction(365)) -> Unit | None:
    """Look up one unit word, with a particle after it if need be; ``None`` where it is no unit for sure.

    Examples
    --------
    >>> unit_of("ms"), unit_of("건입니다")[1] == NONE, unit_of("사과")
    ((Fraction(1, 1000), (1, 0, 0, 0, 0)), True, None)
    """
    name = unit_name(word)
    if name is None:
        return None
    if name in MONTHS:
        return month * DAY, TIME
    if name in QUARTERS:
        return 3 * month * DAY, TIME
    if name in YEARS:
        return year * DAY, TIME
    if name in UNITS:
        return UNITS[name]
    return Fraction(1), NONE


def unit_name(word: str) -> str | None:
    """Give the unit that a word is, without its particle.

    Examples
    --------
    >>> unit_name("요청이다"), unit_name("GB"), unit_name("사과")
    ('요청', 'GB', None)
    """
    if word in UNITS or word in COUNTING:
        return word
    compound = _of_two(word)
    if compound is not None:
        return compound
    for particle in PARTICLES:
        stem = word.removesuffix(particle)
        if stem != word and (stem in UNITS or stem in COUNTING):
            return stem
    return None


def _of_two(word: str) -> str | None:
    """``GPU시간`` and ``vCPU-시간`` are hours: a counting word before a unit changes nothing."""
    for first in ("GPU", "gpu", "CPU", "cpu", "vCPU", "vcpu", "코어", "노드", "서버", "인스턴스", "instance", "대"):
        rest = word.removeprefix(first).lstrip("-")
        if rest != word and rest in UNITS:
            return rest
    return None


def told_dimension(dimension: Dimension) -> str:
    """Tell a dimension in words that a team reads.

    Examples
    --------
    >>> told_dimension((-1, 1, 0, 0, 0)), told_dimension(NONE), told_dimension((0, 0, 1, 0, 0))
    ('데이터/시간', '개수나 비율', '원')
    """
    above = [_power(name, n) for name, n in zip(DIMENSIONS, dimension, strict=True) if n > 0]
    below = [_power(name, -n) for name, n in zip(DIMENSIONS, dimension, strict=True) if n < 0]
    if not above and not below:
        return "개수나 비율"
    return "/".join(["·".join(above) or "개수", *below])


def _power(name: str, exponent: int) -> str:
    return name if exponent == 1 else f"{name}^{exponent}"
