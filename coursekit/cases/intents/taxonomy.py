"""What an assistant can be asked for: the labels of the intent corpus."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OUT_OF_SCOPE = "out_of_scope"
"""The label of everything that the assistant does not do."""

INTENTS: Mapping[str, str] = MappingProxyType(
    {
        "weather": "날씨",
        "news": "뉴스",
        "music": "음악",
        "alarm": "알람",
        "timer": "타이머",
        "call": "전화",
        "message": "메시지",
        "navigation": "길찾기",
        "schedule": "일정",
        "smart_home": "스마트홈",
        "shopping": "쇼핑",
        "restaurant": "식당",
        "translation": "번역",
        "recipe": "요리법",
        "finance": "금융",
        "sports": "스포츠",
        "video": "영상",
        "calculation": "계산",
        OUT_OF_SCOPE: "범위 밖",
    }
)
"""Every label with the name students read, in a fixed order, out-of-scope last."""

SPEECH_LEVELS: Mapping[str, str] = MappingProxyType({"formal": "존댓말", "informal": "반말", "fragment": "조각"})
"""How a query ends: politely, casually, or without any verb ending."""

NOISES: Mapping[str, str] = MappingProxyType(
    {"dialect": "사투리", "filler": "군말", "spacing": "띄어쓰기", "typo": "오타"}
)
"""What real queries carry besides their meaning."""
