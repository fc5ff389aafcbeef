"""Why a cell did not run to its end: the names that grading writes into notebooks, and what students read."""

from __future__ import annotations

TIMEOUT = "CellTimeoutError"
CRASH = "DeadKernelError"
NOT_RUN = "NotRun"
STOPPED = {
    TIMEOUT: "제한 시간 안에 끝나지 않아 멈추었습니다. 끝나지 않는 반복이 있는지 확인하세요.",
    CRASH: "이 셀을 실행하다가 커널이 종료되었습니다.",
    NOT_RUN: "앞의 셀에서 실행이 멈추어 이 셀은 실행되지 않았습니다.",
}
"""Error names that grading itself writes into a notebook, with what students read."""
