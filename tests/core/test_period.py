from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from watcher.core.period import (
    UNKNOWN,
    Duration,
    LooseDate,
    PartialDate,
    Period,
    day_start,
    duration,
    duration_text,
    partial_date,
    tick_at_or_after,
    tick_at_or_before,
)

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
INTERVALS = st.sampled_from([timedelta(seconds=n) for n in (1, 60, 300, 3_600, 86_400, 604_800)])


def test_a_year_has_its_days():
    assert [Period.of_year(year).days for year in (2019, 2020, 2100)] == [365, 366, 365]


def test_a_period_of_first_and_last_day_holds_both():
    until_6_july = Period.between(date(2020, 1, 1), date(2020, 7, 6))
    assert (until_6_july.days, until_6_july.last, str(until_6_july)) == (
        188,
        date(2020, 7, 6),
        "2020-01-01 to 2020-07-06",
    )
    assert [
        day in until_6_july for day in (date(2019, 12, 31), date(2020, 1, 1), date(2020, 7, 6), date(2020, 7, 7))
    ] == [
        False,
        True,
        True,
        False,
    ]
    assert "2020-01-01" not in until_6_july


def test_a_period_that_ends_before_it_begins_has_no_days():
    assert Period.between(date(2020, 2, 1), date(2020, 1, 1)).days == 0


@pytest.mark.parametrize(
    ("window", "first"),
    [
        pytest.param(timedelta(days=30), date(2020, 6, 7), id="thirty days with the last one"),
        pytest.param(timedelta(days=1), date(2020, 7, 6), id="the last day alone"),
        pytest.param(timedelta(hours=5), date(2020, 7, 6), id="less than a day is a day"),
    ],
)
def test_a_window_ends_with_its_last_day(window, first):
    assert Period.ending(date(2020, 7, 6), window) == Period.between(first, date(2020, 7, 6))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        pytest.param("2020-06-03", date(2020, 6, 3), date(2020, 6, 3), id="a day"),
        pytest.param("2020-02", date(2020, 2, 1), date(2020, 2, 29), id="a month"),
        pytest.param("2019-H1", date(2019, 1, 1), date(2019, 6, 30), id="the first half of a year"),
        pytest.param("2019-H2", date(2019, 7, 1), date(2019, 12, 31), id="the second half of a year"),
        pytest.param("2019", date(2019, 1, 1), date(2019, 12, 31), id="a year"),
        pytest.param("unknown", None, None, id="nobody knows"),
    ],
)
def test_a_date_may_be_known_in_part(text, first, last):
    read = partial_date(text)
    assert read == PartialDate(first, last, text)
    assert str(read) == text
    assert read.is_exact is (first is not None and first == last)


@pytest.mark.parametrize(
    "text",
    ["2020-H3", "20", "", "yesterday", "2020-6-3", "٢٠٢٠", "2020-06-03T00:00", " 2020"],
    ids=repr,
)
def test_what_is_no_date_is_refused_with_what_is_one(text):
    with pytest.raises(ValueError, match=r"is no date; write 2020-06-03, 2020-06, 2019-H2, 2019 or unknown"):
        partial_date(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("2020-02-30", "February 2020 has 29 days", id="in a leap year"),
        pytest.param("2021-02-29", "February 2021 has 28 days", id="in any other"),
        pytest.param("2020-06-00", "June 2020 has 30 days", id="no day at all"),
        pytest.param("2020-13", "there is no month 13", id="a month too many"),
        pytest.param("2020-00-01", "there is no month 00", id="no month at all"),
        pytest.param("0000-01-01", "there is no year 0000", id="no year at all"),
    ],
)
def test_a_day_that_does_not_exist_is_refused_with_what_the_calendar_says(text, why):
    with pytest.raises(ValueError, match=f"'{text}' is no date; {why}$"):
        partial_date(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("45m", timedelta(minutes=45)),
        ("48h", timedelta(hours=48)),
        ("14d", timedelta(days=14)),
        ("26w", timedelta(weeks=26)),
        ("3y", timedelta(days=3 * 365)),
        (" 14 d ", timedelta(days=14)),
    ],
)
def test_a_duration_is_a_number_with_a_unit(text, span):
    assert duration(text) == span


@pytest.mark.parametrize("text", ["14", "d", "-1d", "1.5d", "14 days", "٣d", "", "123456d"], ids=repr)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is no duration; write 45m, 48h, 14d, 26w or 3y"):
        duration(text)


@pytest.mark.parametrize("text", ["101y", "99999w", "36501d"])
def test_no_duration_is_longer_than_a_hundred_years(text):
    with pytest.raises(ValueError, match=f"'{text}' is longer than 100y, and no record is as old"):
        duration(text)


@given(st.integers(1, 36_500), st.sampled_from("smhd"))
def test_a_duration_that_is_written_can_be_read_again(number, unit):
    span = duration(f"{number}{unit}")
    assert duration(duration_text(span)) == span


@pytest.mark.parametrize(
    ("span", "text"), [(timedelta(days=14), "14d"), (timedelta(hours=36), "36h"), (timedelta(), "0s")]
)
def test_a_duration_is_written_in_its_largest_unit(span, text):
    assert duration_text(span) == text


@given(MOMENTS, INTERVALS)
def test_a_moment_lies_between_two_ticks_of_the_grid(moment, interval):
    before, after = tick_at_or_before(moment, interval), tick_at_or_after(moment, interval)
    assert before <= moment <= after
    assert after - before in {timedelta(), interval}
    assert before.timestamp() % interval.total_seconds() == 0
    assert (before == after) is (before == moment)


def test_days_begin_at_midnight_utc():
    assert day_start(date(2020, 7, 6)) == datetime(2020, 7, 6, tzinfo=UTC)


def test_in_yaml_a_duration_needs_its_unit():
    adapter = TypeAdapter(Duration)
    assert adapter.validate_python("14d") == timedelta(days=14)
    assert adapter.dump_python(timedelta(days=14)) == "14d"
    with pytest.raises(ValidationError, match="14 has no unit"):
        adapter.validate_python(14)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("unknown", UNKNOWN, id="text"),
        pytest.param(2019, partial_date("2019"), id="a bare year"),
        pytest.param(date(2020, 6, 3), partial_date("2020-06-03"), id="what YAML takes for a day"),
        pytest.param(partial_date("2020-06"), partial_date("2020-06"), id="what was read already"),
    ],
)
def test_in_yaml_a_date_may_be(written, read):
    adapter = TypeAdapter(LooseDate)
    assert adapter.validate_python(written) == read
    assert adapter.dump_python(read) == read.text
