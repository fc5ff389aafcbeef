"""What every detector shares: one compiled loop serves single elements and whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from coursekit.compiling import compiled
from coursekit.monitoring.detectors.alarms import Alarms

NOTHING, WARNING, DRIFT = 0, 1, 2


class Detector:
    """A listener on a stream. Subclasses say how to begin and bring the compiled loop.

    ``_loop(values, state, codes, stop_at_drift, *numbers)`` reads and writes ``state`` (all
    the detector remembers, a float64 array), puts NOTHING, WARNING or DRIFT into ``codes``
    for each value and returns how many values it read (all, unless it stops at a drift).
    As in river, the element after a drift finds the detector as if new.
    """

    _loop: ClassVar[Callable[..., int]]
    _binary: ClassVar[bool] = False
    """The stream holds errors: 0 (right) and 1 (wrong), nothing else."""
    _strictness: ClassVar[str] = ""
    """The parameter that ``calibrate`` turns."""
    _strictness_range: ClassVar[tuple[float, float]] = (1.0, 1.0)
    """Its loosest and its strictest sensible value, both above 0."""

    def _numbers(self) -> tuple[float, ...]:
        """The parameters that the loop takes."""
        raise NotImplementedError

    def _initial_state(self) -> np.ndarray:
        """The state before the first element."""
        raise NotImplementedError

    def parameters(self) -> dict[str, Any]:
        """The keyword arguments that make an equal detector."""
        names = self.__init__.__kwdefaults__ or {}  # type: ignore[misc]
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        default = self.__init__.__kwdefaults__ or {}  # type: ignore[misc]
        told = [f"{name}={value!r}" for name, value in self.parameters().items() if value != default[name]]
        return f"{type(self).__name__}({', '.join(told)})"

    def reset(self) -> None:
        """Forget everything heard so far."""
        self._state = self._initial_state()
        self._element = np.empty(1)
        self._code = np.zeros(1, dtype=np.uint8)

    @property
    def warning_detected(self) -> bool:
        """Whether the last element raised a warning (False where it called a drift)."""
        return bool(self._code[0] == WARNING)

    @property
    def drift_detected(self) -> bool:
        """Whether the last element called a drift."""
        return bool(self._code[0] == DRIFT)

    def update(self, x: float) -> None:
        """Hear one element."""
        self._element[0] = x
        if self._binary:
            if x != 0 and x != 1:
                self._check(self._element)
        elif not np.isfinite(x):
            self._check(self._element)
        self._loop(self._element, self._state, self._code, False, *self._numbers())

    def update_many(self, values: ArrayLike) -> Alarms:
        """Hear many elements, going on from what was heard before; positions count from the first of them."""
        checked = self._check(values)
        codes = np.empty(checked.size, dtype=np.uint8)
        self._loop(checked, self._state, codes, False, *self._numbers())
        self._code[0] = codes[-1]
        return _alarms(codes)

    def detect(self, values: ArrayLike) -> Alarms:
        """Where a fresh detector would warn and call drifts on this stream; leaves this one as it is."""
        checked = self._check(values)
        codes = np.empty(checked.size, dtype=np.uint8)
        self._loop(checked, self._initial_state(), codes, False, *self._numbers())
        return _alarms(codes)

    def _first_drift(self, values: np.ndarray) -> int:
        """Position of the first drift of a fresh detector, -1 if none; values are float64 and checked."""
        codes = np.empty(values.size, dtype=np.uint8)
        read = self._loop(values, self._initial_state(), codes, True, *self._numbers())
        return read - 1 if codes[read - 1] == DRIFT else -1

    def _check(self, values: ArrayLike) -> np.ndarray:
        name = type(self).__name__
        try:
            array = np.ascontiguousarray(values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}: the values must be numbers, one element each; {error}") from None
        if array.ndim != 1 or array.size == 0:
            raise ValueError(f"{name}: give a one-dimensional, non-empty array, got shape {array.shape}")
        at = _first_outside(array, self._binary)
        if at >= 0:
            wanted = "0 (right) or 1 (wrong)" if self._binary else "finite numbers"
            hint = "pass (y_true != y_pred)" if self._binary else "drop or fill missing values first"
            raise ValueError(f"{name}: element {at} is {array[at]}, but it takes {wanted}; {hint}")
        return array


@compiled
def _first_outside(values, binary):
    for i in range(values.size):
        x = values[i]
        if binary:
            if x != 0.0 and x != 1.0:
                return i
        elif not np.isfinite(x):
            return i
    return -1


def _alarms(codes: np.ndarray) -> Alarms:
    return Alarms(np.flatnonzero(codes == WARNING), np.flatnonzero(codes == DRIFT), codes.size)


def check_variant(name: str, variant: str, known: tuple[str, ...]) -> None:
    """Raise unless the variant is one of those known."""
    if variant not in known:
        raise ValueError(f"{name}: variant must be one of {', '.join(map(repr, known))}, got {variant!r}")


def check_range(name: str, parameter: str, value: float, *, low: float, high: float = np.inf) -> None:
    """Raise unless low < value < high."""
    if not low < value < high:
        between = f"above {low:g}" if high == np.inf else f"between {low:g} and {high:g}"
        raise ValueError(f"{name}: {parameter} must lie {between}, got {value!r}")
