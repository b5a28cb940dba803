"""What commands print: aligned tables that fit the terminal, CSV and JSON.

Nothing that comes from data can move the cursor or change what a line seems to say: control characters and marks that
turn the writing direction are printed as escapes. There is no colour off a terminal.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain, islice
from typing import Any, TypeVar

import click

from watcher.cli.opening import on_terminal

Command = TypeVar("Command", bound=Callable[..., Any])
#: One line of a list: values by the names of columns, and whatever else belongs into JSON.
Row = Mapping[str, Any]

#: The formats of a list.
LIST_FORMATS = ("text", "json", "csv")

#: Rows that the widths of a table are taken from; the rest streams through.
_SAMPLE = 500
_GAP = "  "
#: Under this a column says nothing any more.
_NARROWEST = 8
#: A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLOURS = {"critical": "red", "warning": "yellow", "info": "blue", "error": "red"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    #: The key in a row; also its title, with spaces for underscores.
    name: str
    #: Numbers stand on the right.
    right: bool = False
    #: Whether it may be cut when the terminal is narrow.
    gives: bool = False

    @property
    def title(self) -> str:
        """What stands above it."""
        return self.name.replace("_", " ").upper()


def format_option(*styles: str) -> Callable[[Command], Command]:
    """Give a command ``--format``; the first style is the default."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(styles),
        default=styles[0],
        show_default=True,
        help="How to print it.",
    )


def print_rows(rows: Iterable[Row], columns: Sequence[Column], style: str, *, empty: str = "") -> None:
    """Print a list in a style: text, json, jsonl or csv.

    :param empty: what to say as text when there are no rows.
    """
    match style:
        case "json":
            _print_array(rows)
        case "jsonl":
            for row in rows:
                print(to_json(row))
        case "csv":
            print_csv(rows, [column.name for column in columns])
        case _:
            _print_aligned(rows, columns, empty)


def print_json(document: Mapping[str, Any]) -> None:
    """Print one document, indented."""
    print(json.dumps(_plain(document), indent=2))


def to_json(document: Mapping[str, Any]) -> str:
    """One document on one line."""
    return json.dumps(_plain(document))


def print_csv(rows: Iterable[Row], names: Sequence[str]) -> None:
    """Print rows as CSV; what a spreadsheet would take for a formula is marked as text."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(names)
    for row in rows:
        out.writerow([csv_cell(row.get(name)) for name in names])


def csv_cell(value: object) -> object:
    """A value for a spreadsheet: numbers stay numbers, and text never becomes a formula."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = value.isoformat() if isinstance(value, date) else _text(value)
    text = f"'{text}" if text.startswith(_FORMULA) else text
    # Readers take a carriage return for the end of a row.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return safe(text) if on_terminal() else text


def paint(text: str, severity: str) -> str:
    """A text in the colour of a severity, on a terminal that wants colour."""
    wanted = on_terminal() and not os.environ.get("NO_COLOR")
    return click.style(text, fg=_COLOURS.get(severity), bold=True) if wanted else text


def safe(text: str) -> str:
    r"""A text that does nothing to a terminal: control characters become ``\x1b``, line breaks ``\n``."""
    return text if text.isprintable() else "".join(map(_visible, text))


def screen_width() -> int | None:
    """How many columns there are; None where lines may be of any length."""
    return shutil.get_terminal_size((100, 24)).columns if on_terminal() else None


def width_of(text: str) -> int:
    """How many columns a terminal gives a text."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def fitted(text: str, width: int) -> str:
    """A text cut at a number of columns."""
    if width_of(text) <= width:
        return text
    used, kept = 1, []
    for character in text:
        used += _columns(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept) + "…"


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _visible(character: str) -> str:
    if character.isprintable() or character in "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\N{NO-BREAK SPACE}":
        return character
    return character.encode("unicode_escape").decode()


# --- values -----------------------------------------------------------------------------------------------------------


def _text(value: object) -> str:
    """A value as a person reads it; moments are in UTC."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
        case list() | tuple():
            return "; ".join(map(_text, value))
        case Mapping():
            return ", ".join(f"{name}={_text(each)}" for name, each in value.items())
        case _:
            return str(value)


def _plain(value: object) -> object:
    """A value as JSON knows it."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case float() if value in {float("inf"), float("-inf")}:
            return str(value)
        case _:
            return value


# --- layouts ----------------------------------------------------------------------------------------------------------


def _print_array(rows: Iterable[Row]) -> None:
    separator = "["
    for row in rows:
        print(f"{separator}{to_json(row)}", end="")
        separator = ",\n "
    print("[]" if separator == "[" else "]")


def _print_aligned(rows: Iterable[Row], columns: Sequence[Column], empty: str) -> None:
    cells = ([safe(_text(row.get(column.name))) for column in columns] for row in rows)
    sample = list(islice(cells, _SAMPLE))
    if not sample:
        if empty:
            print(empty)
        return
    titles = [column.title for column in columns]
    widths = _widths([titles, *sample], columns, screen_width())
    for line in chain([titles], sample, cells):
        print(_line(line, widths, columns))


def _widths(lines: Sequence[Sequence[str]], columns: Sequence[Column], screen: int | None) -> list[int]:
    """How wide each column is: as its cells ask, and on a narrow screen those that give give way, the widest first."""
    widths = [max(map(width_of, cells)) for cells in zip(*lines, strict=True)]
    if screen is None:
        return widths
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - screen
    while over > 0:
        giving = [place for place, column in enumerate(columns) if column.gives and widths[place] > _NARROWEST]
        if not giving:
            break
        widths[max(giving, key=widths.__getitem__)] -= 1
        over -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    return _GAP.join(_aligned(cells, widths, columns)).rstrip()


def _aligned(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> Iterator[str]:
    for cell, width, column in zip(cells, widths, columns, strict=True):
        text = fitted(cell, width) if column.gives and on_terminal() else cell
        padding = " " * (width - width_of(text))
        yield padding + text if column.right else text + padding
