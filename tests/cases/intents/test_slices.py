from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coursekit.cases.intents.slices import query_slices
from coursekit.modeling.evaluation import evaluate

FRAME = pd.DataFrame(
    {
        "text": [
            "내일 날씨 알려주세요",
            "내일날씨알려조",
            "음 저기 내일 아침에 출근할 때 우산을 챙겨야 하겠나",
            "뉴스",
        ],
        "speech_level": ["formal", "informal", "informal", "fragment"],
        "noise": ["none", "spacing+typo", "dialect+filler", "none"],
    },
    index=[10, 20, 30, 40],
)


def test_every_slice_holds_its_rows():
    assert {name: np.flatnonzero(mask).tolist() for name, mask in query_slices(FRAME).items()} == {
        "존댓말": [0],
        "반말": [1, 2],
        "조각": [3],
        "짧은 질의": [1, 3],
        "긴 질의": [2],
        "공백 없는 질의": [1, 3],
        "사투리": [2],
        "군말": [2],
        "띄어쓰기 오류": [1],
        "오타": [1],
        "잡음 없음": [0, 3],
    }


def test_length_limits_are_where_the_names_say():
    lengths = [10, 11, 24, 25]
    frame = pd.DataFrame({"text": ["가" * n for n in lengths], "speech_level": "informal", "noise": "none"})
    slices = query_slices(frame)
    assert slices["짧은 질의"].tolist() == [True, False, False, False]
    assert slices["긴 질의"].tolist() == [False, False, False, True]


def test_levels_and_noise_partition_the_rows():
    slices = query_slices(FRAME)
    assert (sum(slices[name].astype(int) for name in ("존댓말", "반말", "조각")) == 1).all()
    noisy = slices["사투리"] | slices["군말"] | slices["띄어쓰기 오류"] | slices["오타"]
    assert (noisy ^ slices["잡음 없음"]).all()


def test_the_report_takes_them():
    report = evaluate(["a"] * 4, ["a", "b", "a", "a"], slices=query_slices(FRAME))
    assert report.slices["반말"].estimate == 0.5
    assert query_slices(FRAME.iloc[:0])["오타"].shape == (0,)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME.drop(columns="noise"), "lacks the column 'noise'"),
        (FRAME.assign(speech_level="polite"), "'speech_level' holds 'polite'"),
        (FRAME.assign(noise="typo+echo"), "'noise' holds 'echo'"),
    ],
)
def test_bad_input_is_named(frame, message):
    with pytest.raises(ValueError, match=message):
        query_slices(frame)
