"""Lines: a binary stream as lines of text, in bounded memory, whatever it holds.

Each line is decoded by itself. UTF-8 proves itself: text in another encoding is hardly ever valid UTF-8. A line that is
not UTF-8 is read as Windows-1252, as spreadsheets write it, unless the file has already shown that it is UTF-8: then the
line is damaged, and reading it any other way would change a name without a word.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from watcher.core.errors import DataError

#: A longer line, in bytes, is no row.
MAX_LINE = 1 << 20
#: A row of more lines, or more characters, has an unclosed quotation mark.
MAX_LINES = 1_000
MAX_ROW = 1 << 20

#: Why a line is damaged: what is kept of it is not what the file held.
_NOT_UTF8 = "has bytes that are not UTF-8, in a file that is UTF-8"
_NUL = "holds a NUL character, shown as \u2400"
_TOO_LONG = f"is longer than {MAX_LINE:,} bytes; only its beginning is kept"

_KEPT = 1 << 16
_BOM = "\ufeff"
#: What a line without content is made of.
_BLANK = f"{_BOM}\r\n\t ;,"
#: Windows-1252; the five bytes it leaves out are control characters, as browsers read them.
_WINDOWS = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
#: How files begin that are no text: what they are, and what to do.
_FOREIGN = (
    (b"PK\x03\x04", "is an Excel workbook or a zip archive", "export the sheet as CSV, or unpack the archive"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook", "export the sheet as CSV"),
    (b"\x1f\x8b", "is compressed", "unpack it first"),
    (b"%PDF", "is a PDF document", "export the data as CSV"),
    (b"\xff\xfe", "is UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16 text", "save it as UTF-8"),
    (b"<", "is a web page or XML", "download the data itself, as CSV"),
)


class Damaged(str):
    """A line that must not be believed; ``reason`` says why. A str, because ``csv.reader`` takes nothing else."""

    __slots__ = ("reason",)
    reason: str


class Lines:
    """The lines of a stream, with those of the current row kept at hand until it is done."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._back: deque[str] = deque()
        self._is_utf8 = False
        #: The lines handed out since the last row was done.
        self.pending: list[str] = []
        #: 1-based number of the first pending line.
        self.number = 1
        self.at_end = False

    def feed(self) -> Iterator[str]:
        """Hand out line after line; stop early when a row grows beyond all bounds."""
        pending = self.pending
        while self._back:
            pending.append(line := self._back.popleft())
            yield line
            if pending and self._is_endless():
                return
        for raw in iter(partial(self._stream.readline, MAX_LINE + 1), b""):
            plain = raw.isascii() and len(raw) <= MAX_LINE and b"\0" not in raw
            pending.append(line := raw.decode("ascii") if plain else self._text(raw))
            yield line
            if pending and self._is_endless():
                return
        self.at_end = True

    @property
    def has_returned(self) -> bool:
        """Whether lines wait to be handed out once more."""
        return bool(self._back)

    def done(self) -> None:
        """Forget the pending lines."""
        self.number += len(self.pending)
        self.pending.clear()

    def retreat(self, keep: int) -> None:
        """Forget the first ``keep`` pending lines, and hand the others out once more."""
        self._back.extendleft(reversed(self.pending[keep:]))
        self.at_end = self.at_end and not self._back
        del self.pending[keep:]
        self.done()

    def first(self) -> str:
        """The first line that is not blank, without byte order mark and line end; it stays pending.

        :raises DataError: when there is none, or the stream is no text.
        """
        raw = self._stream.readline(MAX_LINE + 1)
        for start, what, todo in _FOREIGN:
            if raw.startswith(start):
                raise DataError(f"this {what}", todo=todo)
        if raw:
            self._back.append(self._text(raw))
        for line in self.feed():
            if type(line) is Damaged:
                raise DataError(f"the first line {line.reason}", todo="check what wrote the file")
            if line.strip(_BLANK):
                return line.lstrip(_BOM).rstrip("\r\n")
            self.done()
        what = "there is no line of text in it"
        raise DataError(what, todo="check that the export or download was complete")

    def _is_endless(self) -> bool:
        return len(self.pending) >= MAX_LINES or sum(map(len, self.pending)) > MAX_ROW

    def _text(self, raw: bytes) -> str:
        try:
            line = raw.decode()
        except UnicodeDecodeError:
            line = codecs.charmap_decode(raw, "strict", _WINDOWS)[0]
            if self._is_utf8:
                line = _damaged(line, _NOT_UTF8)
        else:
            self._is_utf8 = self._is_utf8 or not line.isascii()
        if len(raw) > MAX_LINE:
            while (rest := self._stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            return _damaged(line[:_KEPT], _TOO_LONG)
        if "\0" in line:
            return _damaged(line, _NUL)
        return line


def is_damage(reason: str) -> bool:
    """Whether a rejection's reason says that its text is not what the file held: to read it again proves nothing."""
    return any(damage in reason for damage in (_NOT_UTF8, _NUL, _TOO_LONG))


def _damaged(line: str, reason: str) -> Damaged:
    damaged = Damaged(line)
    damaged.reason = reason
    return damaged
