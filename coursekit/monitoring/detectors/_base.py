"""What every detector shares: one compiled loop serves single elements and whole arrays."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from coursekit._number_checks import as_finite, told
from coursekit.compiling import compiled
from coursekit.monitoring.detectors.alarms import Alarms
from coursekit.monitoring.detectors.calibration import calibrated

NOTHING, WARNING, DRIFT = 0, 1, 2

LARGEST = float(np.finfo(np.float64).max)
DOMAINS: dict[str, tuple[float, float, str, str]] = {
    "errors": (0.0, 1.0, "0 (right) or 1 (wrong)", "pass (y_true != y_pred)"),
    "unit": (0.0, 1.0, "numbers from 0 to 1", "drop or fill missing values and rescale the rest"),
    "real": (-LARGEST, LARGEST, "finite numbers", "drop or fill missing values first"),
}
"""The least and the greatest element, what a detector takes in words, and how to get there."""
_WIDENED = frozenset({bool, np.bool_, *(np.dtype(code).type for code in "bBhHiIlLqQefd")})
"""Types whose every value is a float64, near enough; float() of the others may fail."""


class Detector:
    """A listener on a stream. Subclasses say how to begin and bring the compiled loop.

    ``_loop(values, state, codes, stop_at_drift, *numbers)`` reads and writes ``state`` (all
    the detector remembers, a float64 array), puts NOTHING, WARNING or DRIFT into ``codes``
    for each value and returns how many values it read (all, unless it stops at a drift).
    As in river, the element after a drift finds the detector as if new. Parameters stay as they
    were given: what it has heard was judged by them. A copy hears on its own.
    """

    _loop: ClassVar[Callable[..., int]]
    _domain: ClassVar[Literal["errors", "unit", "real"]] = "real"
    """What the stream holds: 0 (right) and 1 (wrong) alone, anything in [0, 1], or any finite number."""
    _strictness: ClassVar[str] = ""
    """The parameter that ``calibrate`` turns."""
    _strictness_range: ClassVar[tuple[float, float]] = (1.0, 1.0)
    """Its loosest and its strictest sensible value, both above 0."""
    _warning: ClassVar[str] = ""
    """The parameter that raises warnings, of the same kind, where there is one."""

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

    def __setattr__(self, name: str, value: Any) -> None:
        if name in vars(self) and name in (self.__init__.__kwdefaults__ or {}):  # type: ignore[misc]
            kind = type(self).__name__
            raise AttributeError(f"{kind}: {name} is fixed; make a new detector, {kind}(..., {name}={value!r})")
        super().__setattr__(name, value)

    def __copy__(self) -> Self:
        return copy.deepcopy(self)  # of two that share what they heard, both would be wrong

    def reset(self) -> None:
        """Forget everything heard so far."""
        self._state = self._initial_state()
        self._element = np.empty(1)
        self._code = np.zeros(1, dtype=np.uint8)
        self._arguments = self._numbers()  # read once: some take a while to work out

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
        if type(x) is not float:
            x = float(x) if type(x) in _WIDENED else self._as_float(x)
        low, high = DOMAINS[self._domain][:2]
        if not ((x == 0 or x == 1) if self._domain == "errors" else low <= x <= high):
            self._check([x])
        self._element[0] = x
        self._loop(self._element, self._state, self._code, False, *self._arguments)

    def update_many(self, values: ArrayLike) -> Alarms:
        """Hear many elements, going on from what was heard before; positions count from the first of them."""
        checked = self._check(values)
        codes = np.empty(checked.size, dtype=np.uint8)
        self._loop(checked, self._state, codes, False, *self._arguments)
        self._code[0] = codes[-1]
        return _alarms(codes)

    def detect(self, values: ArrayLike) -> Alarms:
        """Where a fresh detector would warn and call drifts on this stream; leaves this one as it is."""
        checked = self._check(values)
        codes = np.empty(checked.size, dtype=np.uint8)
        self._loop(checked, self._initial_state(), codes, False, *self._arguments)
        return _alarms(codes)

    def calibrate(
        self,
        *,
        p_false_alarm: float,
        horizon: int,
        error_rate: float | None = None,
        values: ArrayLike | None = None,
        confidence: float = 0.95,
        n_runs: int | None = None,
        seed: int = 0,
    ) -> Self:
        """A new detector like this one, with the threshold that keeps a promised false-alarm probability.

        See :func:`coursekit.monitoring.detectors.calibration.calibrated`.
        """
        return calibrated(
            self,
            p_false_alarm=p_false_alarm,
            horizon=horizon,
            error_rate=error_rate,
            values=values,
            confidence=confidence,
            n_runs=n_runs,
            seed=seed,
        )

    def _centred(self, mean: float, deviation: float) -> Self:
        """The detector, told what a quiet stream looks like: control charts have a target and a sigma."""
        if not {"target", "sigma"} <= self.parameters().keys():
            return self
        if not 0 < deviation < np.inf:
            what = "that never varies has no" if deviation == 0 else "of values as large as these has no finite"
            raise ValueError(f"{type(self).__name__}: a stream {what} sigma to measure changes in")
        return type(self)(**{**self.parameters(), "target": mean, "sigma": deviation})

    def _first_drift(self, values: np.ndarray) -> int:
        """Position of the first drift of a fresh detector, -1 if none; values are float64 and checked."""
        codes = np.empty(values.size, dtype=np.uint8)
        read = self._loop(values, self._initial_state(), codes, True, *self._arguments)
        return read - 1 if codes[read - 1] == DRIFT else -1

    def _as_float(self, x: Any) -> float:
        """One element as a float: the largest float64 says nothing of a float32 that is not widened first."""
        if type(x) is int and abs(x) < LARGEST:
            return float(x)
        if x is np.ma.masked:
            x = np.nan
        if getattr(x, "shape", ()) or isinstance(x, list | tuple):
            raise ValueError(
                f"{type(self).__name__}: update hears one number, got {type(x).__name__}; pass .item() of an array of "
                f"one element, or all elements to update_many"
            )
        return float(self._check([x])[0])

    def _check(self, values: ArrayLike) -> np.ndarray:
        name = type(self).__name__
        if isinstance(values, np.ma.MaskedArray):
            missing = np.flatnonzero(np.ma.getmaskarray(values))
            if missing.size:
                wanted, hint = DOMAINS[self._domain][2:]
                raise ValueError(f"{name}: element {missing[0]} is masked, but it takes {wanted}; {hint}")
        try:
            array = np.asarray(values)
            if array.dtype.kind not in "biufO":
                raise TypeError(f"these are {array.dtype}")
            array = np.require(array, np.float64, ["C", "W"])  # a pandas column cannot be written, and compiles anew
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"{name}: the values must be numbers, one element each; {error}") from None
        if array.ndim != 1 or array.size == 0:
            raise ValueError(f"{name}: give a one-dimensional, non-empty array, got shape {array.shape}")
        low, high, wanted, hint = DOMAINS[self._domain]
        at = _first_outside(array, low, high, self._domain == "errors")
        if at >= 0:
            raise ValueError(f"{name}: element {at} is {array[at]}, but it takes {wanted}; {hint}")
        return array


@compiled
def _first_outside(values: np.ndarray, low: float, high: float, ends_only: bool) -> int:
    outside = 0
    for i in range(values.size):  # never leaves early, so it takes several elements at a time
        x = values[i]
        outside += not ((x == low) | (x == high) if ends_only else (x >= low) & (x <= high))
    if outside == 0:
        return -1
    for i in range(values.size):
        x = values[i]
        if not (low <= x <= high) or (ends_only and low < x < high):
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
    number = as_finite(value)
    if number is None or not low < number < high:
        between = f"above {low:g}" if high == np.inf else f"between {low:g} and {high:g}"
        raise ValueError(f"{name}: {parameter} must lie {between}, got {told(value)}")
