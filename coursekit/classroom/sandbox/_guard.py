"""Test cells beside the answers: run by functions that were saved before the answers came.

This shows tampering and undoes it; it cannot prevent it, since the student's code owns the
process. What must not be forged is judged from outside (``coursekit.classroom.judging``).
"""

from __future__ import annotations

import ast
import builtins
import sys
import traceback
from typing import Any

_NAMES = """AssertionError BaseException Exception NotImplementedError TypeError ValueError __build_class__
__import__ abs all any bool bytes callable compile dict dir enumerate eval exec float format frozenset getattr
globals hasattr hash id int isinstance issubclass iter len list locals map max min next object print range repr
reversed round set setattr sorted str sum tuple type vars zip""".split()
_MODULES = ("numpy.testing", "numpy", "math", "statistics", "pandas.testing")
_compile, _exec, _parse, _format = compile, exec, ast.parse, traceback.format_exception


class Guard:
    """Remembers how the process was before any answer ran."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._store = shell.history_manager.store_inputs
        self._cache = shell.compile.cache  # so that a traceback can show the failed line
        self._builtins = {name: getattr(builtins, name) for name in _NAMES}
        self._functions = {
            name: {key: value for key, value in vars(sys.modules[name]).items() if callable(value)}
            for name in _MODULES
            if name in sys.modules
        }

    def restore(self) -> list[str]:
        """Undo what was changed; return what it was."""
        changed = []
        for name, value in self._builtins.items():
            if builtins.__dict__.get(name) is not value:
                changed.append(f"builtins.{name}")
                setattr(builtins, name, value)
        for module_name, functions in self._functions.items():
            module = sys.modules.get(module_name)
            for name, value in functions.items():
                if module is not None and module.__dict__.get(name) is not value:
                    changed.append(f"{module_name}.{name}")
                    setattr(module, name, value)
        shell = self._shell
        if shell.ast_transformers:
            changed.append("ast_transformers")
            shell.ast_transformers.clear()
        if "run_cell" in vars(shell) or "run" in vars(shell):
            changed.append("run_cell")
            vars(shell).pop("run_cell", None)
            vars(shell).pop("run", None)
        if shell.input_transformers_post or list(shell.input_transformers_cleanup) != self._cleanups:
            changed.append("input_transformers")
            shell.input_transformers_post.clear()
            shell.input_transformers_cleanup[:] = self._cleanups
        for event, ours in self._events.items():
            if list(shell.events.callbacks[event]) != ours:
                changed.append(event)
                shell.events.callbacks[event][:] = ours
        if sys.gettrace() is not None or sys.getprofile() is not None:
            changed.append("settrace")
            sys.settrace(None)
            sys.setprofile(None)
        return changed

    def arm(self) -> None:
        """Note the shell's own transformers, which are not tampering."""
        self._emit = self._shell._emit
        self._cleanups = list(self._shell.input_transformers_cleanup)
        self._events = {name: list(found) for name, found in self._shell.events.callbacks.items()}

    def run(self, source: str) -> list[str]:
        """Run a test cell by the saved functions; return what had been tampered with."""
        changed = self.restore()
        try:
            self._store(self._shell.execution_count, source, source)  # a kernel has it in In, too
            self._shell.execution_count += 1
            name = self._cache(source)
            _exec(_compile(_parse(source, name), name, "exec"), self._shell.user_ns)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self._tell(error)
        return changed

    def _tell(self, error: BaseException) -> None:
        """Send the error by what was saved: the shell may have been told to keep errors to itself."""
        trace = error.__traceback__
        lines = _format(type(error), error, trace.tb_next if trace is not None else None)
        try:
            text = str(error)
        except Exception:  # an exception's own text may raise
            text = ""
        self._emit({"output_type": "error", "ename": type(error).__name__, "evalue": text, "traceback": lines})
