from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tests.core.notices import DESK, notice
from watcher.core.alive import Alive, Pulse, WrittenAlive
from watcher.core.message import NotifyReason
from watcher.core.message.wording import subject, text
from watcher.core.severity import Severity

WRITTEN: TypeAdapter[Alive] = TypeAdapter(WrittenAlive)
QUIET = Pulse({}, (("acled", date(2020, 7, 6), ""), ("ucdp", date(2020, 6, 30), "")), 0, 12)


def test_one_word_is_enough():
    assert WRITTEN.validate_python("weekly") == Alive(every="weekly", on="monday", at="08:00")


@pytest.mark.parametrize(
    "written", ["daily", {"on": "mon"}, {"at": "8"}, {"at": "24:00"}, {"at": 480}, {"day": "monday"}]
)
def test_what_cannot_be_meant_is_refused(written):
    with pytest.raises(ValidationError):
        WRITTEN.validate_python(written)


@pytest.mark.parametrize(
    ("now", "zone", "due", "week"),
    [
        pytest.param("2020-07-06T08:00", "UTC", "2020-07-06T08:00", "2020-W28", id="at the minute"),
        pytest.param("2020-07-06T07:59", "UTC", "2020-06-29T08:00", "2020-W27", id="a minute before, last week's"),
        pytest.param("2020-07-06T06:00", "Africa/Maputo", "2020-07-06T06:00", "2020-W28", id="by the readers' clock"),
        pytest.param(
            "2020-10-26T07:00", "Europe/Paris", "2020-10-26T07:00", "2020-W44", id="after the clocks went back"
        ),
        pytest.param("2021-01-03T12:00", "UTC", "2020-12-28T08:00", "2020-W53", id="the week of a year's end"),
        pytest.param("2021-03-29T06:00", "Europe/Paris", "2021-03-29T06:00", "2021-W13", id="after they went forward"),
    ],
)
def test_a_note_is_due_once_a_week_where_the_readers_are(now, zone, due, week):
    found = Alive().last_due(datetime.fromisoformat(now).replace(tzinfo=UTC), zone)
    assert (found.at, found.week) == (datetime.fromisoformat(due).replace(tzinfo=UTC), week)


@given(
    start=st.datetimes(datetime(2019, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    on=st.sampled_from(["monday", "wednesday", "sunday"]),
    at=st.sampled_from(["00:00", "01:30", "02:30", "23:59"]),
    zone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"]),
)
def test_through_every_change_of_the_clock_each_week_has_its_one_note(start, on, at, zone):
    alive = Alive(on=on, at=at)
    found = [alive.last_due(start + timedelta(hours=6 * step), zone) for step in range(4 * 7 * 5)]
    weeks = [each.week for each in found]
    assert all(each.at <= start + timedelta(hours=6 * step) for step, each in enumerate(found))
    assert weeks == sorted(weeks)
    assert len(set(weeks)) in {5, 6}
    assert len({(each.at, each.week) for each in found}) == len(set(weeks))


@pytest.mark.parametrize(
    ("pulse", "line"),
    [
        pytest.param(QUIET, "[ALIVE] all quiet, data to 30 Jun 2020", id="all quiet"),
        pytest.param(
            QUIET._replace(firing={Severity.WARNING: 2}),
            "[ALIVE] 2 alerts fire, data to 30 Jun 2020",
            id="something fires",
        ),
        pytest.param(
            QUIET._replace(sources=(("acled", date(2020, 7, 6), "no file"),)),
            "[ALIVE] nothing fires, and something needs a look, data to 6 Jul 2020",
            id="a source fails",
        ),
        pytest.param(QUIET._replace(sources=()), "[ALIVE] all quiet, not every source has data", id="no data at all"),
    ],
)
def test_its_subject_says_how_things_stand(pulse, line):
    assert subject(notice(reason=NotifyReason.ALIVE, pulse=pulse), DESK) == line


def test_it_says_what_fires_what_fails_and_when_to_worry():
    pulse = Pulse(
        {Severity.CRITICAL: 1, Severity.WARNING: 2},
        (("acled", date(2020, 7, 6), "it cannot\nbe read"), ("ucdp", None, "")),
        dead=3,
        rules=1,
    )
    said = " ".join(text(notice(reason=NotifyReason.ALIVE, pulse=pulse), DESK).split())
    assert "Watching with 1 rule. Firing: 1 critical, 2 warning (see: watcher alerts)." in said
    assert "Data: acled to 6 Jul 2020, ucdp to no day yet." in said
    assert "The source acled cannot be read: it cannot be read." in said
    assert "3 messages given up (see: watcher status)." in said
    assert "When it does not come, look at watcher" in said
