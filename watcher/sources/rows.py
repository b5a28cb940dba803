"""Rows: the machinery under every CSV source.

The header decides: under which delimiter it holds the columns a source needs, and which reader its rows go to. After
that each row stands or falls by itself. A quotation mark that is never closed would make ``csv`` swallow the rest of
the file without a word; so quoting is strict, and a row of several lines is believed only when none of its further
lines is a good row of its own. What cannot be read becomes a rejection with its line, its reason and its text.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import BinaryIO, NamedTuple

from watcher.core.errors import DataError
from watcher.core.event import Deletion, Event, Record, Rejection
from watcher.sources.cells import BadCell
from watcher.sources.lines import Damaged, Lines

DELIMITERS = (",", ";", "\t")
#: How far behind a doubtful line a good row may reach and still be found.
_LOOK_AHEAD = 50
#: Found columns named in a refusal.
_NAMED = 40
_UNCLOSED = "a quotation mark is opened on this line and never closed"
#: csv's own words, and what they mean to a person.
_ERRORS = (
    ("unexpected end of data", _UNCLOSED),
    ("expected after", "text follows a closing quotation mark: a quotation mark is missing, or stands alone"),
    ("field limit", f"a field is longer than {csv.field_size_limit():,} characters"),
    ("new-line character", "a carriage return stands outside quotation marks"),
)

#: What a reader makes of the cells of a row, behind which stands an empty one; None when it keeps it for later.
Read = Callable[[list[str]], Event | Deletion | None]


class NoLayout(Exception):
    """A header lacks columns that a source needs."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Reader(NamedTuple):
    """How the rows under a header are read."""

    #: Called once for every row.
    read: Read
    #: Raises BadCell when the cells are no row; called to look around, changes nothing.
    probe: Read


class Header(NamedTuple):
    """The first line of a table."""

    #: Lower case, blanks as underscores.
    names: tuple[str, ...]
    #: As it stood.
    line: str
    delimiter: str


#: Chooses the reader for the names of a header, or raises NoLayout.
Bind = Callable[[Sequence[str]], Reader]


def fold_name(name: str) -> str:
    """A column's name for comparison: ``EVENT_DATE`` is ``event_date``; remains of a byte order mark are dropped."""
    return "_".join(name.lstrip("\ufeff\u00ef\u00bb\u00bf").split()).lower()


def check_columns(names: Sequence[str], needed: Sequence[str]) -> None:
    """Refuse a header that lacks a needed column.

    :raises NoLayout: with the columns it lacks.
    """
    if missing := [name for name in needed if name not in names]:
        msg = f"the header lacks {', '.join(missing)}"
        raise NoLayout(msg)


def picker(names: Sequence[str], wanted: Sequence[str]) -> Callable[[list[str]], tuple[str, ...]]:
    """Take the wanted columns out of a row; one that the header lacks is the empty cell behind the others.

    :raises NoLayout: when a wanted column stands twice.
    """
    if twice := [name for name in wanted if names.count(name) > 1]:
        msg = f"the header has {', '.join(twice)} twice"
        raise NoLayout(msg)
    places = [names.index(name) if name in names else len(names) for name in wanted]
    return itemgetter(*places)


def read_table(stream: BinaryIO, bind: Bind) -> Iterator[Record]:
    """Yield the records of a CSV stream.

    :raises DataError: when ``bind`` knows no layout for its header.
    """
    lines = Lines(stream)
    return read_lines(lines, lines.first(), bind)


def read_lines(lines: Lines, first: str, bind: Bind) -> Iterator[Record]:
    """The same for lines of which the first has been read."""
    header, reader = _layout(first, bind)
    lines.done()
    return _Table(lines, header, reader).records()


def _layout(line: str, bind: Bind) -> tuple[Header, Reader]:
    """The delimiter is the one under which the header makes sense; rows have no say in it."""
    best = Header((), line, "")
    problem = ""
    for delimiter in DELIMITERS:
        header = Header(_names(line, delimiter), line, delimiter)
        try:
            return header, bind(header.names)
        except NoLayout as unknown:
            if len(header.names) > len(best.names):
                best, problem = header, unknown.problem
    found = ", ".join(filter(None, best.names[:_NAMED])) or "nothing"
    raise DataError(f"no layout we know: {problem}; found {found[:1_000]}", todo=_advice(line))


