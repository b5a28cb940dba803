"""Workbooks: dates, numbers and headers as a desk's spreadsheet has them, and what is no spreadsheet at all."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime

import pytest

from tests.sources.books import book, rows
from tests.sources.samples import events, read_rows, rejections, the_event
from watcher.core.errors import DataError
from watcher.sources import survey

OWN = {"columns": {"id": "ref", "date": "day", "country": "land", "fatalities": "dead", "notes": "what", "stamp": "at"}}
HEADER = ("REF", "DAY", "LAND", "DEAD", "WHAT", "AT")
DAY = date(2020, 12, 3)
RAID = (20191024143000, DAY, "Mozambique", 4, 'a "raid",\nat night', date(2020, 12, 4))


def test_a_sheet_is_read_like_a_table():
    event = the_event(read_rows(book(rows((), ("", ""), HEADER, RAID)), **OWN))
    assert (event.external_id, event.date_start, event.iso3) == ("20191024143000", DAY, "MOZ")
    assert (event.fatalities, event.notes) == (4, 'a "raid",\nat night')
    assert event.stamp == datetime(2020, 12, 4, tzinfo=UTC)


@pytest.mark.parametrize("day", [DAY, "03/12/2020"], ids=["a date cell", "a text"])
def test_a_day_may_be_a_date_cell_or_a_text_in_the_style_of_the_settings(day):
    data = book(rows(HEADER, (1, day, "Mozambique", "", "", "")))
    event = the_event(read_rows(data, **OWN, date_formats=["%d/%m/%Y"]))
    assert (event.date_start, event.fatalities) == (DAY, None)


def test_a_rejected_row_stands_in_quarantine_as_csv_that_can_be_read_again():
    data = book(rows(HEADER, RAID, (2, DAY, "Mozambik", 1, "", "")))
    records = read_rows(data, **OWN)
    [bad] = rejections(records)
    assert (len(events(records)), bad.column) == (1, "country")
    mended = f"{bad.header}\n{bad.raw.replace('Mozambik', 'Mozambique')}\n"
    assert the_event(read_rows(mended.encode(), **OWN)).external_id == "2"


def test_an_id_with_more_digits_than_a_spreadsheet_keeps_is_refused():
    [bad] = rejections(read_rows(book(rows(HEADER, (2.02e20, DAY, "Mozambique", 1, "", ""))), **OWN))
    assert (bad.column, "a spreadsheet has rounded it" in bad.reason) == ("id", True)


def test_the_sheet_is_the_first_or_the_one_that_is_named():
    data = book(rows(HEADER, RAID), names=["Log", "Old"])
    assert len(read_rows(data, **OWN, sheet="Old")) == 1
    with pytest.raises(DataError, match="there is no sheet 'New'"):
        read_rows(data, **OWN, sheet="New")


def far(place: str) -> bytes:
    return book(f'<row r="1"><c r="A1"><v>1</v></c></row><row><c r="{place}"><v>1</v></c></row>')


def shared(number: int, length: int) -> bytes:
    cells = '<c t="s"><v>0</v></c>' * number
    return book(f"<row>{cells}</row>", texts=f"<si><t>{'x' * length}</t></si>")


DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData><row><c><v>&a;</v></c></row></sheetData></worksheet>'
HOSTILE = {
    "a cell at the far corner": (far("XFD1048576"), "reaches over more than 5,000,000 cells"),
    "a cell beyond every corner": (far("ZZZZZ99999999999"), "a cell has no place"),
    "a cell in row 0": (far("A0"), "a cell has no place"),
    "a text shared by too many cells": (shared(5_000, 30_000), "hold more than 128 million characters"),
    "a text that is not there": (book('<row><c t="s"><v>7</v></c></row>'), "a cell's text is missing"),
    "entities": (book("", members={"xl/worksheets/sheet1.xml": DOCTYPE}), "declares XML entities"),
    "XML that is none": (book("<row>"), "the workbook is damaged: mismatched tag"),
    "an archive of something else": (b"PK\x03\x04" + b"x" * 100, "the workbook is damaged or locked"),
    "half a workbook": (book(rows(HEADER, RAID))[:500], "the workbook is damaged or locked"),
    "no row": (book(""), "there is no row in the sheet"),
}


@pytest.mark.parametrize(("data", "words"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_would_break_or_fill_a_machine_is_refused(data, words):
    with pytest.raises(DataError, match=words):
        read_rows(data, **OWN)


def test_a_bomb_is_refused_by_what_it_unpacks_to(monkeypatch):
    monkeypatch.setattr(survey, "MOST", 1 << 20)
    bomb = book("", members={"xl/media/image.bin": b"\0" * (2 << 20)})
    assert len(bomb) < 10_000
    with pytest.raises(DataError, match="unpacked, the workbook is larger than 1 MB"):
        read_rows(bomb, **OWN)


def test_damage_of_a_workbook_that_is_packed_in_another_way_is_told_as_well():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>" * 100)
    data = packed.getvalue()
    start = data.index(b"xl/workbook.xml") + 30
    with pytest.raises(DataError, match="the workbook is damaged"):
        read_rows(data[:start] + b"\xff" * 8 + data[start + 8 :], **OWN)


def test_a_zip_archive_is_told_from_a_workbook(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("export.csv", "a,b\n")
    with pytest.raises(DataError, match="a zip archive, and no Excel workbook"):
        read_rows((tmp_path / "a.zip").read_bytes(), **OWN)
