"""The baseline that needs no training: if "날씨" in query."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from coursekit.cases.intents._text import check_intent, check_intents, check_queries
from coursekit.cases.intents.taxonomy import OUT_OF_SCOPE

_TABLE = {
    "weather": "날씨 기온 미세먼지 우산 습도 자외선 비_와 비_올 비_오 눈_와 눈_올 눈_오 더워 추워 추울 더울",
    "news": "뉴스 헤드라인 속보 기사 브리핑",
    "translation": "번역 통역 영어로 일본어로 중국어로 불어로 스페인어로 발음",
    "timer": "타이머 스톱워치 초시계 카운트다운 분_뒤에_알려 분_있다가_알려",
    "alarm": "알람 깨워 모닝콜",
    "message": "문자 카톡 메시지 이메일 메일 답장",
    "call": "전화 통화 부재중 스피커폰",
    "schedule": "일정 약속 회의 스케줄 캘린더 달력 기념일 할_일 라고_알려 리마인드",
    "smart_home": "조명 에어컨 보일러 난방 청소기 커튼 가습기 제습기 공기청정기 불_켜 불_꺼 전등 플러그",
    "finance": "주가 주식 환율 코스피 코스닥 비트코인 금리 시세 잔액 송금 이체 적금",
    "recipe": "레시피 요리 만드는_법 만드는_방법 재료 끓이 끓여 볶음_어떻게",
    "restaurant": "맛집 식당 배달 카페 메뉴 음식점",
    "sports": "몇_대_몇 경기_결과 순위 선발 야구 축구 농구 배구",
    "shopping": "주문 장바구니 택배 쇼핑 최저가 환불 구매 할인 사_줘 살까",
    "navigation": "가는_길 길_알려 길찾기 어떻게_가 막혀 막히 지하철 버스 주차 가까운 내비",
    "video": "영화 드라마 유튜브 넷플릭스 영상 채널 자막 예능",
    "music": "노래 음악 앨범 다음_곡 플레이리스트 틀어 재생",
    "calculation": "더하기 빼기 곱하기 나누기 곱하면 나누면 더하면 계산 퍼센트 며칠",
}

KEYWORD_RULES: tuple[tuple[str, str], ...] = tuple(
    (keyword.replace("_", " "), intent) for intent, keywords in _TABLE.items() for keyword in keywords.split()
)
"""The default rules, (keyword, intent) in the order in which they are tried."""


class KeywordBaseline(ClassifierMixin, BaseEstimator):
    """Answer with the intent of the first keyword that occurs in the query.

    The chain of ``if "날씨" in query: ... elif "뉴스" in query: ...`` with which most
    assistants began. It costs nothing, explains itself, and is what a learned model has to
    beat. It fails where words and wishes part: "날씨 관련 뉴스 들려줘" holds the keyword of
    weather first. A query without any keyword is out of scope.

    Parameters
    ----------
    rules
        Pairs (keyword, intent); the first keyword found anywhere in the query wins. None
        takes `KEYWORD_RULES`.

    Attributes
    ----------
    classes_ : ndarray
        Every intent that can be answered, sorted.

    Examples
    --------
    >>> model = KeywordBaseline().fit()
    >>> model.predict(["내일 날씨를 알려줘", "오늘 뉴스를 들려줘", "심심해"]).tolist()
    ['weather', 'news', 'out_of_scope']
    >>> model.explain("날씨 관련 뉴스 들려줘")
    ('날씨', 'weather')
    """

    def __init__(self, *, rules: Sequence[tuple[str, str]] | None = None) -> None:
        self.rules = rules

    def fit(self, X: Iterable[str] | None = None, y: Iterable[str] | None = None) -> KeywordBaseline:
        """Check the rules and note the classes; nothing is learned, so the data may be left out.

        Parameters
        ----------
        X
            Queries, only checked.
        y
            Intents of the queries, only checked.

        Raises
        ------
        ValueError
            If a rule has an empty keyword or an unknown intent, or a query is empty.
        TypeError
            If a rule is not a pair of strings, or a query is not a string.
        """
        rules = KEYWORD_RULES if self.rules is None else tuple(self.rules)
        for number, rule in enumerate(rules):
            if isinstance(rule, str) or len(rule) != 2 or not isinstance(rule[0], str):
                raise TypeError(f"rule {number} must be a pair (keyword, intent), got {rule!r}")
            if not rule[0].strip():
                raise ValueError(f"rule {number} has an empty keyword, which every query contains; give it a word")
            check_intent(rule[1], f"rule {number}")
        queries = [] if X is None else check_queries(X)
        known = [] if y is None else check_intents(y, len(queries)).tolist()
        self.rules_ = tuple((keyword, intent) for keyword, intent in rules)
        self.classes_ = np.unique([intent for _, intent in rules] + known + [OUT_OF_SCOPE])
        return self

    def explain(self, query: str) -> tuple[str | None, str]:
        """Say which keyword fired: (keyword, intent), or (None, "out_of_scope").

        Parameters
        ----------
        query
            One query.
        """
        check_is_fitted(self)
        return self._first_match(check_queries([query])[0])

    def predict(self, X: Iterable[str]) -> np.ndarray:
        """Intent of each query, shape (n,).

        Parameters
        ----------
        X
            Queries.
        """
        check_is_fitted(self)
        return np.array([self._first_match(query)[1] for query in check_queries(X)])

    def predict_proba(self, X: Iterable[str]) -> np.ndarray:
        """1 for the intent answered and 0 elsewhere, shape (n, n_classes): rules know no doubt.

        Parameters
        ----------
        X
            Queries.
        """
        return (self.predict(X)[:, None] == self.classes_[None, :]).astype(float)

    @property
    def n_parameters_(self) -> int:
        """Number of learned values: none."""
        check_is_fitted(self)
        return 0

    @property
    def size_bytes_(self) -> int:
        """Size of the pickled model in bytes, which is what has to be shipped."""
        check_is_fitted(self)
        return len(pickle.dumps(self))

    def _first_match(self, query: str) -> tuple[str | None, str]:
        for keyword, intent in self.rules_:
            if keyword in query:
                return keyword, intent
        return None, OUT_OF_SCOPE
