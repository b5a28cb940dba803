from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.sources import days

TODAY = date(2024, 6, 1)
STYLES = ["%Y-%m-%d", "%d %B %Y", "%d-%b-%y", "%d/%m/%Y", "%m/%d/%y", "%Y%m%d", "%d.%m.%Y %H:%M:%S"]


def reader(*styles: str):
    return days.day(styles, earliest=date(1997, 1, 1), today=TODAY)


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=50, deadline=None)
@given(day=st.dates(date(1997, 1, 1), TODAY))
def test_a_day_written_in_a_style_is_read_back_as_the_same_day(style, day):
    assert reader(style)(day.strftime(style)) == day


@settings(deadline=None)
@given(text=st.text(max_size=30))
def test_any_text_is_a_day_within_bounds_or_a_value_error(text):
    with suppress(ValueError):
        day = reader(*days.ISO_DATES, "%d %B %Y", "%d-%b-%y")(text)
        assert date(1997, 1, 1) <= day <= date(2024, 6, 2)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        pytest.param("01-01-97", date(1997, 1, 1), id="the last century"),
        pytest.param("01-01-00", date(2000, 1, 1), id="the year 2000"),
        pytest.param("01-06-24", date(2024, 6, 1), id="this year"),
    ],
)
def test_two_digits_of_a_year_are_put_into_a_century(text, day):
    assert reader("%d-%m-%y")(text) == day


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("01-01-44", "lies in the future", id="twenty years ahead is a mistake about the future"),
        pytest.param("01-01-45", "is 1945-01-01", id="further ahead is the last century"),
    ],
)
def test_two_digits_of_a_year_that_cannot_be_right_are_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        reader("%d-%m-%y")(text)


@pytest.mark.parametrize(
    "style", ["", "%Y", "%Y-%m", "%Y-%m-%d-%d", "%Y %y-%m-%d", "%m %B %Y %d", "%Y-%m-%d%", "%A %Y-%m-%d"]
)
def test_a_style_that_does_not_say_the_day_once_is_refused(style):
    with pytest.raises(ValueError, match="is no date style"):
        days.pattern(style)


@pytest.mark.parametrize(
    ("styles", "pair"),
    [
        pytest.param(["%d/%m/%Y", "%m/%d/%Y"], ("%d/%m/%Y", "%m/%d/%Y"), id="day and month swapped"),
        pytest.param(["%Y-%m-%d", "%y-%m-%d", "%d-%m-%y"], ("%y-%m-%d", "%d-%m-%y"), id="day and year swapped"),
        pytest.param(["%d/%m/%Y", "%d-%m-%Y", "%d %B %Y", "%Y%m%d"], None, id="none"),
    ],
)
def test_styles_that_read_one_text_as_two_days_are_found(styles, pair):
    assert days.clash(styles) == pair


def test_a_stamp_is_read_to_the_second():
    assert days.unix_stamp(TODAY)("1607374999.0") == datetime(2020, 12, 7, 21, 3, 19, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "-1", "0", "1.5", "1607374999000", "1717372800", "16O7374999", "9" * 400])
def test_what_is_no_stamp_of_the_past_is_refused(text):
    with pytest.raises(ValueError, match="is no "):
        days.unix_stamp(TODAY)(text)
