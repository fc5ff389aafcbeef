from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def small():
    """Queries of four intents, made from a few places, times and endings: (queries, intents)."""
    patterns = {
        "weather": ["{} 날씨 {}", "{} 비 오는지 {}", "{} 기온 {}"],
        "news": ["{} 뉴스 {}", "{} 속보 {}", "{} 헤드라인 {}"],
        "alarm": ["{} 알람 {}", "{} 깨우는 거 {}", "{} 모닝콜 {}"],
        "out_of_scope": ["{} 심심한데 {}", "{} 농담 하나 {}", "{} 넌 누군지 {}"],
    }
    times = ["오늘", "내일", "주말에", "아침", "저녁에", "이따가", "지금", "월요일"]
    endings = ["알려줘", "부탁해요", "해 줄래", "확인해줘", "말해주세요"]
    pairs = [
        (pattern.format(time, ending), intent)
        for intent, of_intent in patterns.items()
        for pattern in of_intent
        for time in times
        for ending in endings
    ]
    queries, intents = map(list, zip(*pairs, strict=True))
    return queries, intents
