"""The student's answers as the judge sees them: names to call, and what the calls give."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from types import UnionType
from typing import Any

from coursekit.classroom.judging._lines import Line, OnTheSpot
from coursekit.classroom.judging.plain_data import NotPlainError, Tree, pack, unpack

JUDGE_LINE = "__judge_line__"
"""Name in a judge's namespace of the line to the sandbox; see :class:`Student`."""


class CheckFailed(AssertionError):
    """A property that does not hold; the text names it in the student's words."""

    broken = ""
    """What stopped the check itself, for the instructor; empty if nothing did."""

    def _render_traceback_(self) -> list[str]:
        """Show the property alone: the lines that found it would only distract, or give it away."""
        return [str(self)]


class StudentError(CheckFailed):
    """The student's code stopped, or gave something that is no answer."""


def defer(student: Student, name: str) -> bool:
    """Note a hidden check for later, where there is a judge; False where it has to run at once.

    A function that is asked a hidden question could print it, or keep it for a later cell.

    Parameters
    ----------
    student
        The answers.
    name
        The check's name.

    Examples
    --------
    >>> defer(Student({}), "keyword_order")
    False
    """
    later = getattr(student._line, "defer", None)
    return bool(later and later(name))


class Student:
    """The student's answers: every name that a student defined, as an attribute.

    Checks that share a process with the answers can be read and patched by them. Through this
    object a check needs nothing of that process but values: the same test cell runs beside the
    answers in JupyterLab, and far from them when it is graded.

    Parameters
    ----------
    namespace
        ``globals()`` of the notebook. A judge's holds the line to the sandbox.

    Raises
    ------
    StudentError
        From an attribute, if the student defined no such name.

    Examples
    --------
    >>> def mean(values):
    ...     return sum(values) / len(values)
    >>> student = Student({"mean": mean, "answer_1": "b"})
    >>> student.mean([1, 2, 6])
    3.0
    >>> student.answer_1
    'b'
    >>> student.mean([])
    Traceback (most recent call last):
    ...
    coursekit.classroom.judging.asking.StudentError: mean 함수가 ZeroDivisionError 오류로 멈추었습니다: ...
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        remote = namespace.get(JUDGE_LINE)
        self._line: Line = OnTheSpot(namespace) if remote is None else remote

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _fetch(self._line, [name])

    def __contains__(self, name: str) -> bool:
        return bool(self._line.request({"do": "has", "of": [name]}).get("value"))


class StudentFunction:
    """A function of the student's: called with plain data, gives plain data.

    Arguments are copied on their way, so a function that changes its input cannot change what
    the check compares it with.

    Parameters
    ----------
    line
        How requests reach the student's code.
    path
        The names that lead to the function.
    kind
        What its results must be.
    opaque
        Whether results stay in the student's process.

    Examples
    --------
    >>> student = Student({"double": lambda x: 2 * x, "fit": lambda x: object()})
    >>> student.double.returns(int)("ab")
    Traceback (most recent call last):
    ...
    coursekit.classroom.judging.asking.StudentError: double 함수가 설명과 다른 형식(str)을 돌려주었습니다. ...
    >>> student.fit.opaque([1, 2])
    <object of the student's>
    """

    def __init__(self, line: Line, path: list[Tree], *, kind: Any = object, opaque: bool = False) -> None:
        self._line, self._path, self._kind, self._opaque = line, path, kind, opaque

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Call it."""
        message = {
            "do": "call",
            "of": self._path,
            "values": [_packed(value) for value in values],
            "named": {name: _packed(value) for name, value in named.items()},
            "opaque": self._opaque,
        }
        answer = _read(self._line, self._line.request(message), _name(self._path))
        if not isinstance(answer, self._kind):
            given = type(answer).__name__
            if isinstance(answer, Opaque):  # its class has the name that the student gave it
                given = "object" if _hushed(self._line) else answer._of
            raise StudentError(
                f"{_name(self._path)} 함수가 설명과 다른 형식({given})을 돌려주었습니다. return을 확인하세요."
            )
        return answer

    def returns(self, kind: type | UnionType) -> StudentFunction:
        """The same function, whose results must be of a type."""
        return StudentFunction(self._line, self._path, kind=kind, opaque=self._opaque)

    def opaque(self, *values: Any, **named: Any) -> Any:
        """Call it and leave the result where it is, for example a trained model."""
        return StudentFunction(self._line, self._path, opaque=True)(*values, **named)

    def __repr__(self) -> str:
        return f"<function {_name(self._path)} of the student's>"


