"""What a store holds: names, the rhythm of releases; the same on both engines."""

from __future__ import annotations

from datetime import date, timedelta

from tests.store.records import clash, deletion, keep, moment
from watcher.core.event import Actor, Role
from watcher.store import survey

SINCE = date(2020, 1, 1)


def weekly(weeks: int, *, delay: int, first: int = 1):
    """One clash a week, known so many days later."""
    days = [date(2020, 1, 1) + timedelta(weeks=number) for number in range(weeks)]
    return [
        clash(f"BFO{first + number}", day=str(day), stamp=str(day + timedelta(days=delay)))
        for number, day in enumerate(days)
    ]


def test_an_empty_store_holds_nothing(store):
    with store.reading() as tx:
        assert (survey.newest_known(tx), list(survey.event_sources(tx))) == (None, [])
        assert (survey.values(tx, "admin1"), survey.values(tx, "actor")) == ([], [])
        assert survey.rhythm(tx, "acled", since=SINCE) is None


def test_values_are_those_of_the_current_records(store):
    keep(store, clash("BFO1", admin1="Sahel"), clash("BFO2", admin1="Est", actors=(Actor(Role.A, "ISGS"),)))
    keep(store, clash("BFO1", admin1="Nord", stamp="2020-11-01"))
    keep(store, deletion("BFO2", stamp="2020-11-02"))
    with store.reading() as tx:
        assert survey.values(tx, "admin1") == ["Nord"]
        assert survey.values(tx, "iso3") == ["BFA"]
        assert survey.values(tx, "actor") == ["JNIM", "Military Forces of Burkina Faso"]
        assert survey.event_sources(tx) == ["acled"]
        assert survey.newest_known(tx) == moment("2020-11-02")


def test_the_rhythm_is_the_usual_time_between_two_releases(store):
    keep(store, *weekly(5, delay=3))
    with store.reading() as tx:
        assert survey.rhythm(tx, "acled", since=SINCE) == timedelta(days=7)
        assert survey.rhythm(tx, "acled", since=date(2020, 1, 20)) is None, "too few"
        assert survey.rhythm(tx, "other", since=SINCE) is None
