"""Hidden checks of quiz 1, never released: each item's explanation, and what each wrong answer misread.

An explanation is a check of its own that only prints: it comes before the check of the answer's form,
so that whoever gave an answer of another form reads it too.
"""

from __future__ import annotations

from coursekit.classroom.judging import require, require_choice, require_number

MISREAD_DRIFT = {
    "a": "성능이 떨어지면 모두 데이터 드리프트라고 보았습니다. 피처의 분포가 바뀌었는지 다시 읽어 보세요.",
    "b": "운영 중의 오류를 모두 파이프라인의 문제로 보았습니다. 두 코드가 같은지 다시 읽어 보세요.",
    "d": "운영 중의 성능 저하를 과적합으로 보았습니다. 시행 전까지는 잘 맞던 모델입니다.",
}
MISREAD_SLICE = {
    "a": "연구의 방식으로 답했습니다. 이번 출시에서 무엇을 바꾸지 않기로 했는지 다시 읽어 보세요.",
    "c": "평균이 모든 사용자를 대표한다고 보았습니다. 어떤 비율로 평균했는지, 누가 가려지는지 보세요.",
    "d": "재는 방법을 고치면 모델도 나아진다고 보았습니다. 평균은 정직해지지만 오류는 그대로입니다.",
}
MISREAD_CAPACITY = {
    18: "인스턴스를 쉬지 않고 쓴다고 보았습니다. 사용률의 한도를 다시 읽어 보세요.",
    11: "사용률을 반대로 적용했습니다. 여유를 두려면 인스턴스가 늘어나야 합니다.",
    9: "초당 건수를 추론 시간으로 나누었습니다. 추론이 길어지면 인스턴스는 늘어나야 합니다.",
    30_000: "ms와 초를 섞어 계산했습니다. 단위를 맞추어 보세요.",
}
MISREAD_RAMP_UP = {
    0.5: "모델이 모든 제품을 판정한다고 보았습니다. 첫 단계에서 모델의 몫을 다시 읽어 보세요.",
    1: "모델이 모든 제품을 판정한다고 보았습니다. 첫 단계에서 모델의 몫을 다시 읽어 보세요.",
    0.05: "판정한 제품을 모두 불량품으로 세었습니다. 재현율을 어림하려면 무엇을 만나야 합니까?",
    100: "비율의 소수점을 잘못 옮겼습니다. 0.5%는 0.005입니다.",
}


def check_drift_explanation(student):
    """Print the explanation of item 1."""
    print(
        "[1번 해설] 피처 x의 분포는 그대로인데 같은 x에서 결과 y가 달라졌습니다. 예측하려는 것 자체가 바뀐\n"
        "개념 드리프트입니다. 시행 전의 레이블은 더는 참이 아니므로, 새 레이블이 쌓여야 다시 배울 수 있습니다.\n"
        "레이블이 나오는 데 30일이 걸린다는 점까지 생각하면, 그동안은 경유차의 예측을 쓰지 않는 것도 방법입니다."
    )


def check_drift(student):
    """Concept drift: the same features, another outcome."""
    require_choice(student.answer_1, "c", misread=MISREAD_DRIFT)


def check_slice_explanation(student):
    """Print the explanation of item 2."""
    print(
        "[2번 해설] 연구는 데이터를 고정하고 모델을 바꾸며, Applied ML은 모델을 고정하고 데이터를 바꿉니다.\n"
        "오류가 모인 슬라이스가 학습 데이터에 드문 슬라이스이므로, 그 데이터를 더하는 것이 가장 곧은 길입니다.\n"
        "나아졌는지는 평균이 아니라 그 슬라이스에서 재야 하고, 그래서 출시 조건도 슬라이스로 적습니다."
    )


def check_slice(student):
    """Data for the slice that fails, and a release condition on it."""
    require_choice(student.answer_2, "b", misread=MISREAD_SLICE)


def check_capacity_explanation(student):
    """Print the explanation of item 3."""
    print(
        "[3번 해설] 1초 동안 들어온 400건을 처리하는 데 400 x 0.045초 = 18초의 일이 필요하므로, 쉬지 않고\n"
        "일하는 인스턴스로 18대입니다. 60%만 쓰기로 했으므로 18 / 0.6 = 30대가 필요합니다.\n"
        "추론 시간을 반으로 줄이는 양자화는 15대를 아낍니다. 모델 최적화가 비용의 문제인 까닭입니다."
    )


def check_capacity(student):
    """400 * 0.045 / 0.6 = 30 instances."""
    hint = "1초에 들어오는 일의 양(초)부터 다시 계산해 보세요."
    require_number(student.answer_3, 30, misread=MISREAD_CAPACITY, near=0.5, hint=hint)


def check_distance_explanation(student):
    """Print the explanation of item 4."""
    print(
        "[4번 해설] TV(p, q) = (1/2) * sum(|p_i - q_i|)입니다. 한쪽에서 늘어난 만큼 다른 쪽에서 줄어들어\n"
        "같은 변화가 두 번 더해지므로 반으로 나눕니다. 의도가 둘뿐일 때는 가장 큰 차이와 같지만,\n"
        "셋 이상이면 여러 의도에 조금씩 퍼진 변화를 가장 큰 차이 하나로는 알아차릴 수 없습니다."
    )


def check_distance(student):
    """Half the sum of the differences: 0 and 1 at the ends, symmetric, spread changes counted."""
    distance = student.total_variation
    # A few additions are rounded by about 1e-15, so 1e-9 is ample.
    require(abs(distance([1.0, 0.0], [0.0, 1.0]) - 1) < 1e-9, "겹치는 의도가 없을 때의 거리가 약속한 값과 다릅니다.")
    require(abs(distance([0.7, 0.3], [0.7, 0.3])) < 1e-9, "같은 분포 사이의 거리는 0이어야 합니다.")
    spread = distance([0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4])
    swapped = distance([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1])
    require(abs(spread - swapped) < 1e-9, "두 분포를 맞바꾸면 달라집니다.")
    require(abs(spread - 0.4) < 1e-9, "의도가 셋 이상일 때, 여러 의도에 퍼진 변화를 모두 더하지 않았습니다.")
    require(abs(distance([0.5, 0.5], [0.25, 0.75]) - 0.25) < 1e-9, "변화의 크기에 비례하지 않습니다.")


def check_ramp_up_explanation(student):
    """Print the explanation of item 5."""
    print(
        "[5번 해설] 모델이 하루에 보는 불량품은 12,000 x 0.05 x 0.005 = 3개이므로 30 / 3 = 10일입니다.\n"
        "점진적 배포의 속도는 제품의 수가 아니라 드문 사건의 수가 정합니다. 더 빨리 알고 싶다면\n"
        "사람이 판정하는 제품도 모델이 함께 판정해 기록만 남기는 방법(shadow)이 있습니다."
    )


def check_ramp_up(student):
    """30 / (12,000 * 0.05 * 0.005) = 10 days."""
    hint = "모델이 하루에 만나는 불량품의 수부터 다시 계산해 보세요."
    require_number(student.answer_5, 10, misread=MISREAD_RAMP_UP, near=0.02, hint=hint)
