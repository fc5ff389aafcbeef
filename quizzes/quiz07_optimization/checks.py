"""Hidden checks of quiz 7, never released: each item's explanation, and what each wrong answer misread.

An explanation is a check of its own that only prints: it comes before the check of the answer's form,
so that whoever gave an answer of another form reads it too.
"""

from __future__ import annotations

import random
from numbers import Real

from coursekit.classroom.judging import require, require_choice, require_number

MISREAD_PRUNED = {
    "a": "0이 충분히 많으면 형식이 저절로 바뀐다고 보았습니다. 파일에서 0 하나가 차지하는 바이트는 몇입니까?",
    "b": "반올림이 0을 움직인다고 보았습니다. 대칭 양자화에서 실수 0은 어느 정수가 됩니까?",
    "d": "0을 곱하는 일은 건너뛴다고 보았습니다. 밀집 행렬을 곱하는 커널은 값이 0인지 보고 나서 곱합니까?",
}
MISREAD_PHONE = {
    22.222: "스케일을 세지 않았습니다. 32개마다 하나씩 있는 스케일도 함께 읽어야 합니다.",
    27.778: "스케일을 4바이트로 세었습니다. float16은 몇 비트입니까?",
    111.111: "가중치마다 스케일이 하나씩 있다고 보았습니다. 스케일 하나를 몇 개가 나누어 씁니까?",
    177.778: "줄이기 전의 float32를 읽는 시간입니다. 휴대폰에는 줄인 모델을 넣습니다.",
    44.444: "가중치를 8비트로 세었습니다. 1바이트에 4비트 가중치 두 개가 들어갑니다.",
    200: "비트를 바이트로 읽었습니다. 메모리의 속도는 1초에 몇 바이트인지로 적혀 있습니다.",
    0.025: "초로 답했습니다. 단위를 다시 읽어 보세요.",
    40: "1초에 내는 토큰의 수를 답했습니다. 묻는 것은 토큰 하나에 걸리는 시간입니다.",
    1.125: "줄인 모델의 GB를 답했습니다. 그것을 한 번 읽는 데 걸리는 시간을 물었습니다.",
    4.5: "가중치 하나의 비트 수를 답했습니다. 그것으로 모델의 바이트를 먼저 구해 보세요.",
}
MISREAD_VIEWS = {
    "a": "양자화가 정확도를 깎았다고 보았습니다. 첫 주의 같은 사진에서 실수 모델은 몇 %였는지 다시 읽어 보세요.",
    "c": "점수가 내려가면 세상이 변했다고 보았습니다. 무엇이 학습 때와 같은지, 평가가 무엇을 흉내 냈는지 보세요.",
    "d": "나아졌는지를 같은 평가로 잽니다. 그 평가에는 학습 때 본 부품의 다른 사진이 들어 있습니다.",
}
MISREAD_BRIER = {
    0.195: "두 줄을 똑같은 무게로 평균했습니다. 두 줄에 든 주문의 수를 다시 보세요.",
    0.01: "말한 확률과 도착한 비율의 차이만 제곱했습니다. 결과는 주문마다 1이나 0입니다.",
    0.34: "차이를 제곱하지 않고 평균했습니다.",
    0.436: "제곱근까지 구했습니다. 브라이어 점수는 제곱의 평균 그대로입니다.",
    0.24: "확률을 0.5에서 잘라 틀린 비율을 세었거나, 늘 전체 비율을 말하는 기초선의 점수를 구했습니다.",
    0.18: "도착한 비율을 예측으로 썼습니다. 그것은 보정한 뒤의 점수이고, 모델은 다른 확률을 말했습니다.",
    0.81: "1에서 뺐습니다. 브라이어 점수는 작을수록 좋습니다.",
    0.76: "0.5에서 잘라 맞은 비율을 세었습니다. 얼마나 자신 있게 말했는지는 어디로 갔습니까?",
    95: "제곱을 모두 더했습니다. 주문 하나에 얼마인지 평균해 보세요.",
}


def check_pruned_explanation(student):
    """Print the explanation of item 1."""
    print(
        "[1번 해설] .tflite는 가중치를 밀집 배열로 적으므로 0도 1바이트이고, 커널은 0도 그대로 곱합니다.\n"
        "0이 많은 배열은 압축이 잘됩니다. 크기가 31.5 KB로 같은 두 파일을 gzip으로 묶으면 25 KB와 11 KB가 됩니다.\n"
        "풀어 놓은 크기와 지연 시간까지 줄이려면 채널을 통째로 없애거나, 희소한 형식을 아는 커널과 칩을 써야 합니다."
    )


def check_pruned(student):
    """Zeros are stored and multiplied like all values; they show where the file is compressed."""
    require_choice(student.answer_1, "c", misread=MISREAD_PRUNED)


def check_folded_explanation(student):
    """Print the explanation of item 2."""
    print(
        "[2번 해설] 실수의 출력을 s_x s_w로 나누면 b / (s_x s_w) + sum(q w) - z_x sum(w)이므로\n"
        "c = round(b / (s_x s_w)) - z_x sum(w)입니다. 편향은 누산기의 단위인 s_x s_w로 적습니다. 그 단위가 아주\n"
        "작아 int8에 담기지 않으므로 int32를 씁니다. 영점의 몫은 상수여서 실행할 때 더 계산할 것이 없습니다."
    )


