"""Hidden checks of quiz 14, never released: each item's explanation, and what each wrong answer misread.

An explanation is a check of its own that only prints: it comes before the check of the answer's form,
so that whoever gave an answer of another form reads it too.
"""

from __future__ import annotations

import random
from numbers import Real

from coursekit.classroom.judging import require, require_choice, require_number

MISREAD_REDEFINITION = {
    "a": "더 자주 다시 학습하면 낫는다고 보았습니다. 무엇을 정답으로 삼아 배우는지 다시 읽어 보세요.",
    "c": "정확도가 그대로이면 모델도 그대로라고 보았습니다. 그 정확도를 무엇으로 재는지 다시 읽어 보세요.",
    "d": "분포가 움직인 피처를 빼면 낫는다고 보았습니다. 레이블은 무엇으로 붙이는지 다시 읽어 보세요.",
}
MISREAD_ON_CALL = {
    "a": "한 번 보는 검정의 확률을 10,000번 보는 탐지기에 썼습니다. 처음 서른 개가 운 좋게 잘 맞았다면 어떻게 됩니까?",
    "b": "문턱이 표본의 크기를 모른다는 점을 놓쳤습니다. 변화가 없을 때의 평균을 직접 계산해 보세요.",
    "c": "함께 울리면 확실하다고 보았습니다. 변화가 없을 때 각각이 얼마나 자주 울리는지부터 따져 보세요.",
}
MISREAD_AGE = {
    14: "학습 시간만 세었습니다. 학습을 시작한 순간에 어느 거래까지 레이블이 있습니까?",
    30: "레이블이 늦는 것만 세었습니다. 학습하는 동안에도 날은 지나갑니다.",
    7: "업데이트의 간격을 데이터의 나이로 보았습니다. 간격은 얼마나 자주 바뀌는지만 정합니다.",
    37: "간격과 레이블 지연을 더했습니다. 학습에 걸린 날은 어디로 갔습니까?",
    21: "간격과 학습 시간을 더했습니다. 레이블은 언제 확정됩니까?",
    51: "다음 모델로 바뀌기 직전의 나이입니다. 어느 순간을 묻는지 다시 읽어 보세요.",
    47.5: "한 모델이 서빙되는 동안의 평균 나이입니다. 어느 순간을 묻는지 다시 읽어 보세요.",
}
MISREAD_TIME_OF_DAY = {
    1.643: "기초선 자신의 비율로 평균했습니다. 그러면 오전이 훨씬 무겁게 들어갑니다.",
    2: "오전과 저녁을 똑같은 무게로 평균했습니다. 카나리의 요청은 어느 시각에 얼마나 있었습니까?",
    2.33: "카나리의 오류율을 다시 적었습니다. 평균할 것은 기초선의 시각별 오류율입니다.",
    1.2: "무게를 오전과 저녁에 바꾸어 달았습니다. 카나리의 요청이 어느 시각에 많은지 다시 보세요.",
    0.028: "비율로 답했습니다. 단위를 다시 읽어 보세요.",
}


def check_redefinition_explanation(student):
    """Print the explanation of item 1."""
    print(
        "[1번 해설] 구매액이 크게 는 것이 더는 사기를 뜻하지 않습니다. 예측하려는 것의 뜻이 바뀐 개념 드리프트이고,\n"
        "틀린 것은 모델이 아니라 레이블의 규칙입니다. 정확도가 그대로인 것은 틀린 규칙을 잘 따라 한다는 뜻입니다.\n"
        "그래서 같은 규칙으로는 아무리 자주 학습해도 낫지 않습니다. 규칙을 고치면 언제부터의 규칙인지도 적어 둡니다."
    )


def check_redefinition(student):
    """Concept drift in the rule that makes the labels; the same rule also makes the accuracy."""
    require_choice(student.answer_1, "b", misread=MISREAD_REDEFINITION)


def check_on_call_explanation(student):
    """Print the explanation of item 2."""
    print(
        "[2번 해설] 변화가 없어도 PSI의 평균은 9 x (1/100 + 1/100) = 0.18이므로 0.17은 평범한 값입니다.\n"
        "DDM은 처음 서른 개에서 운 좋게 낮았던 오류율을 최솟값으로 굳히고 그것과 10,000번 견줍니다. 그래서 변화가\n"
        "없는 흐름의 절반 가까이에서 한 번은 울립니다. 최소 개수를 300이나 1,000으로 늘리면 드물어집니다.\n"
        "둘 다 흔하다면 함께 울리는 일도 흔합니다. 경보의 값은 변화가 없을 때 얼마나 드문지에서 나옵니다."
    )


