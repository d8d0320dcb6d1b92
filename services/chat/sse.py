"""Cuts a stream of bytes into the data of server-sent events, touching as little of it as possible."""

import re

# An event ends with an empty line; WHATWG HTML §9.2.6 allows LF, CRLF and CR.
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINE_END = re.compile(rb"\r\n|\n|\r")


class FrameSplitter:
    """Fed with whatever arrives, gives the data of each complete event; comments and other fields are dropped."""

    def __init__(self) -> None:
        """Nothing has arrived."""
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The data of the events that `data` completes, maybe none; it may be cut anywhere, also in a character."""
        blocks = _BLANK_LINE.split(self._rest + data)
        self._rest = blocks.pop()
        return [found for block in blocks if (found := _data_of(block))]

    def flush(self) -> list[bytes]:
        """The data of a last event that no empty line ended, as sloppy servers send it."""
        found = _data_of(self._rest)
        self._rest = b""
        return [found] if found else []


def _data_of(block: bytes) -> bytes:
    if block.startswith(b"data:") and b"\n" not in block and b"\r" not in block:
        return block[5:].strip()
    lines = (line for line in _LINE_END.split(block) if line.startswith(b"data:"))
    return b"\n".join(line[5:].removeprefix(b" ") for line in lines).strip()