class Opaque:
    """Something of the student's that is no plain data; it stays there and can be passed back.

    Its methods can be called and its attributes read; what comes of them is plain data or
    opaque again. It is equal to nothing but itself, whatever its class says.

    Parameters
    ----------
    line
        How requests reach the student's code.
    number
        Its number there.
    of
        The name of its class, for messages.

    Examples
    --------
    >>> class Counter:
    ...     def __init__(self):
    ...         self.seen = 0
    ...     def update(self, x):
    ...         self.seen += x
    ...         return self
    ...     def __eq__(self, other):
    ...         return True
    >>> counter = Student({"Counter": Counter}).Counter()
    >>> counter.update(3).seen
    3
    >>> counter == 3
    False
    """

    def __init__(self, line: Line, number: int, of: str) -> None:
        self._line, self._number, self._of = line, number, of

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _fetch(self._line, [self._number, name])

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Call it, if it can be called."""
        return StudentFunction(self._line, [self._number])(*values, **named)

    def __repr__(self) -> str:
        return f"<{'object' if _hushed(self._line) else self._of} of the student's>"


def _fetch(line: Line, path: list[Tree]) -> Any:
    reply = line.request({"do": "get", "of": path})
    if "callable" in reply:
        return StudentFunction(line, path)
    return _read(line, reply, _name(path))


def _hushed(line: Line) -> bool:
    """Whether a hidden check is asking: nothing that the student's code words may be told then."""
    return bool(getattr(line, "hushed", False))


def _name(path: list[Tree]) -> str:
    return str(path[-1])


def _packed(value: Any) -> Tree:
    def keep(one: Any) -> Tree:
        if isinstance(one, Opaque):
            return {"type": "object", "id": one._number}
        if isinstance(one, StudentFunction):
            return {"type": "path", "of": one._path}
        raise NotPlainError(f"a check passed {type(one).__name__}, which is no plain data")

    return pack(value, keep=keep)


def _read(line: Line, reply: dict[str, Tree], name: str) -> Any:
    error = reply.get("error")
    if error is not None:
        if error == "NotImplementedError":
            raise StudentError(f"{name} 함수를 아직 쓰지 않았습니다.")
        if error == "NameError" and reply.get("missing"):
            raise StudentError(f"{name}이(가) 없습니다. 답안 셀을 실행했는지, 이름을 바꾸지 않았는지 보세요.")
        if _hushed(line):
            kind = getattr(builtins, str(error), None)
            known = error if isinstance(kind, type) and issubclass(kind, Exception) else "Exception"
            raise StudentError(f"{name} 함수가 {known} 오류로 멈추었습니다.")
        said = str(reply.get("message", ""))[:500]
        raise StudentError(f"{name} 함수가 {str(error)[:100]} 오류로 멈추었습니다: {said}")

    def resolve(tree: dict[str, Any]) -> Any:
        if tree["type"] != "object" or type(tree["id"]) is not int:
            raise NotPlainError("an object without a number")
        return Opaque(line, tree["id"], str(tree.get("of", "object"))[:100])

    try:
        return unpack(reply["value"], resolve=resolve)
    except (NotPlainError, KeyError) as problem:
        raise StudentError(f"{name}의 값을 읽을 수 없습니다.") from problem