def check_folded(student):
    """The bias in the accumulator's unit, less the zero point times the sum of the weights."""

    def folded(*given):
        answer = student.folded_bias(*given)
        require(isinstance(answer, Real) and not isinstance(answer, bool), "함수가 숫자를 돌려주어야 합니다.")
        require(abs(answer) < 2**31, "int32에 담기지 않는 수를 돌려주었습니다.")
        return answer

    # Scales are powers of two here, so that each quotient is exact.
    unit = folded(3.0, [7, -4], 0.25, 0, 0.5)
    require(unit == 24, "영점이 0일 때의 값이 다릅니다. 편향을 누산기의 단위로 옮겼습니까?")
    require(
        folded(0.0, [5, -2], 0.5, 10, 0.5) == -30, "편향이 0일 때의 값이 다릅니다. 영점은 어느 가중치들과 곱해집니까?"
    )
    require(folded(0.0, [5, -2, 9], 0.5, -128, 0.5) == 1_536, "영점이 음수일 때의 값이 다릅니다. 부호를 따라가 보세요.")
    require(folded(1.0, [90, -90], 0.5, 77, 0.5) == 4, "가중치의 합이 0이면 영점은 출력을 바꾸지 않습니다.")
    require(folded(5_000.0, [1], 0.25, 0, 0.125) == 160_000, "편향은 int32입니다. int8의 범위로 자르지 않습니다.")
    dice = random.Random(20260701)
    for _ in range(60):
        weights = [dice.randint(-127, 127) for _ in range(dice.randint(1, 40))]
        scale_x, scale_w, zero = dice.uniform(0.001, 0.1), dice.uniform(0.0005, 0.02), dice.randint(-128, 127)
        # At least 0.05 from a half: the division is off by about 1e-11 of a step at most.
        whole, part = dice.randint(-20_000, 20_000), dice.uniform(-0.45, 0.45)
        answer = folded((whole + part) * scale_x * scale_w, weights, scale_x, zero, scale_w)
        require(answer % 1 == 0, "칩이 더하는 c는 정수여야 합니다.")
        away = abs(answer - (whole - zero * sum(weights)))
        require(away != 1, "가장 가까운 정수가 아닙니다. 소수점 아래를 버리거나 내리지 않았는지 보세요.")
        require(away == 0, "처음 보는 층에서 누산기가 실수의 출력을 나타내지 않습니다.")


def check_phone_explanation(student):
    """Print the explanation of item 3."""
    print(
        "[3번 해설] 가중치 하나는 스케일의 몫까지 4 + 16 / 32 = 4.5비트이므로 모델은 20억 x 4.5 / 8 = 1.125 GB입니다.\n"
        "한 번 읽는 데 1.125 / 45초, 곧 25 ms가 걸리고 1초에 많아야 40토큰을 냅니다. float32라면 178 ms가 걸립니다.\n"
        "한 건씩 답할 때의 벽은 대개 계산이 아니라 메모리이며, 가중치의 비트를 줄이면 그만큼 빨라집니다."
    )


def check_phone(student):
    """4.5 bits for each of 2e9 weights are 1.125 GB: 25 ms at 45 GB/s."""
    hint = "스케일의 몫까지 가중치 하나가 몇 비트인지, 모두 몇 바이트인지부터 세어 보세요."
    require_number(student.answer_3, 25, misread=MISREAD_PHONE, near=0.02, hint=hint)


def check_views_explanation(student):
    """Print the explanation of item 4."""
    print(
        "[4번 해설] 무작위로 나누면 한 부품의 사진이 학습과 평가에 함께 들어가, 평가는 이미 본 부품을 다시 묻습니다.\n"
        "데이터 누수입니다. 첫 주의 부품은 정말 처음 보는 것이었고, 두 모델이 모두 91%이니 양자화 탓은 아닙니다.\n"
        "부품으로 묶어 나누면 배포하기 전에 그 값을 보게 되고, 다음에 무엇을 고치든 그 평가로 재야 합니다."
    )


def check_views(student):
    """Pictures of one part on both sides: split by part before anything is mended."""
    require_choice(student.answer_4, "b", misread=MISREAD_VIEWS)


def check_brier_explanation(student):
    """Print the explanation of item 5."""
    print(
        "[5번 해설] 주문마다 확률과 결과(1이나 0)의 차이를 제곱해 평균합니다.\n"
        "(240 x 0.01 + 60 x 0.81 + 60 x 0.36 + 140 x 0.16) / 500 = 95 / 500 = 0.19입니다.\n"
        "늘 전체 비율 0.6을 말하는 기초선의 0.24보다 낫고, 0.8과 0.3으로 보정하면 0.18까지 내려갑니다."
    )


def check_brier(student):
    """The mean square of probability less outcome over 500 orders: 0.19."""
    hint = "도착한 주문과 도착하지 않은 주문을 나누어, 하나마다 차이의 제곱이 얼마인지부터 적어 보세요."
    require_number(student.answer_5, 0.19, misread=MISREAD_BRIER, near=0.002, hint=hint)
