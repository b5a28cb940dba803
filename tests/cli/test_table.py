from __future__ import annotations

import csv
import io
import json
import math
import re
import sys
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.cli import table
from watcher.cli.table import Column, csv_cell, fitted, print_rows, safe, width_of

COLUMNS = (Column("day"), Column("deaths", right=True), Column("what_is_said", gives=True))
ROWS: list[dict[str, Any]] = [
    {"day": date(2020, 7, 6), "deaths": 447, "what_is_said": "to date"},
    {"day": date(2019, 12, 31), "deaths": None, "what_is_said": "Ménaka"},
]


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of some columns."""

    def terminal(columns: int) -> None:
        monkeypatch.setattr(table, "on_terminal", lambda: True)
        monkeypatch.setenv("COLUMNS", str(columns))

    return terminal


def test_columns_are_aligned_numbers_on_the_right_and_nothing_trails(capsys):
    print_rows(ROWS, COLUMNS, "text")
    assert capsys.readouterr().out.splitlines() == [
        "DAY         DEATHS  WHAT IS SAID",
        "2020-07-06     447  to date",
        "2019-12-31          Ménaka",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (datetime(2020, 7, 7, 5, 30, tzinfo=UTC), "2020-07-07 05:30"),
        (["a", "b"], "a; b"),
        ({"admin1": "Sahel", "admin2": ""}, "admin1=Sahel, admin2="),
        ("two\nlines", r"two\nlines"),
    ],
    ids=str,
)
def test_a_value_is_shown_as_a_person_reads_it(value, shown, capsys):
    print_rows([{"value": value}], [Column("value")], "text")
    assert capsys.readouterr().out == f"VALUE\n{shown}\n"


def test_on_a_narrow_terminal_what_gives_gives_way_and_every_line_fits(capsys, terminal):
    terminal(40)
    print_rows([{"day": date(2020, 7, 6), "deaths": 1, "what_is_said": "long " * 20}], COLUMNS, "text")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) == 40
    assert lines[1].endswith("…")


def test_off_a_terminal_nothing_is_cut(capsys):
    print_rows([{"day": None, "deaths": 1, "what_is_said": "long " * 100}], COLUMNS, "text")
    assert "long " * 99 in capsys.readouterr().out


def test_wide_letters_take_two_columns_and_combining_ones_none():
    assert (width_of("abc"), width_of("日本"), width_of("e\N{COMBINING ACUTE ACCENT}")) == (3, 4, 1)


@given(st.text(max_size=60), st.integers(1, 40))
def test_a_fitted_text_never_takes_more_columns_than_it_may(text, width):
    assert width_of(fitted(text, width)) <= max(width, 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("\x1b]52;c;cm0=\x07", r"\x1b]52;c;cm0=\x07"),
        ("a\rb\nc\td", r"a\rb\nc\td"),
        ("\x9b31m", r"\x9b31m"),
        ("right\N{RIGHT-TO-LEFT OVERRIDE}left", r"right\u202eleft"),
        ("\N{LINE SEPARATOR}", r"\u2028"),
        ("half \ud800", r"half \ud800"),
        ("Ménaka 日本 نَمو", "Ménaka 日本 نَمو"),
    ],
    ids=ascii,
)
def test_a_text_that_would_move_the_cursor_is_printed_as_an_escape(text, shown):
    assert safe(text) == shown


@given(st.text(st.characters(), max_size=50))
def test_nothing_printed_can_do_anything_to_a_terminal(text):
    allowed = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\N{NO-BREAK SPACE}"
    assert all(character.isprintable() or character in allowed for character in safe(text))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"], ids=ascii)
def test_text_that_a_spreadsheet_would_calculate_is_marked_as_text(text):
    assert csv_cell(text) == f"'{text}".replace("\r", "\n")


@pytest.mark.parametrize("number", [-4.25, 7, 0], ids=str)
def test_a_number_stays_a_number_in_a_spreadsheet(number):
    assert csv_cell(number) == number


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=5))
@settings(max_examples=50)
def test_csv_reads_back_as_it_was_but_for_the_mark_of_a_formula(texts):
    out, before = io.StringIO(), sys.stdout
    sys.stdout = out
    try:
        print_rows([{"text": text} for text in texts], [Column("text")], "csv")
    finally:
        sys.stdout = before
    rows = list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1:]
    marked = ("=", "+", "-", "@", "\t", "\r")
    expected = [f"'{text}" if text.startswith(marked) else text for text in texts]
    assert [row[0] if row else "" for row in rows] == [re.sub("\r\n?", "\n", text) for text in expected]


def test_csv_on_a_terminal_cannot_move_the_cursor(terminal):
    assert csv_cell("kept\x1b[2J") == "kept\x1b[2J"
    terminal(80)
    assert csv_cell("kept\x1b[2J") == r"kept\x1b[2J"


@pytest.mark.parametrize("style", ["json", "jsonl"])
def test_json_holds_every_value_of_a_row_and_only_plain_ones(style, capsys):
    moment = datetime(2020, 7, 7, tzinfo=UTC)
    row = {"shown": 1, "beside": [moment, date(2020, 7, 6)], "far": math.inf, "text": "\x1bé"}
    print_rows([row, {}], [Column("shown")], style)
    text = capsys.readouterr().out
    found = json.loads(text) if style == "json" else [json.loads(line) for line in text.splitlines()]
    assert found[0] == {"shown": 1, "beside": [moment.isoformat(), "2020-07-06"], "far": "inf", "text": "\x1bé"}
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_an_empty_list_is_an_empty_array_a_bare_header_or_a_sentence(capsys):
    for style in ("json", "csv", "text"):
        print_rows([], COLUMNS, style, empty="nothing there")
    assert capsys.readouterr().out == "[]\nday,deaths,what_is_said\nnothing there\n"


def test_more_rows_than_the_widths_are_taken_from_stream_through(capsys):
    print_rows(({"n": n} for n in range(1_200)), [Column("n", right=True)], "text")
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[1], lines[-1]) == (1_201, "  0", "1199")


def test_there_is_no_colour_off_a_terminal_nor_where_none_is_wanted(terminal, monkeypatch):
    assert table.paint("critical", "critical") == "critical"
    terminal(80)
    assert "\x1b[" in table.paint("critical", "critical")
    monkeypatch.setenv("NO_COLOR", "1")
    assert table.paint("critical", "critical") == "critical"
