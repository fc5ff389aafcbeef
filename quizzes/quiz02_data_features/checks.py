"""Hidden checks of quiz 2, never released: each item's explanation, and what each wrong answer misread.

An explanation is a check of its own that only prints: it comes before the check of the answer's form,
so that whoever gave an answer of another form reads it too.
"""

from __future__ import annotations

import random
from numbers import Real

from coursekit.classroom.judging import require, require_choice, require_number

MISREAD_LABEL = {
    "a": "False가 드문 것을 문제로 보았습니다. 레이블이 왜 거의 언제나 True인지 다시 읽어 보세요.",
    "b": "오래 머문 환자일수록 곧 나간다고 보았습니다. 지수분포에서 남은 시간은 머문 시간과 어떤 관계입니까?",
    "d": "정확도가 높으면 모델이 옳다고 보았습니다. 그 정확도를 무엇으로 재는지 다시 읽어 보세요.",
}
MISREAD_SATURATION = {
    82: "음수인 병원을 뺀 포화도 자체를 답했습니다. 묻는 것은 두 포화도의 차이입니다.",
    97: "모든 병원을 넣은 포화도 자체를 답했습니다. 묻는 것은 두 포화도의 차이입니다.",
    9: "음수를 0으로 바꾼 포화도에서 뺐습니다. 모든 병원을 넣는다는 것은 음수도 그대로 더한다는 뜻입니다.",
    6: "음수를 0으로 바꾼 포화도와 견주었습니다. 이 팀은 그 병원의 기준 침상도 함께 뺐습니다.",
    0.15: "비율로 답했습니다. 단위를 다시 읽어 보세요.",
    -15: "낮아진 만큼을 물었으므로 부호를 다시 보세요.",
}
MISREAD_WARDS = {
    "a": "피처의 분포가 움직였다고 보았습니다. 거리를 잰 결과를 다시 읽어 보세요.",
    "c": "서버가 다른 값을 계산했다고 보았습니다. 예측 로그를 다시 계산한 결과를 다시 읽어 보세요.",
    "d": "되풀이되는 변화라고 보았습니다. 무엇이 지난주에 시작되었는지 다시 읽어 보세요.",
}
MISREAD_ERRORS = {
    2: "정확도의 차이를 답했습니다. 나누는 수가 질문 전체가 아니라 기초선의 오류입니다.",
    33.333: "새 모델의 오류로 나누었습니다. 무엇의 몇 %인지 다시 읽어 보세요.",
    75: "남은 오류의 비율을 답했습니다. 묻는 것은 없앤 쪽입니다.",
    2.174: "정확도끼리 나누었습니다. 오류의 수를 세어 보세요.",
    20: "없앤 오류의 수를 답했습니다. 그것이 기초선의 오류 가운데 몇 %입니까?",
    0.25: "비율로 답했습니다. 단위를 다시 읽어 보세요.",
}


def check_label_explanation(student):
    """Print the explanation of item 1."""
    print(
        "[1번 해설] 지수분포에서는 6시간을 머문 환자도 앞으로 평균 6시간을 더 머뭅니다. 곧 나간다는 가정이 틀렸고,\n"
        "스무 명 가운데 한 명만 6시간을 넘겨도 True이므로 레이블은 거의 언제나 True입니다. 12시간도 비슷합니다.\n"
        "정확도 99.9%는 틀린 레이블을 잘 따라 한 결과입니다. 받아 주었는지를 레이블로 삼아야 정확도가 뜻을 갖습니다."
    )


def check_label(student):
    """The rule answers another question; no training and no threshold mends a label."""
    require_choice(student.answer_1, "c", misread=MISREAD_LABEL)


def check_last_known_explanation(student):
    """Print the explanation of item 2."""
    print(
        "[2번 해설] 그 병원의 보고 가운데 now까지 입력되었고 -1이 아닌 것만 남겨, 시각이 가장 늦은 것을 고릅니다.\n"
        "now보다 나중의 보고를 쓰면 평가에서만 좋아 보이고, 서빙할 때는 그 값이 없습니다.\n"
        "목록의 마지막 것을 고르면 순서가 섞인 자료에서 옛 값을 얻습니다. 0은 알고 있는 값이며 None과 다릅니다."
    )


