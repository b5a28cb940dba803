"""Labels: episodes that people say were there, from a CSV file that a desk keeps.

::

    from,to,location
    2020-03-23,2020-04-12,Mocimboa da Praia
    2020-05-28,2020-06-01,Macomia

``from`` and ``to`` are the first and the last day. Every further column is a label of the alerts' groups; an empty cell
speaks of every group.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from watcher.core.errors import ConfigError, Problem, UsageError
from watcher.core.label import Labels
from watcher.core.period import Period, partial_date
from watcher.core.score import Labelled

_FIRST, _LAST = "from", "to"
_CHECK = "labels/syntax"


def read_labels(path: Path) -> tuple[Labelled, ...]:
    """Read a file of labels.

    :raises UsageError: when it cannot be read at all.
    :raises ConfigError: with every row that says nothing, each with its line and column.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise UsageError(f"{path} cannot be read: {why}", todo="name a CSV file with: from,to,...") from None
    rows = csv.reader(text.splitlines())
    names = [name.strip() for name in next(rows, [])]
    problems = list(_of_header(path, names))
    if problems:
        raise ConfigError(problems)
    labels: list[Labelled] = []
    for row in rows:
        if any(cell.strip() for cell in row):
            found = _read(names, row)
            if isinstance(found, Labelled):
                labels.append(found)
            else:
                problems.append(_problem(path, rows.line_num, *found))
    if problems:
        raise ConfigError(problems)
    return tuple(labels)


def _of_header(path: Path, names: Sequence[str]) -> Iterator[Problem]:
    for name in (_FIRST, _LAST):
        if name not in names:
            yield _problem(path, 1, 0, f"there is no column {name!r}", "the first line is e.g. from,to,location")
    for place, name in enumerate(names):
        if not name or name in names[:place]:
            what = f"the column {name!r} is there twice" if name else "a column has no name"
            yield _problem(path, 1, place, what, "each column is 'from', 'to' or a label of the rule's groups")


def _read(names: Sequence[str], row: Sequence[str]) -> Labelled | tuple[int, str, str]:
    """A row as a label; else the number of the cell that is wrong, what is wrong with it, and what to do."""
    if len(row) != len(names):
        return (min(len(row), len(names)) - 1, f"{len(row)} cells and {len(names)} columns", "check the commas")
    cells = {name: cell.strip() for name, cell in zip(names, row, strict=True)}
    days = {name: _day(cells[name]) for name in (_FIRST, _LAST)}
    for name, day in days.items():
        if day is None:
            return (names.index(name), f"{cells[name]!r} is no day", "write e.g. 2020-03-23")
    first, last = (days[name] or date.min for name in (_FIRST, _LAST))
    if last < first:
        return (names.index(_LAST), f"{last} lies before {first}", "swap them")
    return Labelled(Period.between(first, last), _group(cells))


def _day(text: str) -> date | None:
    try:
        day = partial_date(text)
    except ValueError:
        return None
    return day.first if day.is_exact else None


def _group(cells: dict[str, str]) -> Labels:
    return tuple((name, value) for name, value in cells.items() if name not in {_FIRST, _LAST} and value)


def _problem(path: Path, line: int, place: int, summary: str, hint: str) -> Problem:
    """A mistake; its column is the number of the cell."""
    return Problem(str(path), line, place + 1, summary, hint=hint, check=_CHECK)
