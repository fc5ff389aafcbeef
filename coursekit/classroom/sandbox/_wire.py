"""Frames of JSON on a stream socket; what a stranger writes there is bounded and only data."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

LARGEST_FRAME = 64 << 20
_HEAD = struct.Struct("!I")


class WireError(OSError):
    """The other side is gone, or does not keep to the frames."""


def encode(message: Any) -> bytes:
    """A frame: four bytes of length, then JSON in ASCII."""
    try:
        body = json.dumps(message).encode("ascii")
    except RecursionError as error:
        raise WireError("a message that is nested too deeply") from error
    if len(body) > LARGEST_FRAME:
        raise WireError(f"a frame of {len(body)} bytes is too large")
    return _HEAD.pack(len(body)) + body


def send(connection: socket.socket, message: Any) -> None:
    """Write one frame; blocks until it is on its way."""
    connection.sendall(encode(message))


def receive(connection: socket.socket) -> Any:
    """Read one frame; for the side that trusts what it reads and may wait."""
    (length,) = _HEAD.unpack(_exactly(connection, _HEAD.size))
    if length > LARGEST_FRAME:
        raise WireError(f"a frame of {length} bytes is too large")
    return json.loads(_exactly(connection, length))


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(min(1 << 20, length - len(parts)))
        if not part:
            raise WireError("the other side is gone")
        parts += part
    return bytes(parts)


class Frames:
    """Cuts frames out of bytes that arrive in pieces, within bounds."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[Any]:
        """Add bytes; return the frames that are complete now."""
        self._bytes += data
        frames = []
        while len(self._bytes) >= _HEAD.size:
            (length,) = _HEAD.unpack_from(self._bytes)
            if length > LARGEST_FRAME:
                raise WireError(f"a frame of {length} bytes is too large")
            if len(self._bytes) < _HEAD.size + length:
                break
            body = bytes(self._bytes[_HEAD.size : _HEAD.size + length])
            del self._bytes[: _HEAD.size + length]
            try:
                frames.append(json.loads(body))
            except (ValueError, RecursionError) as error:
                raise WireError("a frame that is no JSON") from error
        return frames
