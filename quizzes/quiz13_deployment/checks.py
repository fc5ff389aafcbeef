"""Hidden checks of quiz 13, never released: each item's explanation, and what each wrong answer misread.

An explanation is a check of its own that only prints: it comes before the check of the answer's form,
so that whoever gave an answer of another form reads it too.
"""

from __future__ import annotations

import random
from numbers import Real

from coursekit.classroom.judging import require, require_choice, require_number

MISREAD_SILENCE = {
    "a": "여러 번 본 것을 자료가 많은 것으로 읽었습니다. 새 모델이 받은 요청은 모두 몇 건입니까?",
    "b": "들여다보기는 억울한 롤백을 늘립니다. 여기서는 롤백이 한 번도 없었습니다. 무엇이 모자랐는지 보세요.",
    "c": "문턱을 엄하게 하면 경보는 더 드물어집니다. 경보가 없는 까닭이 무엇인지부터 보세요.",
}
MISREAD_HARM = {
    180: "새 모델이 낸 오류를 모두 세었습니다. 기초선도 같은 요청에서 오류를 냅니다.",
    120: "그 요청에서 기초선이 냈을 오류를 세었습니다. 묻는 것은 그보다 더 나간 오류입니다.",
    900: "모든 요청이 새 모델로 갔다고 보았습니다. 새 모델이 받은 것은 몇 건입니까?",
    67.5: "두 비율을 그냥 평균했습니다. 두 비율에 머문 시간이 같습니까?",
    45: "끝까지 5%였다고 보았습니다. 마지막 5분의 비율을 다시 보세요.",
    90: "처음부터 10%였다고 보았습니다. 처음 10분의 비율을 다시 보세요.",
}
MISREAD_SHADOW = {
    "b": "세상이 움직였다고 보았습니다. 같은 한 주의 결제를 파이프라인에 넣었을 때의 점수를 다시 읽어 보세요.",
    "c": "모델이 외웠다고 보았습니다. 같은 모델이 이번 주의 결제에서 낸 두 점수를 다시 견주어 보세요.",
    "d": "확률의 크기가 틀렸다고 보았습니다. 보정은 순서를 바꾸지 않습니다. AUC는 무엇을 재는 값입니까?",
}
MISREAD_PRECISION = {
    90: "재현율을 답했습니다. 나누는 수가 불량의 수가 아니라 모델이 불량이라고 한 수입니다.",
    98.9: "정상 제품을 정상이라고 한 비율을 답했습니다. 불량이라고 한 제품만 모아 보세요.",
    55: "불량이라고 한 제품 가운데 정상인 쪽을 답했습니다.",
    0.45: "비율로 답했습니다. 단위를 다시 읽어 보세요.",
    1.1: "정상 제품을 잘못 버린 비율을 답했습니다. 나누는 수를 다시 읽어 보세요.",
    98.79: "불량과 정상이 반반인 것처럼 두 비율을 견주었습니다. 정상 제품은 불량의 몇 배입니까?",
}


def check_silence_explanation(student):
    """Print the explanation of item 1."""
    print(
        "[1번 해설] 새 모델이 받은 요청은 200 x 24 x 0.05 = 240건이고, 오류율이 0.5%이면 오류는 한두 건입니다.\n"
        "두 배 나빠도 두세 건이므로 검정은 좀처럼 울리지 않습니다. 여기서 경보가 없다는 것은 자료가 없다는 뜻입니다.\n"
        "올리려면 여유보다 나쁘다는 가설을 버리는 증거(비열등성)가 필요합니다. 모자라면 판정을 보류합니다."
    )


def check_silence(student):
    """240 requests show nothing; promotion needs evidence of non-inferiority."""
    require_choice(student.answer_1, "d", misread=MISREAD_SILENCE)


def check_shipped_explanation(student):
    """Print the explanation of item 2."""
    print(
        "[2번 해설] 하루에 찾은 불량 / 감사한 수는 그날 통과품의 불량률을 치우침 없이 어림합니다.\n"
        "감사하지 않은 통과품, 곧 통과 - 감사에 그 비율을 곱하면 그날 출하된 불량이고, 날마다 더합니다.\n"
        "감사 비율이 날마다 다르면 모두 합해서 나누는 어림은 치우칩니다. 불량이 많은 날을 더 감사했을 수 있습니다."
    )


