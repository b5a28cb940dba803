"""Survey: a workbook, looked through before anything reads it.

A few hundred kilobytes of a zip archive can unpack to many gigabytes, and one cell at the far corner of a sheet makes a
reader set aside room for all cells before it. So everything is unpacked once, in pieces, and thrown away: what it adds up
to, not what it says of itself, decides whether it is read.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, Never
from xml.parsers import expat

from watcher.core.errors import DataError
from watcher.sources.unpack import DAMAGES

#: All of a workbook, unpacked, in bytes.
MOST = 256 << 20
#: The rectangle around all cells of a sheet.
MOST_CELLS = 5_000_000
#: The texts of all cells together, in characters: cells share texts, so these can be far more than the file holds.
MOST_TEXT = 128 << 20
_MOST_MEMBERS = 5_000
_PIECE = 1 << 16
#: A sheet has 1,048,576 rows.
_ROW_DIGITS = 7
#: No number of a shared text is longer.
_DIGITS = 12
_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})", re.IGNORECASE | re.ASCII)
_SHEETS = "xl/worksheets/"
_TEXTS = "xl/sharedStrings.xml"
_SMALLER = "keep the rows that are needed in a workbook of their own, or export the sheet as CSV"


def survey(stream: BinaryIO) -> None:
    """Look a workbook through; the stream is where it was afterwards.

    :raises DataError: when it is none, is damaged, or is larger than any table of events.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            if "xl/workbook.xml" not in names or len(members) > _MOST_MEMBERS:
                raise DataError("this is a zip archive, and no Excel workbook", todo="unpack it, or save it as .xlsx")
            _look_through(archive, members)
    except DAMAGES as error:
        raise DataError(
            f"the workbook is damaged or locked: {error}", todo="save it again, without a password"
        ) from None
    except expat.ExpatError as error:
        raise DataError(f"the workbook is damaged: {error}", todo="save it again") from None
    stream.seek(0)


def _look_through(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    budget = MOST
    texts: list[int] = []
    # The shared texts first, for the cells point into them.
    for member in sorted(members, key=lambda each: each.filename != _TEXTS):
        look = _look(member.filename, texts)
        for piece in _pieces(archive, member):
            budget -= len(piece)
            if budget < 0:
                raise DataError(f"unpacked, the workbook is larger than {MOST >> 20} MB", todo=_SMALLER)
            if look is not None:
                look.Parse(piece, False)
        if look is not None:
            look.Parse(b"", True)


def _pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(member) as unpacked:
        while piece := unpacked.read(_PIECE):
            yield piece


def _look(name: str, texts: list[int]) -> expat.XMLParserType | None:
    if name != _TEXTS and not (name.startswith(_SHEETS) and name.endswith(".xml")):
        return None
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_entities
    parser.buffer_text = True
    watch = _Texts(texts) if name == _TEXTS else _Cells(texts)
    parser.StartElementHandler = watch.start
    parser.EndElementHandler = watch.end
    parser.CharacterDataHandler = watch.text
    return parser


def _refuse_entities(*_: object) -> None:
    raise DataError("the workbook declares XML entities, which no spreadsheet program does", todo="do not open it")


class _Texts:
    """Measures the texts that cells share."""

    def __init__(self, texts: list[int]) -> None:
        self.texts = texts

    def start(self, name: str, _: dict[str, str]) -> None:
        if _tag(name) == "si":
            self.texts.append(0)

    def end(self, name: str) -> None:
        pass

    def text(self, piece: str) -> None:
        if self.texts:
            self.texts[-1] += len(piece)


class _Cells:
    """Measures the cells of a sheet."""

    def __init__(self, texts: list[int]) -> None:
        self.texts = texts
        self.row = 0
        self.column = 0
        self.furthest_row = 0
        self.furthest_column = 0
        self.is_shared = False
        self.inside = ""
        self.said = ""
        self.total = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _tag(name)
        if tag == "row":
            self.row, self.column = self._row(attributes.get("r", "")), 0
        elif tag == "c":
            self.is_shared = attributes.get("t") == "s"
            self._cell(attributes.get("r", ""))
        self.inside, self.said = tag, ""

    def end(self, name: str) -> None:
        if _tag(name) == "v" and self.is_shared:
            number = int(self.said) if self.said.isdecimal() and self.said.isascii() else -1
            if not 0 <= number < len(self.texts):
                raise DataError("the workbook is damaged: a cell's text is missing", todo="save it again")
            self.total += self.texts[number]
            self._bound()
        self.inside = ""

    def text(self, piece: str) -> None:
        if self.inside == "v" and self.is_shared:
            self.said = (self.said + piece)[:_DIGITS]
        self.total += len(piece)

    def _row(self, said: str) -> int:
        if not said:
            return self.row + 1
        return int(said) if said.isdecimal() and said.isascii() and len(said) <= _ROW_DIGITS else _off()

    def _cell(self, said: str) -> None:
        if said:
            match = _CELL.fullmatch(said) or _off()
            self.column, self.row = _number(match[1]), int(match[2])
        else:
            self.column += 1
        self.furthest_row = max(self.furthest_row, self.row)
        self.furthest_column = max(self.furthest_column, self.column)
        self._bound()

    def _bound(self) -> None:
        if self.furthest_row * self.furthest_column > MOST_CELLS:
            raise DataError(f"a sheet reaches over more than {MOST_CELLS:,} cells", todo=_SMALLER)
        if self.total > MOST_TEXT:
            raise DataError(f"the cells of a sheet hold more than {MOST_TEXT >> 20} million characters", todo=_SMALLER)


def _off() -> Never:
    raise DataError("the workbook is damaged: a cell has no place", todo="save it again")


def _tag(name: str) -> str:
    return name.rpartition(":")[2]


def _number(letters: str) -> int:
    """A column's letters as its number: ``A`` is 1, ``AA`` is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
