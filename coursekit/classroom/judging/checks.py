"""A check's two words: what must hold, and the hidden check of a name."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from coursekit.classroom.judging.asking import CheckFailed, Student, defer

FILE = "checks.py"
PREFIX = "check_"
PLACE = "COURSEKIT_CHECKS"
"""Environment variable with the path of the checks, for a kernel that grades without a judge."""
_JUDGE_CHECKS = "coursekit_judge_checks"
"""Name under which the judge has put an assignment's checks into ``sys.modules``."""

NO_FUNCTION = "함수여야 하는 이름에 다른 값이 들어 있습니다. 함수의 이름을 값으로 덮어쓰지 않았는지 보세요."
BROKEN = "이 확인을 끝내지 못했습니다. 돌려준 값의 형식이 설명과 같은지 보세요. 담당자도 이 사실을 봅니다."


def require(condition: Any, message: str) -> None:
    """Fail a check unless a condition holds, naming the property and not the expected value.

    An assert shows its line, and with it the expected value, to whoever reads the traceback;
    this shows the sentence that was written for the student.

    Parameters
    ----------
    condition
        True or False (numpy's too).
    message
        The violated property, in Korean, for the student.

    Raises
    ------
    CheckFailed
        If the condition does not hold.
    TypeError
        If it is neither true nor false: a comparison of arrays, say, or something of the
        student's.

    Examples
    --------
    >>> require(2 > 1, "차이가 음수입니다.")
    >>> require(False, "차이가 음수입니다.")
    Traceback (most recent call last):
    ...
    coursekit.classroom.judging.asking.CheckFailed: 차이가 음수입니다.
    """
    if not isinstance(condition, bool | np.bool_):
        raise TypeError(f"a condition is True or False, not {type(condition).__name__}")
    if not condition:
        raise CheckFailed(message)


def hidden_check(name: str, student: Student) -> None:
    """Run the hidden check of a name from the assignment's ``checks.py``.

    Hidden checks that stand in a notebook are in its kernel's memory and in its tracebacks. Here
    the notebook knows a name; the text lies in a file that is never released and, under
    ``coursekit class grade``, never near the student's process. What it asks cannot be told on
    either: it is asked after the last cell, of the names as they stood here, and what the
    student's functions print or raise then is kept to itself.

    Parameters
    ----------
    name
        ``"keyword_order"`` for the function ``check_keyword_order(student)``.
    student
        The answers.

    Raises
    ------
    CheckFailed
        If a property does not hold. If the check itself stops, the text says that it could not
        be finished; no line of it is shown.
    LookupError
        If there is no such check.

    Examples
    --------
    >>> hidden_check("nothing", Student({}))
    Traceback (most recent call last):
    ...
    LookupError: no checks.py beside the notebook: hidden checks run when a submission is graded
    """
    check = getattr(_module(), f"{PREFIX}{name}", None)
    if check is None:
        raise LookupError(f"{FILE} has no {PREFIX}{name}(student)")
    if defer(student, name):
        return  # the judge runs it when no cell is left that could tell what it was asked
    try:
        check(student)
    except CheckFailed as failed:
        raise CheckFailed(str(failed)) from None
    except Exception as error:
        raise stopped(error, f"{PREFIX}{name}") from None


def stopped(error: BaseException, where: str) -> CheckFailed:
    """Give what a student reads when a check was stopped by an error of its own.

    Most often an answer has another form than the check can handle; sometimes the check is
    wrong. The student gets a sentence, the instructor finds the error in the audit.

    Parameters
    ----------
    error
        What stopped the check.
    where
        The check's name.

    Examples
    --------
    >>> failed = stopped(AttributeError("no such thing"), "check_mean")
    >>> failed.broken
    'AttributeError in check_mean: no such thing'
    """
    if isinstance(error, AttributeError) and error.name in ("returns", "opaque"):
        return CheckFailed(NO_FUNCTION)
    if isinstance(error, TypeError) and str(error).endswith("object is not callable"):
        return CheckFailed(NO_FUNCTION)
    failed = CheckFailed(BROKEN)
    failed.broken = f"{type(error).__name__} in {where}: {error}"[:2000]
    return failed


def load_checks(path: Path) -> ModuleType:
    """Load an assignment's checks, so that hidden_check finds them in this process.

    The judge does this before a notebook's first cell; beside the answers the file is loaded
    when the first hidden check asks for it.

    Parameters
    ----------
    path
        The assignment's ``checks.py``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> load_checks(Path("/nowhere/checks.py"))
    Traceback (most recent call last):
    ...
    FileNotFoundError: /nowhere/checks.py does not exist
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    spec = importlib.util.spec_from_file_location(_JUDGE_CHECKS, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[_JUDGE_CHECKS] = module
    return module


def _module() -> ModuleType:
    known = sys.modules.get(_JUDGE_CHECKS)
    if known is not None:
        return known
    path = Path(os.environ.get(PLACE) or Path.cwd() / FILE)
    if not path.is_file():
        raise LookupError(f"no {FILE} beside the notebook: hidden checks run when a submission is graded")
    return load_checks(path)