def check_last_known(student):
    """The last number of this hospital entered by then: never a later one, never -1, whatever the order."""

    def known(reports, hospital, now):
        answer = student.last_known(reports, hospital, now)
        number = isinstance(answer, Real) and not isinstance(answer, bool)
        require(answer is None or number, "함수가 숫자나 None을 돌려주어야 합니다.")
        return answer

    require(known([], "가", 5) is None, "보고가 하나도 없는 병원에는 None이어야 합니다.")
    require(known([(1, "나", 4)], "가", 5) is None, "다른 병원의 보고를 그 병원의 것으로 읽었습니다.")
    require(known([(1, "가", 0)], "가", 5) == 0, "남은 침상 0은 알고 있는 숫자입니다.")
    require(known([(5, "가", 7)], "가", 5) == 7, "now에 막 입력된 값은 아는 값입니다.")
    require(
        known([(2, "가", 3), (4, "가", -1)], "가", 5) == 3, "-1은 입력되지 않았다는 뜻이므로 그 앞의 숫자를 씁니다."
    )
    require(known([(2, "가", -3)], "가", 5) == -3, "-3처럼 정원을 넘긴 값은 입력된 숫자입니다.")
    dice = random.Random(20260201)
    for _ in range(40):
        names = [f"병원{dice.randint(1, 10**6)}" for _ in range(3)]
        minutes = dice.sample(range(300), 24)
        reports = [(minute, dice.choice(names), dice.randint(-4, 12)) for minute in minutes]
        hospital, now = dice.choice(names), dice.randint(0, 300)
        entered = sorted(row for row in reports if row[1] == hospital and row[0] <= now and row[2] != -1)
        expected = entered[-1][2] if entered else None
        answer = known(list(reports), hospital, now)
        future = [(m, name, v + 50 if m > now else v) for m, name, v in reports]
        require(known(future, hospital, now) == answer, "now보다 나중에 입력된 값을 바꾸었더니 답이 달라졌습니다.")
        require(answer == expected, "순서가 섞인 보고에서 그때까지의 마지막 숫자를 찾지 못했습니다.")


def check_saturation_explanation(student):
    """Print the explanation of item 3."""
    print(
        "[3번 해설] 모두 넣으면 기준 침상 100개에 남은 침상의 합이 3이므로 97%입니다. 음수인 두 병원을 빼면 기준 침상\n"
        "50개에 남은 침상 9개이므로 82%이고, 15%p 낮습니다. 음수는 오류가 아니라 가장 붐비는 병원의 값입니다."
    )


def check_saturation(student):
    """97% of all hospitals against 82% of those that sent no negative number: 15 points."""
    hint = "두 가지 포화도를 따로 계산해 보세요. 병원을 빼면 그 병원의 기준 침상도 함께 빠집니다."
    require_number(student.answer_3, 15, misread=MISREAD_SATURATION, near=0.02, hint=hint)


def check_wards_explanation(student):
    """Print the explanation of item 4."""
    print(
        "[4번 해설] 피처의 분포는 그대로인데 같은 입력의 정답이 달라졌으므로 개념 드리프트입니다. 남은 침상 0의 뜻이\n"
        "'더는 받지 못함'에서 '병동의 침상을 빌려 씀'으로 바뀌었습니다. 거리로는 보이지 않고, 레이블이 와야 보입니다.\n"
        "다시 학습하기에 앞서 남은 침상의 정의를 고쳐 두지 않으면, 빌려주는 일이 끝나는 날 같은 일이 거꾸로 생깁니다."
    )


def check_wards(student):
    """Same inputs, other answers: the concept moved, and with it the definition of beds left."""
    require_choice(student.answer_4, "b", misread=MISREAD_WARDS)


def check_errors_explanation(student):
    """Print the explanation of item 5."""
    print(
        "[5번 해설] 기초선은 80번, 새 모델은 60번 틀렸으므로 80번 가운데 20번, 곧 25%를 없앴습니다.\n"
        "기초선이 강하면 정확도의 차이는 작아 보입니다. 없앤 오류의 비율을 함께 적으면 크기를 가늠할 수 있습니다."
    )


def check_errors(student):
    """Twenty of the baseline's eighty errors are gone: 25%."""
    hint = "기초선과 새 모델이 각각 몇 번 틀렸는지부터 세어 보세요."
    require_number(student.answer_5, 25, misread=MISREAD_ERRORS, near=0.02, hint=hint)
