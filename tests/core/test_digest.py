from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from watcher.core.digest import Digest

DAY = timedelta(days=1)


def digest(at: str, zone: str = "UTC") -> Digest:
    return Digest.model_validate({"at": at, "timezone": zone})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MOMENTS = {
    "an hour in UTC": ("07:00", "UTC", "2026-07-07", "2026-07-07 07:00"),
    "an hour of another place": ("07:00", "Africa/Maputo", "2026-07-07", "2026-07-07 05:00"),
    "the hour that spring leaves out is its first minute after": (
        "02:30",
        "Europe/Berlin",
        "2026-03-29",
        "2026-03-29 01:00",
    ),
    "the hour that autumn repeats is its first": ("02:30", "Europe/Berlin", "2026-10-25", "2026-10-25 00:30"),
    "half an hour is left out": ("02:15", "Australia/Lord_Howe", "2026-10-04", "2026-10-03 15:30"),
    "half an hour is repeated": ("01:45", "Australia/Lord_Howe", "2026-04-05", "2026-04-04 14:45"),
    "midnight is left out": ("00:00", "America/Asuncion", "2023-10-01", "2023-10-01 04:00"),
    "a date that a country left out": ("07:00", "Pacific/Apia", "2011-12-30", None),
    "the date after it": ("07:00", "Pacific/Apia", "2011-12-31", "2011-12-30 17:00"),
}


@pytest.mark.parametrize(("at", "zone", "day", "expected"), MOMENTS.values(), ids=MOMENTS.keys())
def test_each_date_has_one_moment(at, zone, day, expected):
    found = digest(at, zone).moment(date.fromisoformat(day), "UTC")
    assert found == (expected and moment(expected))


def test_the_installations_zone_is_the_one_of_a_digest_that_names_none():
    own = Digest.model_validate({"at": "07:00"})
    assert own.moment(date(2026, 7, 7), "Africa/Maputo") == moment("2026-07-07 05:00")


DUE = {
    "nothing since yesterday, and the hour has come": ("2026-07-06 12:00", None, "2026-07-07 07:00", True),
    "a minute before the hour": ("2026-07-06 12:00", None, "2026-07-07 06:59", False),
    "it came after the hour": ("2026-07-07 07:01", None, "2026-07-07 12:00", False),
    "it came at the hour": ("2026-07-07 07:00", None, "2026-07-07 07:00", True),
    "the date has had its digest": ("2026-07-07 06:30", "2026-07-07 07:00", "2026-07-07 07:05", False),
    "the clock went back behind the digest": ("2026-07-07 06:30", "2026-07-07 07:01", "2026-07-07 07:00", True),
    "dates were missed": ("2026-07-01 12:00", "2026-07-01 07:00", "2026-07-09 03:00", True),
    "a late digest does not cost the next": ("2026-07-07 01:30", "2026-07-07 01:00", "2026-07-07 07:00", True),
    "a clock that was years ahead": ("2026-07-06 12:00", "2031-01-01 07:00", "2026-07-07 07:00", True),
}


@pytest.mark.parametrize(("since", "last", "now", "expected"), DUE.values(), ids=DUE.keys())
def test_a_digest_is_due(since, last, now, expected):
    own = digest("07:00")
    last = last and moment(last)
    assert own.is_due(waiting_since=moment(since), last=last, now=moment(now), zone="UTC") is expected


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
HOURS = ("00:00", "01:45", "02:15", "02:30", "03:00", "07:00", "23:59")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", HOURS)
@pytest.mark.parametrize("around", ["2026-03-28", "2026-10-24", "2026-04-04", "2026-10-03", "2026-03-07", "2026-10-31"])
def test_turn_by_turn_around_a_change_of_the_clock_each_date_has_one_digest(zone, at, around):
    # The days on which some of these clocks change, a turn in a quarter of an hour; something always waits.
    start = moment(f"{around} 00:00")
    own, sent, last = digest(at, zone), [], None
    for step in range(3 * 24 * 4):
        now = start + step * timedelta(minutes=15)
        if own.is_due(waiting_since=start - 2 * DAY, last=last, now=now, zone="UTC"):
            sent.append(now)
            last = now
    dates = Counter(own.newest(each, "UTC")[0] for each in sent)
    assert set(dates.values()) == {1}
    assert len(dates) == (max(dates) - min(dates)).days + 1 >= 3


def test_a_year_of_hourly_turns_brings_a_digest_for_every_date():
    own, last, sent = digest("02:30", "Europe/Berlin"), None, 0
    now = moment("2026-01-01 00:00")
    while now < moment("2027-01-01 00:00"):
        if own.is_due(waiting_since=now - DAY, last=last, now=now, zone="UTC"):
            sent, last = sent + 1, now
        now += timedelta(hours=1)
    assert sent == 366, "one for each date of the year, and the one of the evening before it began"


MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


@given(MINUTES, st.sampled_from(ZONES), st.dates(date(2011, 1, 1), date(2030, 1, 1)))
def test_a_digest_comes_on_its_date_at_its_hour_or_right_after(at, zone, day):
    own, place = digest(at, zone), ZoneInfo(zone)
    found = own.moment(day, "UTC")
    if found is None:
        assert (zone, day) == ("Pacific/Apia", date(2011, 12, 30))
        return
    shown = found.astimezone(place).replace(tzinfo=None)
    assert shown.date() == day
    assert shown.hour * 60 + shown.minute >= own.at
    before = (found - timedelta(minutes=1)).astimezone(place).replace(tzinfo=None)
    assert before.date() < day or before.hour * 60 + before.minute < own.at, "no earlier minute shows the hour"


@given(st.sampled_from(ZONES), st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_the_next_digest_lies_after_the_newest(zone, now):
    own = digest("02:30", zone)
    day, newest = own.newest(now, "UTC")
    assert newest <= now < own.following(now, "UTC") <= newest + 2 * DAY
    assert own.newest(own.following(now, "UTC"), "UTC")[0] > day


@pytest.mark.parametrize("keys", [{}, {"at": "24:00"}, {"at": "7:00"}, {"at": "07:00", "timezone": "Nowhere"}])
def test_what_is_no_digest_is_refused(keys):
    with pytest.raises(ValidationError):
        Digest.model_validate(keys)
