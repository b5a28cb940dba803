"""Objects: JSON Lines as rows of text, under the same strictness as a table.

Numbers stay text until a cell's own parser reads them, so that a million digits cost nothing, ``NaN`` is refused, and an
identifier keeps its digits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Never

from watcher.core.event import Deletion, Event, Record, Rejection
from watcher.sources.cells import BadCell
from watcher.sources.lines import Damaged, Lines
from watcher.sources.rows import Bind, NoLayout, Read, fold_name

#: So many sets of keys that differ are remembered with their readers.
_LAYOUTS = 16


def is_row(line: str, key: str) -> bool:
    """Whether a line holds a whole object with this key: JSON Lines begin with a row, and other JSON does not."""
    if not line.lstrip().startswith("{"):
        return False
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return key in map(fold_name, found)


def read_objects(lines: Lines, names: Sequence[str], read: Read) -> Iterator[Record]:
    """Yield the records of lines that hold one object each; ``read`` is given the values of ``names`` as text."""
    yield from read_nested(lines, lambda found: read([*(text_of(name, found.get(name)) for name in names), ""]))


def read_layouts(lines: Lines, known: Collection[str], bind: Bind) -> Iterator[Record]:
    """The same where the keys of each object are its header; keys that are not ``known`` are passed over."""
    bound = lru_cache(maxsize=_LAYOUTS)(bind)

    def read(found: Mapping[str, Any]) -> Event | Deletion | None:
        names = tuple(filter(known.__contains__, found))
        try:
            reader = bound(names)
        except NoLayout as unknown:
            raise BadCell("", unknown.problem.replace("the header", "the object", 1)) from None
        return reader.read([*(text_of(name, found[name]) for name in names), ""])

    yield from read_nested(lines, read)


def read_nested(lines: Lines, read: Callable[[Mapping[str, Any]], Event | Deletion | None]) -> Iterator[Record]:
    """The same where objects stand in each other; ``read`` is given the outer one, its numbers as text."""
    row = 0
    lines.retreat(0)
    for line in lines.feed():
        if line.strip("\ufeff \t\r\n"):
            row += 1
            record: Record | None
            try:
                record = read(_object(line, is_last=not line.endswith("\n")))
            except BadCell as bad:
                raw = line.rstrip("\r\n").replace("\0", "\u2400")
                record = Rejection(row, lines.number, bad.column, bad.reason, raw)
            if record is not None:
                lines.done()
                yield record
        lines.done()


def _object(line: str, *, is_last: bool) -> dict[str, Any]:
    if isinstance(line, Damaged):
        raise BadCell("", f"the line {line.reason}")
    try:
        value = json.loads(
            line.lstrip("\ufeff"), parse_int=str, parse_float=str, parse_constant=_refuse, object_pairs_hook=_unique
        )
    except RecursionError:
        raise BadCell("", "the line is nested too deep") from None
    except ValueError as error:
        what = "the last line is cut off" if is_last else "the line is no JSON"
        raise BadCell("", f"{what}: {error}") from None
    if not isinstance(value, dict):
        raise BadCell("", "the line holds no object {...}")
    return value


def _refuse(constant: str) -> Never:
    msg = f"{constant} is no number"
    raise ValueError(msg)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = {fold_name(key): value for key, value in pairs}
    if len(found) < len(pairs):
        msg = "a key stands twice"
        raise ValueError(msg)
    return found


def text_of(name: str, value: object) -> str:
    """A value as the text of a cell.

    :raises BadCell: when it is none.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise BadCell(name, "a list or an object stands where a text or a number should")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise BadCell(name, "half a character: a lone surrogate")
    if "\0" in value:
        raise BadCell(name, "holds a NUL character")
    return value
