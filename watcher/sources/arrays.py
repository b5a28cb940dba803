"""Arrays: one JSON array as JSON Lines, an element at a time, in bounded memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import BinaryIO

from watcher.core.errors import DataError
from watcher.sources.lines import MAX_LINE

_PIECE = 1 << 16
_BLANK = " \t\r\n"
# Numbers stay text: a million digits cost nothing.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_ADVICE = "check that the export or download was complete, and what wrote it"


class Elements:
    """The elements of an array as a stream of lines; newlines between its tokens become blanks."""

    def __init__(self, stream: BinaryIO) -> None:
        self._lines = _lines(stream)

    def readline(self, _: int = -1) -> bytes:
        """The next element, or nothing behind the last."""
        return next(self._lines, b"")


def is_array(start: bytes) -> bool:
    """Whether a stream that begins like this is a JSON array."""
    return start.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"["


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    text = _Text(stream)
    text.take("[")
    number = 0
    while text.peek() != "]":
        if number:
            text.take(",")
        number += 1
        element = text.element(number)
        # Inside a string a line end is written \n, so those that stand here stand between tokens.
        line = element.replace("\r", " ").replace("\n", " ").encode("utf-8", "surrogatepass") + b"\n"
        if len(line) > MAX_LINE:
            raise DataError(
                f"element {number} of the JSON array is too long: more than {MAX_LINE:,} bytes", todo=_ADVICE
            )
        yield line


class _Text:
    """The text of a stream, with what was read and not used yet at hand."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._held = ""
        self._at_end = False

    def peek(self) -> str:
        """The next character that is no blank."""
        while not (held := self._held.lstrip(_BLANK)) and not self._at_end:
            self._more()
        self._held = held
        if not held:
            raise DataError("the JSON array is cut off", todo=_ADVICE)
        return held[0]

    def take(self, character: str) -> None:
        if self.peek() != character:
            raise DataError(f"the JSON array is damaged: {self._held[:40]!r} instead of {character!r}", todo=_ADVICE)
        self._held = self._held[1:]

    def element(self, number: int) -> str:
        """The text of the next element."""
        self.peek()
        while True:
            try:
                _, end = _DECODER.raw_decode(self._held)
            except RecursionError:
                raise DataError(f"element {number} of the JSON array is nested too deep", todo=_ADVICE) from None
            except ValueError as error:
                if self._at_end or len(self._held) > MAX_LINE:
                    what = f"element {number} of the JSON array is damaged, cut off, or too long: {error}"
                    raise DataError(what, todo=_ADVICE) from None
            else:
                # A number may go on in what is not read yet.
                if end < len(self._held) or self._at_end:
                    element, self._held = self._held[:end], self._held[end:]
                    return element
            self._more()

    def _more(self) -> None:
        piece = self._stream.read(_PIECE)
        self._at_end = not piece
        try:
            self._held += self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            raise DataError("the JSON array is not UTF-8", todo="save it as UTF-8") from None
