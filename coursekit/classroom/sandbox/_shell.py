"""An IPython shell without a kernel: what a cell shows becomes nbformat outputs, as they come."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell, InteractiveShellABC
from traitlets import Any as AnyTrait

Emit = Callable[[dict[str, Any]], None]
_PIECE = 8192


class CellStream:
    """What ``sys.stdout`` and ``sys.stderr`` are for a cell: text that is passed on in pieces."""

    encoding, errors, closed, newlines = "utf-8", "replace", False, None

    def __init__(self, name: str, emit: Emit, most: int) -> None:
        self.name, self._emit, self._most = f"<{name}>", emit, most
        self._kind, self._lock, self._length, self._room = name, threading.RLock(), 0, most
        self._pieces: list[str] = []

    def begin_cell(self) -> None:
        """A new cell may say as much again."""
        with self._lock:
            self._room = self._most

    def write(self, text: str) -> int:
        """Take text; past the cell's share it is dropped."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._lock:
            if self._room > 0 and text:
                kept = text[: self._room]
                self._room -= len(kept)
                if len(kept) < len(text) or not self._room:
                    kept += "\n... (출력이 너무 길어 잘랐습니다)\n"
                    self._room = 0
                self._pieces.append(kept)
                self._length += len(kept)
                if self._length > _PIECE:
                    self.flush()
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Pass on what was written."""
        with self._lock:
            if self._pieces:
                text, self._pieces, self._length = "".join(self._pieces), [], 0
                self._emit({"output_type": "stream", "name": self._kind, "text": text})

    def isatty(self) -> bool:
        """It is no terminal."""
        return False

    def readable(self) -> bool:
        """It is written to."""
        return False

    def writable(self) -> bool:
        """It is written to."""
        return True

    def seekable(self) -> bool:
        """It has no places."""
        return False

    def fileno(self) -> int:
        """The descriptor that C code writes to."""
        return 1 if self._kind == "stdout" else 2

    @property
    def buffer(self) -> _Bytes:
        """The same for bytes."""
        return _Bytes(self)


class _Bytes:
    def __init__(self, stream: CellStream) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def flush(self) -> None:
        self._stream.flush()


class _Publisher(DisplayPublisher):
    emit = AnyTrait()

    def publish(self, data: Any, metadata: Any = None, source: Any = None, **options: Any) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.emit({"output_type": "display_data", "data": _jsonable(data), "metadata": _jsonable(metadata or {})})

    def clear_output(self, wait: bool = False) -> None:
        self.emit({"output_type": "clear"})


class _Hook(DisplayHook):
    emit = AnyTrait()

    def write_output_prompt(self) -> None:
        """There is no terminal to prompt in."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.emit(
            {
                "output_type": "execute_result",
                "execution_count": self.prompt_count,
                "data": _jsonable(format_dict),
                "metadata": _jsonable(md_dict or {}),
            }
        )


class CellShell(InteractiveShell):
    """IPython's shell with outputs that go to a function."""

    display_pub_class = _Publisher
    displayhook_class = _Hook

    def __init__(self, **options: Any) -> None:
        self._emit: Emit = lambda output: None
        super().__init__(**options)

    def connect(self, emit: Emit, cell_output: int) -> None:
        """Send what cells show to a function from now on."""
        self._emit = self.display_pub.emit = self.displayhook.emit = emit
        sys.stdout = self._out = CellStream("stdout", emit, cell_output)
        sys.stderr = self._err = CellStream("stderr", emit, cell_output)

    def begin_cell(self) -> None:
        """A cell starts with our streams, whatever the one before put in their place."""
        sys.stdout, sys.stderr = self._out, self._err
        self._out.begin_cell()
        self._err.begin_cell()

    def end_cell(self) -> None:
        """Pass on what is still buffered."""
        self._out.flush()
        self._err.flush()

    def run(self, source: str) -> None:
        """Run a cell as a notebook does."""
        self._told = False
        result = self.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None and not self._told:  # no memory was left to format it
            self._showtraceback(type(error), error, [])

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        self.end_cell()
        self._told = True
        name = etype.__name__ if isinstance(etype, type) else str(etype)
        self._emit({"output_type": "error", "ename": name, "evalue": _text(evalue), "traceback": [str(x) for x in stb]})

    def init_history(self) -> None:
        """Keep no history file: its thread would forbid forking."""
        from IPython.core.history import HistoryManager

        self.history_manager = HistoryManager(shell=self, parent=self, enabled=False, hist_file=":memory:")

    def ask_exit(self) -> None:
        """``exit()`` ends nothing here: the next cell is graded all the same."""

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window here."""


InteractiveShellABC.register(CellShell)


def make_shell() -> CellShell:
    """The one shell of this process, as ``get_ipython()`` finds it."""
    from traitlets.config import Config

    config = Config()
    config.InteractiveShell.colors = "nocolor"
    shell = CellShell.instance(config=config, user_ns={})
    shell.colors = "nocolor"
    for name in ("autosave", "connect_info", "qtconsole"):  # a kernel's magics, of no use here
        shell.magics_manager.register_function(lambda line: None, "line", name)
    return shell


def warm_up(shell: CellShell) -> None:
    """Run a value, an error and a display once: IPython imports what they need only then."""
    kept = sys.stdout, sys.stderr
    shell.connect(lambda output: None, 1000)
    for source in ("1 + 1", "print('')", "def _fails():\n    return 1 / 0\n_fails()", "get_ipython()"):
        shell.run(source)
    sys.stdout, sys.stderr = kept
    shell.reset(new_session=True)
    shell.execution_count = 1


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # an exception's own text may raise
        return ""


def _jsonable(data: Any) -> Any:
    """What JSON holds of a display; pictures arrive as bytes."""
    import base64

    if isinstance(data, dict):
        return {str(key): _jsonable(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_jsonable(value) for value in data]
    if isinstance(data, bytes):
        return base64.b64encode(data).decode()
    if data is None or isinstance(data, bool | int | float | str):
        return data
    return str(data)
