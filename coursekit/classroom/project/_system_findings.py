"""What verifying a bonus system can find: each kind with its severity and what the team should do."""

from __future__ import annotations

from types import MappingProxyType

KINDS = MappingProxyType(
    {
        "link-outside": (
            "must",
            "폴더 밖을 가리키는 링크",
            "링크 대신 파일을 폴더 안에 넣으세요. 다른 컴퓨터에는 그 파일이 없습니다.",
        ),
        "command-not-found": (
            "must",
            "없는 명령",
            "system.yaml의 commands를 고치세요. 파이썬이면 python -m 모듈 형식으로 적으세요.",
        ),
        "command-hangs": (
            "must",
            "제한 시간 안에 끝나지 않은 명령",
            "기다림에 끝을 두세요. 서버는 with 블록 안에서 띄워 일이 끝나면 함께 끝나게 하세요.",
        ),
        "processes-left": (
            "should",
            "끝난 뒤에도 남은 프로세스",
            "서버와 라우터를 with 블록 안에서 띄우거나 끝날 때 멈추세요.",
        ),
        "tests-failed": (
            "must",
            "실패한 테스트",
            "python -m pytest 로 같은 실패를 다시 보고 고치세요. 테스트를 지워서 없애지 마세요.",
        ),
        "tests-none": (
            "must",
            "테스트가 없음",
            "tests/에 test_로 시작하는 파일을 만들고, 데이터와 모델이 지켜야 할 성질부터 확인하세요.",
        ),
        "tests-skipped": (
            "must",
            "모두 건너뛴 테스트",
            "건너뛰는 까닭을 없애세요. 건너뛴 테스트는 아무것도 확인하지 않았습니다.",
        ),
        "tests-hollow": (
            "must",
            "아무것도 확인하지 않는 테스트뿐",
            "시스템의 함수를 불러 결과를 assert로 확인하세요.",
        ),
        "tests-partly-hollow": (
            "should",
            "아무것도 확인하지 않는 테스트",
            "내용을 채우거나 지우세요. 통과한 수만 늘립니다.",
        ),
        "tests-partly-skipped": ("should", "건너뛴 테스트", "왜 건너뛰는지 살펴보고, 이 컴퓨터에서도 실행되게 하세요."),
        "tests-unread": (
            "must",
            "결과를 읽을 수 없는 테스트",
            "commands.tests를 python -m pytest로 시작하게 하세요. 몇 개가 통과했는지 pytest의 보고서로 셉니다.",
        ),
        "evidence-failed": (
            "must",
            "증거를 만드는 명령의 실패",
            "이 폴더를 새로 복사해 같은 명령을 실행해 보세요. 커밋하지 않은 파일에 기대고 있을 수 있습니다.",
        ),
        "evidence-missing": (
            "must",
            "만들어지지 않은 증거",
            "commands.evidence가 이 파일을 쓰게 하세요.",
        ),
        "evidence-stale": (
            "must",
            "다시 만들어지지 않은 증거",
            "예전 파일은 증거가 되지 않습니다. 명령이 이 파일을 처음부터 다시 쓰게 하세요.",
        ),
        "evidence-copied": (
            "must",
            "다른 파일을 옮겨 놓은 증거",
            "저장해 둔 결과를 복사하지 말고, 시스템을 실행해 잰 값을 쓰세요.",
        ),
        "evidence-unreadable": (
            "must",
            "읽을 수 없는 증거",
            'README의 "증거의 형식"대로 쓰세요. NaN과 무한대는 값이 아닙니다.',
        ),
        "evidence-empty": ("must", "값이 없는 증거", "잰 값을 하나 이상 적으세요."),
        "evidence-not-kept": (
            "should",
            "커밋하지 않은 증거",
            "증거를 만드는 명령을 실행해 evidence/를 코드와 함께 커밋하세요. 그래야 문서의 수치와 견줄 수 있습니다.",
        ),
        "part-missing": (
            "must",
            "증거가 없는 부분",
            "이 부분이 실제로 동작함을 보이는 값을 재고, system.yaml의 parts에 그 파일을 적으세요.",
        ),
        "part-without-promise": (
            "should",
            "약속이 없는 부분",
            "이 부분의 증거를 판정할 요구사항을 하나 이상 적으세요.",
        ),
        "number-differs": (
            "must",
            "다시 나오지 않은 값",
            "코드를 바꾸었으면 증거를 다시 만들어 함께 커밋하세요. 바꾸지 않았으면 시드를 고정했는지 보고, "
            "컴퓨터에 따라 달라지는 값이면 tolerance나 ratio를 적으세요.",
        ),
        "number-gone": ("must", "사라진 값", "명령이 이 값을 다시 만들게 하거나, 낡은 증거를 다시 만들어 커밋하세요."),
        "number-new": ("should", "커밋한 증거에 없는 값", "증거를 다시 만들어 커밋하세요."),
        "number-too-equal": (
            "should",
            "끝자리까지 같은 시간",
            "두 번 잰 시간은 끝자리까지 같을 수 없습니다. 실제로 재고 있는지 보세요.",
        ),
        "tolerance-wide": (
            "should",
            "너무 넓은 허용 오차",
            "다시 재면 얼마나 달라지는지 몇 번 재어 보고, 그만큼만 허용하세요.",
        ),
        "requirement-unmet": (
            "must",
            "지키지 못한 약속",
            "시스템을 고치거나, 설계 문서와 함께 약속을 고치고 그 까닭을 적으세요.",
        ),
        "requirement-without-evidence": (
            "must",
            "판정할 증거가 없는 약속",
            "evidence에 적은 <파일>.<이름>을 명령이 만들게 하거나 철자를 고치세요.",
        ),
    }
)
"""Kind of a finding to severity, title and what to do, in Korean."""
