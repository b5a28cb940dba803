from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import inf, nan

import pytest
from hypothesis import given, settings

from tests.core.notices import ANY_TEXT
from watcher.core.message.phrase import (
    any_day_text,
    clean,
    comparison_text,
    counted,
    every_text,
    long_span,
    map_link,
    mapping,
    mappings,
    moment_of,
    moment_text,
    number,
    sentence,
    share_text,
    span_text,
    texts,
    web_link,
)

MORNING = datetime(2020, 7, 7, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        pytest.param("447 deaths", "447 deaths", id="plain text stays"),
        pytest.param("a\r\nBcc: b", "a Bcc: b", id="line breaks become one space"),
        pytest.param("a\x1b[2Jb\x00c\u2028d\ud800e", "a [2Jb c d e", id="controls, separators and surrogates too"),
        pytest.param("\u202eevil\u2066\ufeff", "evil", id="marks that turn the direction are left out"),
        pytest.param("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e", id="joiners that a script needs stay"),
        pytest.param("1\N{NO-BREAK SPACE}200", "1\N{NO-BREAK SPACE}200", id="the space inside a number stays"),
        pytest.param(None, "None", id="what is no text is written as one"),
    ],
)
def test_foreign_text_becomes_one_clean_line(raw: object, line: str):
    assert clean(raw) == line


def test_long_text_is_cut_with_a_sign():
    assert clean("word " * 1_000, limit=12) == "word word w…"
    assert clean("word word  " * 9, limit=11) == "word word…"


@settings(deadline=None)
@given(ANY_TEXT)
def test_clean_text_is_clean_already(raw: str):
    assert clean(clean(raw)) == clean(raw)
    assert "\n" not in clean(raw)
    clean(raw).encode()


@pytest.mark.parametrize(
    ("raw", "said"),
    [("no data", "No data."), ("Weak: 1.01.", "Weak: 1.01."), ("sure?", "Sure?"), ("", ""), ("cut…", "Cut…")],
)
def test_a_sentence_has_a_capital_and_an_end(raw: str, said: str):
    assert sentence(raw) == said


@pytest.mark.parametrize(
    ("value", "lines"),
    [("one", ("one",)), (["one", "", 2], ("one", "2")), (("a",), ("a",)), (None, ()), (3.5, ()), ({"a": 1}, ())],
)
def test_texts_take_what_json_may_hold(value: object, lines: tuple[str, ...]):
    assert texts(value) == lines


def test_mappings_take_what_json_may_hold():
    assert mapping({"a": 1}) == {"a": 1}
    assert mapping(["a"]) == {}
    assert mappings([{"a": 1}, "b", None]) == ({"a": 1},)
    assert mappings("ab") == mappings(None) == ()


@pytest.mark.parametrize(
    ("value", "known"), [(3, 3), (0.5, 0.5), (True, None), (inf, None), (nan, None), ("3", None), (None, None)]
)
def test_only_finite_numbers_are_numbers(value: object, known: float | None):
    assert number(value) == known


def test_counts_agree_with_their_noun():
    assert (counted(1, "record"), counted(0, "record"), counted(3, "record")) == ("1 record", "0 records", "3 records")


@pytest.mark.parametrize(
    ("share", "said"), [(0.31, "31 %"), (0, "0 %"), (0.004, "under 1 %"), (1, "100 %"), (0.5149, "51 %")]
)
def test_shares_are_percent_without_decimals(share: float, said: str):
    assert share_text(share) == said


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("ratio < 0.95", "ratio under 0.95"),
        ("ratio >= 1 and days <= 28", "ratio at least 1 and days at most 28"),
        ("evidence = none or to != clashing", "evidence is none or to not clashing"),
        ("value > 3", "value over 3"),
        ("to in [a, b]", "to in [a, b]"),
    ],
)
def test_comparisons_are_said_in_words(condition: str, said: str):
    assert comparison_text(condition) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (date(2020, 7, 6), "6 Jul 2020"),
        ("2020-07-06", "6 Jul 2020"),
        ("2020-07", "2020-07"),
        ("unknown", "unknown"),
        (None, "None"),
    ],
)
def test_days_are_written_the_same_everywhere(value: object, said: str):
    assert any_day_text(value) == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        pytest.param("Africa/Maputo", "7 Jul 2020, 08:00 Africa/Maputo", id="in the reader's zone"),
        pytest.param("America/New_York", "7 Jul 2020, 02:00 America/New_York", id="with summer time where it is kept"),
        pytest.param("Pacific/Kiritimati", "7 Jul 2020, 20:00 Pacific/Kiritimati", id="far ahead"),
        pytest.param("UTC", "7 Jul 2020, 06:00 UTC", id="in UTC"),
        pytest.param("Middle/Earth", "7 Jul 2020, 06:00 UTC", id="an unknown zone is UTC"),
        pytest.param("../../etc/passwd", "7 Jul 2020, 06:00 UTC", id="a path is no zone"),
        pytest.param("America", "7 Jul 2020, 06:00 UTC", id="a folder of zones is no zone"),
        pytest.param("", "7 Jul 2020, 06:00 UTC", id="no zone is UTC"),
    ],
)
def test_moments_carry_the_name_of_their_zone(zone: str, said: str):
    assert moment_text(MORNING, zone) == said


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (MORNING, MORNING),
        ("2020-07-07T06:00:00+00:00", MORNING),
        ("2020-07-07T08:00:00+02:00", MORNING),
        ("2020-07-07T06:00:00", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_moments_are_read_only_when_their_zone_is_known(value: object, moment: datetime | None):
    assert moment_of(value) == moment


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(days=34, hours=5), "34 days"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=-5), "0 minutes"),
    ],
)
def test_spans_have_the_unit_that_a_person_would_use(span: timedelta, said: str):
    assert span_text(span) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [(timedelta(days=7), "weekly"), (timedelta(days=1), "daily"), (timedelta(hours=4), "every 4 hours")],
)
def test_intervals_are_said_in_words(span: timedelta, said: str):
    assert every_text(span) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (28, "a one-month"),
        (188, "a six-month"),
        (244, "an eight-month"),
        (335, "an eleven-month"),
        (366, "a one-year"),
        (731, "a two-year"),
        (5_000, "a 14-year"),
    ],
)
def test_many_days_are_an_adjective(days: int, said: str):
    assert long_span(days) == said


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("HTTP://example.org", "HTTP://example.org"),
        ("javascript:alert(1)", ""),
        ("ftp://example.org", ""),
        ("https://example.org/a b", ""),
        ('https://example.org/" onclick="x', ""),
        ("see https://example.org", ""),
        ("https://" + "a" * 3_000, ""),
        ("", ""),
    ],
)
def test_only_plain_web_addresses_are_links(text: str, address: str):
    assert web_link(text) == address


@pytest.mark.parametrize(
    ("latitude", "longitude", "address"),
    [
        (-12.25, 40.1312345, "https://www.openstreetmap.org/?mlat=-12.25&mlon=40.1312#map=10/-12.25/40.1312"),
        (0, 0.00001, "https://www.openstreetmap.org/?mlat=0&mlon=0#map=10/0/0"),
        (None, 40, ""),
        (91, 40, ""),
        (12, -181, ""),
        (nan, 40, ""),
        ("12", 40, ""),
    ],
)
def test_a_known_place_has_a_map(latitude: object, longitude: object, address: str):
    assert map_link(latitude, longitude) == address
