"""The machinery under every CSV source: whatever a file holds, good rows are read and bad ones are named."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator

import pytest

from tests.sources.samples import (
    ACLED_2023,
    TODAY,
    ambushes,
    csv_bytes,
    events,
    read_acled,
    read_rows,
    read_ucdp,
    rejections,
    the_event,
    the_rejection,
)
from watcher.core.errors import DataError
from watcher.core.event import Deletion, Event, Rejection
from watcher.sources import acled
from watcher.sources.lines import MAX_LINE, MAX_LINES, is_damage

SMALL = {"columns": {"id": "id", "date": "date", "country": "country", "notes": "notes", "fatalities": "dead"}}
HEAD = "id,date,country,notes,dead\n"


def small(*lines: str) -> list[Event | Deletion | Rejection]:
    return read_rows((HEAD + "".join(lines)).encode(), **SMALL)


def ids(records) -> list[str]:
    return [event.external_id for event in events(records)]


def good(number: int) -> str:
    return f'{number},2020-12-03,MOZ,"a note, quoted",1\n'


class TestQuotationMarks:
    def test_one_that_is_never_closed_costs_its_own_row_and_no_other(self):
        records = small(good(1), '2,2020-12-03,MOZ,"never closed,1\n', *map(good, range(3, 5_000)))
        assert ids(records) == ["1", *map(str, range(3, 5_000))]
        (rejected,) = rejections(records)
        assert (rejected.row, rejected.line) == (2, 3)
        assert rejected.raw == '2,2020-12-03,MOZ,"never closed,1'
        assert rejected.reason == "a quotation mark is opened on this line and never closed"

    def test_rows_behind_one_that_runs_to_the_end_of_the_file_are_read(self):
        records = small(
            '1,2020-12-03,MOZ,"never closed,1\n', *(f"{number},2020-12-03,MOZ,plain,1\n" for number in (2, 3, 4))
        )
        assert ids(records) == ["2", "3", "4"]

    def test_a_further_line_with_as_many_columns_as_the_header_is_no_row_unless_it_reads_as_one(self):
        assert the_event(small('1,2020-12-03,MOZ,"two\na,b,c,d",1\n')).notes == "two\na,b,c,d"

    def test_one_that_is_never_closed_at_the_end_is_no_silent_loss(self):
        records = small(good(1), '2,2020-12-03,MOZ,"never closed,1\n')
        assert ids(records) == ["1"]
        assert the_rejection(records[1:]).reason == "a quotation mark is opened on this line and never closed"

    def test_two_halves_that_would_make_one_plausible_row_are_not_put_together(self):
        records = small('1,2020-12-03,MOZ,"opened,1\n', '2,2020-12-03,MOZ,closed",9\n', good(3))
        assert ids(records) == ["2", "3"]
        assert (events(records)[0].notes, events(records)[0].fatalities) == ('closed"', 9)
        assert rejections(records)[0].raw == '1,2020-12-03,MOZ,"opened,1'

    def test_a_row_of_several_lines_behind_one_is_read_whole(self):
        records = small('1,2020-12-03,MOZ,"opened,1\n', '2,2020-12-03,MOZ,"two\nlines",1\n', good(3))
        assert ids(records) == ["2", "3"]
        assert events(records)[0].notes == "two\nlines"

    def test_text_behind_a_closing_one_is_refused(self):
        rejected = the_rejection(small('1,2020-12-03,MOZ,"said" he,1\n'))
        assert rejected.reason.startswith("text follows a closing quotation mark")

    def test_one_inside_an_unquoted_cell_is_a_character(self):
        assert the_event(small('1,2020-12-03,MOZ,5" gun,1\n')).notes == '5" gun'

    def test_many_lines_without_one_good_row_are_one_rejection(self):
        records = small('1,2020-12-03,MOZ,"opened\n', *["and on\n"] * 1_500, good(2))
        assert ids(records) == ["2"]
        assert "never closed" in rejections(records)[0].reason
        assert rejections(records)[0].raw.count("\n") + 1 == MAX_LINES
        assert sum(each.raw.count("\n") + 1 for each in rejections(records)) == 1_501

    def test_the_line_of_every_row_is_counted_in_lines_of_the_file(self):
        records = small('1,2020-12-03,MOZ,"two\nlines",1\n', "\n", "2,bad,MOZ,,1\n", "\n\n", '3,bad,MOZ,"x\ny",1\n')
        assert [(each.row, each.line) for each in rejections(records)] == [(2, 5), (3, 8)]


class TestRows:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            pytest.param("1,2020-12-03,MOZ,x\n", "the row has 4 columns, the header has 5", id="a column short"),
            pytest.param("1,2020-12-03,MOZ,x,1,2\n", "the row has 6 columns, the header has 5", id="a column too many"),
            pytest.param("1" + "," * 1_000_000 + "\n", "the row has 1,000,001 columns", id="a million commas"),
            pytest.param('1,2020-12-03,MOZ,"x\ny",1,2\n', "the row has 6 columns", id="several lines and a column"),
            pytest.param("1,2020-12-03,MOZ,a\0b,1\n", "the line holds a NUL character", id="a NUL"),
            pytest.param(f"1,2020-12-03,MOZ,{'x' * 140_000},1\n", "longer than 131,072 characters", id="a huge cell"),
            pytest.param(f"1,2020-12-03,MOZ,{'x' * MAX_LINE},1\n", "longer than 1,048,576 bytes", id="a huge line"),
            pytest.param("x" * (3 * MAX_LINE) + "\n", "longer than 1,048,576 bytes", id="a line of three megabytes"),
            pytest.param("," * (MAX_LINE + 5) + "\n", "longer than 1,048,576 bytes", id="a huge line of commas"),
            pytest.param("1,2020-12-03,MOZ,a\rb,1\n", "a carriage return stands outside", id="a lone carriage return"),
        ],
    )
    def test_a_broken_row_is_rejected_and_the_next_is_read(self, line, reason):
        bad, next_one = small(line, good(2))
        rejected = the_rejection([bad])
        assert reason.removeprefix("the line ") in rejected.reason
        assert rejected.column == ""
        assert "\0" not in rejected.raw
        assert is_damage(rejected.reason) == (reason.startswith(("the line holds", "longer than 1,048,576")))
        assert the_event([next_one]).external_id == "2"

    def test_empty_rows_and_the_header_once_more_are_passed_over(self):
        records = small(good(1), "\n", ",,,,\n", " , ,\n", "\ufeffID,Date,Country,Notes,Dead\n", good(2), "2,,,,\n")
        assert ids(records) == ["1", "2"]
        assert [each.row for each in rejections(records)] == [3]


class TestEncodings:
    NOTE = "Ménaka, Koulopagaré"

    def test_a_file_in_windows_1252_is_read_as_such(self):
        data = (HEAD + f'1,2020-12-03,MOZ,"{self.NOTE} \u2013",1\n').encode("cp1252")
        assert the_event(read_rows(data, **SMALL)).notes == f"{self.NOTE} \u2013"

    def test_bytes_that_windows_1252_leaves_out_stay_control_characters(self):
        assert the_event(read_rows(HEAD.encode() + b"1,2020-12-03,MOZ,a\x81b,1\n", **SMALL)).notes == "a\x81b"

    def test_a_damaged_line_in_a_file_that_is_utf_8_is_rejected_and_not_misread(self):
        lines = [f'{n},2020-12-03,MOZ,"{self.NOTE}",1\n'.encode() for n in (1, 2, 3)]
        lines[1] = lines[1].replace("é".encode(), b"\xe9", 1)
        records = read_rows(HEAD.encode() + b"".join(lines), **SMALL)
        assert ids(records) == ["1", "3"]
        assert rejections(records)[0].reason == "has bytes that are not UTF-8, in a file that is UTF-8"
        assert is_damage(rejections(records)[0].reason)


class TestHeaders:
    @pytest.mark.parametrize(
        ("data", "says"),
        [
            pytest.param(b"", "no line of text", id="nothing"),
            pytest.param(b"\n \n,,,\n\xef\xbb\xbf\n", "no line of text", id="blank lines"),
            pytest.param(b"a,b,c\n1,2,3\n", "found a, b, c", id="other columns"),
            pytest.param(b"\x00\x01\x02", "NUL character", id="binary"),
            pytest.param(b"PK\x03\x04....", "Excel workbook", id="a workbook"),
            pytest.param(b"\x1f\x8b....", "unpack it first", id="a compressed file"),
            pytest.param(b"<!DOCTYPE html>\n<p>Just a moment...", "a web page", id="a web page"),
            pytest.param("id,date\n1,2".encode("utf-16"), "save it as UTF-8", id="UTF-16"),
            pytest.param(b'{"status": 403, "error": []}', "this is JSON", id="an API's answer"),
            pytest.param(ambushes().replace(b"\n", b"\r"), "save it with line feeds", id="carriage returns only"),
            pytest.param(b"x" * (MAX_LINE + 2), "the first line is longer", id="one endless line"),
            pytest.param(b'"a,b\n1,2\n', "the header lacks", id="a quotation mark in the header"),
        ],
    )
    def test_a_file_without_a_known_header_is_refused_with_what_to_do(self, data, says):
        for read in (read_acled, read_ucdp):
            with pytest.raises(DataError) as caught:
                read(data)
            assert says in str(caught.value)
            assert caught.value.todo

    def test_blank_lines_before_the_header_count_as_lines(self):
        records = read_acled(b"\n\n" + ambushes({"fatalities": "?"}))
        assert the_rejection(records).line == 4

    def test_a_header_with_blanks_and_capitals_is_known(self):
        head = ", ".join(name.replace("_", " ").title() for name in ACLED_2023)
        assert the_event(read_acled(head.encode() + b"\n" + ambushes().split(b"\n", 1)[1])).external_id == "MLI9001"

    def test_a_file_with_a_header_only_has_no_records(self):
        assert read_acled(csv_bytes(ACLED_2023, [])) == []
        assert read_acled(csv_bytes(ACLED_2023, []).rstrip()) == []


class Endless(io.RawIOBase):
    """A stream that cannot seek and makes its rows as they are asked for."""

    def __init__(self, rows: Iterator[bytes]) -> None:
        self.rows = rows

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        row = next(self.rows, b"")
        buffer[: len(row)] = row
        return len(row)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lambda n: f"MLI{n}", id="good rows"),
        pytest.param(lambda n: f'"MLI{n}', id="rows with an unclosed quotation mark each"),
        pytest.param(lambda n: f'x",",{n}', id="lines that keep a quotation mark open"),
    ],
)
def test_memory_does_not_grow_with_the_file(body):
    template = ambushes().split(b"\n")[1].decode()
    rows = (f"{template.replace('MLI9001', body(n))}\n".encode() for n in range(4_000))
    head = [ambushes().split(b"\n")[0] + b"\n"]
    stream = io.BufferedReader(Endless(iter([*head, *rows])))
    tracemalloc.start()
    try:
        for _ in acled.read(stream, source="acled", today=TODAY, settings=acled.Settings()):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
