"""Workbooks: a sheet of an Excel file as a table of text, so that its rows go the way of every CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, BinaryIO

from watcher.core.errors import DataError
from watcher.later import Later
from watcher.sources.rows import fold_name
from watcher.sources.survey import survey

# Only who has workbooks needs it.
_calamine = Later("python_calamine")

#: How a workbook begins.
START = b"PK\x03\x04"
#: Beyond this a number of a spreadsheet is rounded: it holds fifteen digits.
_EXACT = 10**15


def as_csv(stream: BinaryIO, *, sheet: str, days: Collection[str], style: str) -> BinaryIO:
    """A sheet as CSV.

    :param sheet: its name; empty for the first one.
    :param days: folded names of the columns that hold days; their date cells are written in this style.
    :raises DataError: when it cannot be read, or has no such sheet.
    """
    survey(stream)
    try:
        rows = _rows(stream, sheet)
    except ImportError:
        what = "this is an Excel workbook, and the package that reads them is not installed"
        raise DataError(what, todo="pip install 'watcher[xlsx]', or export the sheet as CSV") from None
    rows = [row for row in rows if any(cell != "" for cell in row)]
    if not rows:
        raise DataError("there is no row in the sheet", todo="name another one under sheet")
    names = [fold_name(_text(cell, "")) for cell in rows[0]]
    styles = [style if name in days else "" for name in names]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([_text(cell, style) for cell, style in zip(row, styles, strict=True)])
    return io.BytesIO(out.getvalue().encode("utf-8", "replace"))


def _rows(stream: BinaryIO, sheet: str) -> list[list[Any]]:
    try:
        with _calamine.CalamineWorkbook.from_filelike(stream) as book:
            names = book.sheet_names
            if sheet and sheet not in names:
                raise DataError(f"there is no sheet {sheet!r}", todo=f"one of: {', '.join(names)}"[:1_000])
            if not names:
                raise DataError("there is no sheet in the workbook", todo="save it again")
            found: list[list[Any]] = book.get_sheet_by_name(sheet or names[0]).to_python()
            return found
    except (_calamine.CalamineError, ValueError, OSError) as error:
        raise DataError(
            f"the workbook cannot be read: {error}", todo="save it again, or export the sheet as CSV"
        ) from None


def _text(cell: Any, style: str) -> str:
    """A cell as the text that a CSV export would hold, without a spreadsheet's rounding."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, date):
        return _moment(cell, style)
    return str(cell).replace("\0", "\u2400")


def _moment(cell: date, style: str) -> str:
    if style:
        return cell.strftime(style)
    if isinstance(cell, datetime) and cell.time() != datetime.min.time():
        return cell.isoformat(" ", "seconds")
    return cell.strftime("%Y-%m-%d")