def check_on_call(student):
    """Neither alarm is rare without a change: measure again with more elements."""
    require_choice(student.answer_2, "d", misread=MISREAD_ON_CALL)


def check_age_explanation(student):
    """Print the explanation of item 3."""
    print(
        "[3번 해설] 학습을 시작하는 날에 레이블이 있는 가장 최근의 거래가 이미 30일 전의 것이고, 학습하는 14일이\n"
        "더해져 44일입니다. 7일이라는 간격은 여기에 들어오지 않습니다. 다음 모델이 나올 때까지 51일로 늘어나므로\n"
        "평균은 47.5일입니다. 매일 내보내도 44일보다 젊어질 수 없고, 더 젊어지려면 학습이나 레이블을 앞당겨야 합니다."
    )


def check_age(student):
    """30 days until the label and 14 of training: 44 days, whatever the interval."""
    hint = "학습을 시작한 날을 기준으로, 그날 레이블이 있는 가장 최근의 거래가 언제의 것인지부터 세어 보세요."
    require_number(student.answer_3, 44, misread=MISREAD_AGE, near=0.02, hint=hint)


def check_time_of_day_explanation(student):
    """Print the explanation of item 4."""
    print(
        "[4번 해설] 카나리 요청의 10%가 오전, 90%가 저녁이므로 0.1 x 1.0% + 0.9 x 3.0% = 2.8%입니다.\n"
        "같은 시각끼리 비교하면 카나리의 2.33%가 더 낫고, 시각마다 따로 보아도 그렇습니다(0.8 < 1.0, 2.5 < 3.0).\n"
        "비율을 올리는 동안 모두의 오류율이 함께 오르면, 하루를 합친 표는 시각의 차이를 모델의 차이로 보여 줍니다."
    )


def check_time_of_day(student):
    """The baseline's rates at each time of day, weighted as the canary's requests: 2.8%."""
    hint = "카나리의 요청 가운데 오전과 저녁이 각각 몇 %인지부터 계산해 보세요."
    require_number(student.answer_4, 2.8, misread=MISREAD_TIME_OF_DAY, near=0.008, hint=hint)


def check_recall_explanation(student):
    """Print the explanation of item 5."""
    print(
        "[5번 해설] 통과시킨 거래의 audit_share만 보고 found건을 찾았으므로 모두 보면 found / audit_share건쯤이고,\n"
        "재현율은 caught / (caught + found / audit_share)입니다. 2%만 확인해 1건을 찾았다면 놓친 사기는 50건쯤입니다.\n"
        "통과시킨 것을 하나도 다시 보지 않으면 놓친 사기가 보이지 않아 재현율은 언제나 100%로 보입니다."
    )


def check_recall(student):
    """What was missed is what the audit found, divided by the share that it saw."""

    def recall(caught, found, audit_share):
        answer = student.estimated_recall(caught, found, audit_share)
        require(isinstance(answer, Real) and not isinstance(answer, bool), "함수가 숫자를 돌려주어야 합니다.")
        return answer

    # A division or two are rounded by about 1e-16, so 1e-9 is ample.
    require(abs(recall(30, 10, 1.0) - 0.75) < 1e-9, "통과시킨 거래를 모두 확인했을 때의 값이 재현율의 정의와 다릅니다.")
    require(abs(recall(30, 0, 0.1) - 1) < 1e-9, "더 찾은 사기가 없을 때의 값이 재현율의 정의와 다릅니다.")
    require(
        recall(30, 5, 0.05) < recall(30, 5, 0.5),
        "같은 수를 더 찾았다면, 조금만 확인한 쪽에 놓친 사기가 더 많이 남아 있습니다.",
    )
    dice = random.Random(20261401)
    for _ in range(50):
        caught, found, share = dice.randint(1, 500), dice.randint(0, 40), dice.choice([0.01, 0.02, 0.1, 0.25])
        expected = caught / (caught + found / share)
        require(abs(recall(caught, found, share) - expected) < 1e-9, "처음 보는 수에서 놓친 사기의 어림이 다릅니다.")
