"""When reporting changed, and not only what happened: one sentence for each sign, and none without."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.core.detectors.snapshot import MemorySnapshot, at, event
from watcher.core.event import Basis, EventVersion
from watcher.core.indicator import Indicator
from watcher.core.label import NO_LABELS
from watcher.core.newly_reported import Counted, newly_reported
from watcher.core.period import Period

DEATHS = Indicator(indicator="deaths", sum="fatalities")
EVENTS = Indicator(indicator="attacks", count="events", unit="attacks")
AS_KNOWN = at("2020-07-07")
WEEK = Period.between(date(2020, 7, 1), date(2020, 7, 6))
YEAR = Period.between(date(2020, 1, 1), date(2020, 7, 6))
BEGUN = at("2020-01-02")


def version(number: int, day: str, deaths: int = 1, *, known: str = "", revision: int = 1, **fields) -> EventVersion:
    """An event, known the day after, unless said otherwise."""
    happened = event(number, date.fromisoformat(day), deaths, **fields)
    moment = at(known) if known else at(day) + timedelta(days=1)
    return EventVersion(number, happened, revision, moment, None, Basis.STAMP, moment)


def old(source: str = "acled", publishers: str = "Zitamar", *, number: int = 1) -> EventVersion:
    return version(number, "2020-02-01", source=source, publishers=publishers)


def many(first: int, count: int, day: str, deaths: int = 1, **fields) -> list[EventVersion]:
    return [version(first + number, day, deaths, **fields) for number in range(count)]


def told(*versions: EventVersion, of: Indicator = DEATHS, period: Period = WEEK, **others) -> tuple[str, ...]:
    snapshot = MemorySnapshot(AS_KNOWN, versions, **{"begun": BEGUN, **others})
    return newly_reported(Counted(of, NO_LABELS, period, snapshot.events(of, NO_LABELS, period)), snapshot)


BY_BOTH = (
    "5 of 10 deaths come from publishers Lusa, Pinnacle alone, without any record before 7 Apr 2020: the rise may be one of "
    "reporting."
)
BY_LUSA = "5 of 10 deaths come from publisher Lusa alone, without any record before 7 Apr 2020: the rise may be one of reporting."
BY_GDELT = "6 of 10 attacks come from source gdelt alone, without any record before 7 Apr 2020: the rise may be one of reporting."
SUPPLEMENT = (
    "10 of 20 deaths became known on one day, 1 Jun 2020, 6 records of them more than 56 days late: the rise may be a "
    "supplement of old records."
)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([*many(10, 5, "2020-07-02"), *many(20, 5, "2020-07-03", publishers="Lusa")], (BY_LUSA,)),
        ([*many(10, 6, "2020-07-02"), *many(20, 5, "2020-07-03", publishers="Lusa")], ()),
        ([*many(10, 5, "2020-07-02"), *many(20, 5, "2020-07-03", publishers="Lusa; Zitamar")], ()),
        ([*many(10, 5, "2020-07-02"), *many(20, 5, "2020-07-03", publishers="Lusa; Pinnacle")], (BY_BOTH,)),
        ([*many(10, 5, "2020-07-02"), *many(20, 5, "2020-07-03", publishers="")], ()),
        (
            [
                *many(10, 5, "2020-07-02"),
                *many(20, 5, "2020-07-03", publishers="Lusa"),
                version(2, "2020-04-06", publishers="Lusa"),
            ],
            (),
        ),
        (
            [
                *many(10, 5, "2020-07-02"),
                *many(20, 5, "2020-07-03", publishers="Lusa"),
                version(2, "2020-04-07", publishers="Lusa"),
            ],
            (BY_LUSA,),
        ),
        ([*many(10, 2, "2020-07-02"), *many(20, 2, "2020-07-03", publishers="Lusa")], ()),
        ([*many(10, 5, "2020-07-02", 0), *many(20, 5, "2020-07-03", 0, publishers="Lusa")], ()),
    ],
    ids=[
        "half comes from a new publisher",
        "less than half does",
        "an old publisher tells it as well",
        "two new publishers tell it together",
        "nobody knows who tells it",
        "the publisher was there 91 days before",
        "the publisher was there 90 days before",
        "too few records to say",
        "nobody died",
    ],
)
def test_a_publisher_who_is_new_is_named(versions, expected):
    assert told(old(), *versions) == expected


def test_in_a_long_period_whoever_came_after_its_beginning_is_new():
    earlier = version(1, "2019-12-01", publishers="Zitamar")
    lusa = many(20, 6, "2020-03-15", publishers="Lusa")
    found = told(earlier, *many(10, 5, "2020-02-02"), *lusa, period=YEAR)
    assert found[0].startswith("6 of 11 deaths come from publisher Lusa alone, without any record before 1 Jan 2020")


def test_deaths_are_weighed_and_attacks_counted():
    versions = [old(), *many(10, 6, "2020-07-02"), version(20, "2020-07-03", 8, publishers="Lusa")]
    assert told(*versions)[0].startswith("8 of 14 deaths come from publisher Lusa alone")
    assert told(*versions, of=EVENTS) == ()


def test_a_source_that_is_new_beside_old_ones_is_named():
    new = many(20, 6, "2020-07-03", source="gdelt", publishers="")
    assert told(old(), *many(10, 4, "2020-07-02"), *new, of=EVENTS) == (BY_GDELT,)
    assert told(*new) == (), "nobody was there before"
    alone = Indicator(indicator="its own", sum="fatalities", source="gdelt")
    assert told(old(), *new, of=alone) == (), "the others do not count for it"


def supplement(late: int, soon: int, **fields) -> list[EventVersion]:
    return [
        *many(50, late, "2020-03-01", known="2020-06-01T06:00", **fields),
        *many(80, soon, "2020-05-30", known="2020-06-01T18:00", **fields),
    ]


@pytest.mark.parametrize(
    ("versions", "begun", "expected"),
    [
        (
            [*many(10, 10, "2020-04-02"), *supplement(6, 4)],
            BEGUN,
            (SUPPLEMENT,),
        ),
        ([*many(10, 11, "2020-04-02"), *supplement(6, 4)], BEGUN, ()),
        ([*many(10, 10, "2020-04-02"), *supplement(4, 6)], BEGUN, ()),
        ([*many(10, 10, "2020-04-02"), *supplement(6, 4)], at("2020-06-01T20:00"), ()),
        ([*many(10, 10, "2020-04-02"), *supplement(6, 4)], None, ()),
        ([*many(10, 10, "2020-04-02"), *supplement(6, 4, revision=2)], BEGUN, ()),
    ],
    ids=[
        "half on one day, most of it old",
        "less than half on one day",
        "on one day, most of it new",
        "it was the first load",
        "no load is done yet",
        "they were revisions",
    ],
)
def test_a_supplement_of_old_records_is_named(versions, begun, expected):
    assert told(*versions, period=YEAR, begun=begun) == expected


OLD_NEWS = (
    "4 deaths came since 30 Jun 2020 to old days, 1 Jan 2020 to 11 May 2020, by revisions or late records (3 records): they "
    "are no new events."
)


@pytest.mark.parametrize(
    ("news", "begun", "expected"),
    [
        (
            [version(50, "2020-03-01", 2, known="2020-07-03"), *many(51, 2, "2020-05-11", known="2020-07-02")],
            BEGUN,
            (OLD_NEWS,),
        ),
        ([*many(50, 3, "2020-05-12", known="2020-07-02")], BEGUN, ()),
        ([*many(50, 3, "2020-03-01", known="2020-07-02"), *many(60, 4, "2020-07-01")], BEGUN, ()),
        ([*many(50, 3, "2020-03-01", known="2020-07-02")], at("2020-07-01"), ()),
        ([*many(50, 3, "2020-03-01", known="2020-07-02")], None, ()),
        ([], BEGUN, ()),
    ],
    ids=[
        "revisions and late records of old days",
        "days that are not old yet",
        "more than half came to new days",
        "the first load was made since",
        "no load is done yet",
        "nothing came",
    ],
)
def test_what_came_to_old_days_is_told_apart_from_new_events(news, begun, expected):
    assert told(*many(10, 10, "2020-04-02"), *news, period=YEAR, begun=begun) == expected


def test_a_death_that_a_revision_adds_is_no_new_event():
    before = version(10, "2020-03-01", 1)._replace(known_to=at("2020-07-02"))
    after = version(11, "2020-03-01", 9, known="2020-07-02", revision=2)
    [said] = told(*many(20, 10, "2020-04-02"), before, after, period=YEAR)
    assert said.startswith("8 deaths came since 30 Jun 2020 to old days")
    assert "(1 record)" in said
