from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from watcher.core.interval import TimeInterval, end_of_muting, muted_by


def interval(**keys) -> TimeInterval:
    return TimeInterval.model_validate(keys)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


OFFICE = {"weekdays": ["monday:friday"], "times": [{"start_time": "07:00", "end_time": "18:00"}]}
HOLDS = {
    "every moment lies in one that says nothing": ({}, "2026-07-07 03:00", True),
    "the first minute is inside": (OFFICE, "2026-07-07 07:00", True),
    "the last minute is outside": (OFFICE, "2026-07-07 18:00", False),
    "the minute before the last is inside": (OFFICE, "2026-07-07 17:59:59", True),
    "a day outside": (OFFICE, "2026-07-05 12:00", False),
    "days and times are those of the location": (
        {**OFFICE, "location": "Africa/Maputo"},
        "2026-07-07 05:00",
        True,
    ),
    "the day there may be another": (
        {"weekdays": ["monday"], "location": "Pacific/Auckland"},
        "2026-07-05 13:00",
        True,
    ),
    "the end of the day": ({"times": [{"start_time": "22:00", "end_time": "24:00"}]}, "2026-07-07 23:59:59", True),
    "one of several times": (
        {"times": [{"start_time": "22:00", "end_time": "24:00"}, {"start_time": "00:00", "end_time": "06:00"}]},
        "2026-07-07 05:59",
        True,
    ),
    "sunday begins the week": ({"weekdays": ["sunday:tuesday"]}, "2026-07-05 12:00", True),
    "names in any case": ({"weekdays": ["Saturday"]}, "2026-07-04 12:00", True),
    "days of the month": ({"days_of_month": ["1:5"]}, "2026-07-05 12:00", True),
    "one day of the month": ({"days_of_month": ["15"]}, "2026-07-16 12:00", False),
    "the last day of the month": ({"days_of_month": ["-1"]}, "2026-02-28 12:00", True),
    "the last day of a leap month": ({"days_of_month": ["-1"]}, "2028-02-28 12:00", False),
    "the last three days": ({"days_of_month": ["-3:-1"]}, "2026-04-27 12:00", False),
    "from a day to the end": ({"days_of_month": ["20:-1"]}, "2026-04-30 12:00", True),
    "a day that the month has not": ({"days_of_month": ["31"]}, "2026-04-30 12:00", False),
    "to a day that the month has not": ({"days_of_month": ["25:31"]}, "2026-02-28 12:00", True),
    "from further back than the month is long": ({"days_of_month": ["-31:-30"]}, "2026-02-01 12:00", False),
    "months by name": ({"months": ["may:august"]}, "2026-08-31 12:00", True),
    "months by number": ({"months": ["5:8"]}, "2026-09-01 12:00", False),
    "months as a bare number": ({"months": [12]}, "2026-12-01 12:00", True),
    "years": ({"years": ["2026:2028"]}, "2029-01-01 12:00", False),
    "one year": ({"years": [2026]}, "2026-01-01 12:00", True),
    "every list must hold": ({**OFFICE, "months": ["january"]}, "2026-07-07 12:00", False),
    "an empty list holds never": ({"weekdays": []}, "2026-07-07 12:00", False),
    "the hour that comes twice, first": (
        {"times": [{"start_time": "02:00", "end_time": "03:00"}], "location": "Europe/Berlin"},
        "2026-10-25 00:30",
        True,
    ),
    "the hour that comes twice, again": (
        {"times": [{"start_time": "02:00", "end_time": "03:00"}], "location": "Europe/Berlin"},
        "2026-10-25 01:30",
        True,
    ),
}


@pytest.mark.parametrize(("keys", "moment", "expected"), HOLDS.values(), ids=HOLDS.keys())
def test_a_moment_lies_in_an_interval(keys, moment, expected):
    assert interval(**keys).holds(at(moment)) is expected


REFUSED = {
    "a time that ends before it begins": {"times": [{"start_time": "22:00", "end_time": "06:00"}]},
    "a time of no length": {"times": [{"start_time": "22:00", "end_time": "22:00"}]},
    "a time that begins at its end": {"times": [{"start_time": "24:00", "end_time": "24:00"}]},
    "a time without its zero": {"times": [{"start_time": "7:00", "end_time": "08:00"}]},
    "a minute that is none": {"times": [{"start_time": "07:60", "end_time": "08:00"}]},
    "a time without an end": {"times": [{"start_time": "07:00"}]},
    "days in the wrong order": {"weekdays": ["friday:monday"]},
    "a week that wraps": {"weekdays": ["saturday:sunday"]},
    "a short name": {"weekdays": ["mon"]},
    "a weekday by number": {"weekdays": ["1"]},
    "three ends": {"weekdays": ["monday:tuesday:friday"]},
    "the day 0": {"days_of_month": ["0"]},
    "a day too far": {"days_of_month": ["32"]},
    "a day too far back": {"days_of_month": ["-32"]},
    "from the end to the beginning": {"days_of_month": ["-3:5"]},
    "days from the end in the wrong order": {"days_of_month": ["-1:-3"]},
    "a begin that no end can follow": {"days_of_month": ["31:-1"]},
    "a month that is none": {"months": ["13"]},
    "a month without a name": {"months": [""]},
    "months in the wrong order": {"months": ["august:may"]},
    "years in the wrong order": {"years": ["2028:2026"]},
    "a year that is no number": {"years": ["next"]},
    "a place that is none": {"location": "Africa/Nowhere"},
    "a key that is none": {"weekday": ["monday"]},
    "a truth as a year": {"years": [True]},
}


@pytest.mark.parametrize("keys", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_interval_is_refused(keys):
    with pytest.raises(ValidationError):
        interval(**keys)


def test_an_interval_comes_back_as_it_was_written():
    keys = {
        **OFFICE,
        "days_of_month": ["1:5", "-1"],
        "months": ["may:august", "december"],
        "years": ["2026"],
        "location": "Africa/Maputo",
    }
    assert interval(**keys).model_dump(mode="json") == keys


INTERVALS = {"office": (interval(**OFFICE),), "july": (interval(months=["july"]),)}
MUTED = {
    "nothing is named": ((), (), None),
    "a muted hour": (("july",), (), "within july"),
    "an hour that is not muted": (("office",), (), None),
    "outside of the active hours": ((), ("office",), "outside of office"),
    "inside of one of the active ones": ((), ("office", "july"), None),
    "active, and muted all the same": (("july",), ("july",), "within july"),
    "a muting that is gone from the file": (("gone",), (), None),
    "an active interval that is gone from the file": ((), ("gone",), None),
}


@pytest.mark.parametrize(("mute", "active", "expected"), MUTED.values(), ids=MUTED.keys())
def test_the_hours_of_a_route(mute, active, expected):
    assert muted_by(mute, active, INTERVALS, at("2026-07-05 12:00")) == expected


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))
def test_muting_ends_at_the_first_minute_at_which_it_is_over(moment):
    end = end_of_muting((), ("office",), INTERVALS, moment, within=timedelta(days=4))
    assert end is not None
    assert moment < end
    assert muted_by((), ("office",), INTERVALS, end) is None
    before = end - timedelta(minutes=1)
    assert before <= moment or muted_by((), ("office",), INTERVALS, before) is not None


def test_muting_that_does_not_end_soon_has_no_end():
    assert end_of_muting(("july",), (), INTERVALS, at("2026-07-05 12:00"), within=timedelta(days=1)) is None