def _advice(line: str) -> str:
    if line.lstrip().startswith(("{", "[")):
        return "this is JSON; export it as CSV"
    if "\r" in line:
        return "lines end with carriage returns only; save it with line feeds"
    return "export it again as CSV, with a header line and all columns"


def _names(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(map(fold_name, next(csv.reader([line], delimiter=delimiter, strict=True))))
    except csv.Error:
        return (line[:_NAMED],)


class _Table:
    """The rows under a header."""

    def __init__(self, lines: Lines, header: Header, reader: Reader) -> None:
        self.lines = lines
        self.header = header
        self.reader = reader
        self.row = 0

    def records(self) -> Iterator[Record]:
        while not self.lines.at_end:
            yield from self._stretch()

    def _stretch(self) -> Iterator[Record]:
        """Read on to the end, or to the next row that has to be begun anew."""
        lines, pending, read, width = self.lines, self.lines.pending, self.reader.read, len(self.header.names)
        try:
            for cells in csv.reader(lines.feed(), delimiter=self.header.delimiter, strict=True):
                if len(cells) != width or len(pending) != 1 or type(pending[0]) is Damaged:
                    yield from self._doubt(cells)
                    if lines.has_returned:
                        return
                    continue
                self.row += 1
                cells.append("")
                record: Record | None
                try:
                    record = read(cells)
                except BadCell as bad:
                    record = self._rejection(bad, cells)
                lines.done()
                if record is not None:
                    yield record
        except csv.Error as error:
            yield from self._doubt(None, _meaning(error))

    def _doubt(self, cells: list[str] | None, problem: str = "") -> Iterator[Record]:
        """Decide how much is to be believed of a row of several lines, of another width, or broken."""
        block = self.lines.pending
        end = len(block)
        damage = _damage(block)
        if cells is not None and not damage and self._is_noise(cells):
            self.lines.done()
            return
        self.row += 1
        resume = next(filter(self._is_good_from, range(1, end)), end)
        if resume < end:
            problem, damage = _UNCLOSED, _damage(block[:resume])
        record = self._judge(cells, damage or problem, resume)
        self.lines.retreat(resume)
        if record is not None:
            yield record

    def _judge(self, cells: list[str] | None, problem: str, lines: int) -> Record | None:
        width = len(self.header.names)
        if cells is not None and len(cells) != width:
            problem = problem or f"the row has {len(cells):,} columns, the header has {width:,}"
        if cells is None or problem:
            return self._rejection(BadCell("", problem), [], lines=lines)
        try:
            return self.reader.read([*cells, ""])
        except BadCell as bad:
            return self._rejection(bad, cells)

    def _is_good_from(self, start: int) -> bool:
        """Whether a good row begins at a pending line, which the row before it has then swallowed."""
        pending = self.lines.pending
        ahead = chain(pending[start:], self.lines.feed())
        rows = csv.reader(islice(ahead, _LOOK_AHEAD), delimiter=self.header.delimiter, strict=True)
        try:
            cells = next(rows, [])
            if len(cells) != len(self.header.names) or _damage(pending[start : start + rows.line_num]):
                return False
            self.reader.probe([*cells, ""])
        except (csv.Error, BadCell):
            return False
        return True

    def _is_noise(self, cells: Sequence[str]) -> bool:
        """A row without content, or the header once more, as in files that were joined."""
        names = self.header.names
        return not any(map(str.strip, cells)) or tuple(map(fold_name, cells[: len(names)])) == names

    def _rejection(self, bad: BadCell, cells: Sequence[str], *, lines: int | None = None) -> Rejection | None:
        if cells and self._is_noise(cells):
            self.row -= 1
            return None
        raw = "".join(self.lines.pending[:lines]).rstrip("\r\n").replace("\0", "\u2400")
        return Rejection(self.row, self.lines.number, bad.column, bad.reason, raw, self.header.line)


def _damage(block: Sequence[str]) -> str:
    return next((line.reason for line in block if isinstance(line, Damaged)), "")


def _meaning(error: csv.Error) -> str:
    return next((meaning for words, meaning in _ERRORS if words in str(error)), str(error))
