"""What a store holds: names, the rhythm of releases, the delay of records; the same on both engines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.store.records import clash, deletion, keep, moment
from watcher.core.event import Actor, Role
from watcher.store import survey

SINCE = date(2020, 1, 1)


def begun(store) -> None:
    """The first load, whose records say nothing about the delay."""
    keep(store, *weekly(40, delay=90, first=1000), now=moment("2020-11-01"))


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
        assert (survey.rhythm(tx, "acled", since=SINCE), survey.delay(tx, "acled", since=SINCE)) == (None, None)


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


@pytest.mark.parametrize(
    ("late", "expected"), [(6, 3), (11, 10)], ids=["less than one in five is later", "more than one in five is later"]
)
def test_the_delay_is_that_within_which_four_of_five_records_come(store, late, expected):
    begun(store)
    keep(store, *weekly(40 - late, delay=3), *weekly(late, delay=10, first=100))
    with store.reading() as tx:
        assert survey.delay(tx, "acled", since=SINCE) == timedelta(days=expected)


def test_one_load_tells_no_delay(store):
    begun(store)
    with store.reading() as tx:
        assert survey.delay(tx, "acled", since=SINCE) is None


def test_few_records_tell_no_delay(store):
    begun(store)
    keep(store, *weekly(10, delay=3))
    with store.reading() as tx:
        assert survey.delay(tx, "acled", since=SINCE) is None


def test_records_whose_knowledge_time_is_that_of_loading_tell_no_delay(store):
    begun(store)
    keep(store, *(each._replace(stamp=None) for each in weekly(40, delay=3)))
    with store.reading() as tx:
        assert survey.delay(tx, "acled", since=SINCE) is None