def check_shipped(student):
    """Each day's rate among the audited, carried to what was passed and not audited that day."""

    def shipped(days):
        answer = student.shipped_defects(days)
        number = isinstance(answer, Real) and not isinstance(answer, bool)
        require(answer is None or number, "함수가 숫자나 None을 돌려주어야 합니다.")
        return answer

    def close(days, expected, reason):
        answer = shipped(days)
        require(answer is not None and abs(answer - expected) <= 1e-9 * max(1.0, abs(expected)), reason)

    close([(500, 50, 0)], 0, "감사에서 불량을 찾지 못한 날의 어림은 0이어야 합니다.")
    close([(80, 80, 7)], 0, "모두 감사한 날에는 출하된 불량이 없습니다. 찾은 불량은 빼냈습니다.")
    require(shipped([(500, 0, 0)]) is None, "감사하지 않은 날이 있으면 알 수 없으므로 None이어야 합니다.")
    require(shipped([(500, 50, 1), (300, 0, 0)]) is None, "감사하지 않은 날이 하루라도 있으면 전체를 알 수 없습니다.")
    close([(100, 3, 1)], 97 / 3, "하루의 어림이 다릅니다. 정수로 반올림하거나 올리지 않았는지 보세요.")
    dice = random.Random(20261301)
    for _ in range(30):
        days = []
        for _ in range(dice.randint(1, 6)):
            passed = dice.randint(50, 5_000)
            audited = dice.randint(10, passed)
            days.append((passed, audited, dice.randint(0, min(8, audited))))
        expected = sum(found * (passed - audited) / audited for passed, audited, found in days)
        close(days, expected, "날마다 감사한 비율이 다를 때의 어림이 치우쳤습니다. 하루씩 어림해 더해 보세요.")
        close(days[::-1], expected, "날의 순서를 바꾸었더니 답이 달라졌습니다.")


def check_harm_explanation(student):
    """Print the explanation of item 3."""
    print(
        "[3번 해설] 새 모델이 받은 요청은 6,000 x 0.05 x 10 = 3,000건과 6,000 x 0.10 x 5 = 3,000건입니다.\n"
        "한 건마다 오류가 3% - 2% = 1%p 더 나므로 모두 6,000 x 0.01 = 60건입니다. 피해는 비율과 시간의 곱입니다."
    )


def check_harm(student):
    """6,000 requests at one point more: 60 errors."""
    hint = "새 모델이 받은 요청의 수를 단계마다 세고, 한 건마다 더 나는 오류를 곱해 보세요."
    require_number(student.answer_3, 60, misread=MISREAD_HARM, near=0.02, hint=hint)


def check_shadow_explanation(student):
    """Print the explanation of item 4."""
    print(
        "[4번 해설] 같은 결제, 같은 모델인데 어느 코드가 피처를 계산했는지에 따라 점수가 다릅니다.\n"
        "학습-서빙 편차입니다. 분포가 움직였거나 모델이 외웠다면 파이프라인의 점수도 내려갔을 것이고,\n"
        "보정은 AUC를 바꾸지 않습니다. 섀도 배포는 이런 결함을 아무도 다치지 않고 드러냅니다."
    )


def check_shadow(student):
    """The same payments score differently by who computed the features: training-serving skew."""
    require_choice(student.answer_4, "a", misread=MISREAD_SHADOW)


def check_precision_explanation(student):
    """Print the explanation of item 5."""
    print(
        "[5번 해설] 불량 100개 가운데 90개를 찾고, 정상 10,000개 가운데 110개를 잘못 버립니다.\n"
        "불량이라고 한 200개 가운데 90개, 곧 45%가 정말 불량입니다.\n"
        "정상이 불량의 백 배이므로 작은 오판의 비율도 정밀도를 크게 깎습니다."
    )


def check_precision(student):
    """90 of the 200 that are called defective: 45%."""
    hint = "모델이 불량이라고 한 제품을 정말 불량인 것과 아닌 것으로 나누어 세어 보세요."
    require_number(student.answer_5, 45, misread=MISREAD_PRECISION, near=0.02, hint=hint)
