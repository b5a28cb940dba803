"""What a snapshot says of the delay, of how far the history goes back, and of publishers; the same on both engines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.store.records import build, clash, deletion, indicator, keep, moment, take
from tests.store.test_snapshot import ask
from watcher.core.label import NO_LABELS
from watcher.core.period import Period
from watcher.core.statistics.delay import Exclusion
from watcher.store.past import Memory, PastSnapshot
from watcher.store.sources import finish_load, start_load

EVENTS = indicator(count="events")
BEGUN = moment("2020-01-01")


def days(number: int) -> timedelta:
    return timedelta(days=number)


def begin(store, *records, source="acled", now=BEGUN, **how) -> None:
    """The first load of a source."""
    first = records or (clash("FIRST", day="2019-12-01", stamp="2019-12-05"),)
    keep(store, *(each._replace(source=source) for each in first), now=now, **how)


def daily(store, *delays: int, first="2020-01-10", many=150, source="acled", now="2020-11-01", **how) -> None:
    """From a day on, each day one clash per delay, stamped so many days later."""
    start = date.fromisoformat(first)
    keep(
        store,
        *(
            clash(f"{day}x{place}", day=str(day), stamp=str(day + days(late)), source=source)
            for number in range(many)
            for day in [start + days(number)]
            for place, late in enumerate(delays)
        ),
        now=moment(now),
        **how,
    )


def completeness(store, *, as_known="2020-06-08T18:00", of=EVENTS):
    return ask(store, lambda snapshot: snapshot.completeness(of), as_known=as_known)


def test_the_curve_comes_from_first_versions(store):
    begin(store)
    daily(store, 0, 3, 10, 10)
    keep(
        store,
        clash("2020-01-15x0", day="2020-01-15", fatalities=9, stamp="2020-05-01"),
        deletion("2020-01-16x0", stamp="2020-05-02"),
    )
    found = completeness(store)
    assert [found.share(age) for age in (0, 3, 9, 10)] == pytest.approx([0.25, 0.5, 0.5, 1])
    assert found.excluded == {}
    assert found.reports == 150 + 148 + 141 + 141


def test_it_is_the_curve_that_was_known_then(store):
    begin(store)
    daily(store, 0)
    daily(store, 5, first="2020-06-09", many=100)
    assert completeness(store).share(0) == 1
    later = completeness(store, as_known="2020-09-16")
    assert 0 < later.share(0) < later.share(5) == 1


def test_a_day_of_reports_counts_from_noon_on(store):
    begin(store)
    daily(store, 0)
    assert completeness(store, as_known="2020-05-01T11:59").reports == 112
    assert completeness(store, as_known="2020-05-01T12:00").reports == 113


def test_what_comes_later_on_the_day_is_not_known_yet(store):
    begin(store)
    daily(store, 0)
    evening = [clash(f"E{n}", day="2020-04-20", stamp="2020-05-01T18:00") for n in range(5)]
    keep(store, *evening, now=moment("2020-11-01"))
    assert completeness(store, as_known="2020-05-01T17:59").reports == 113
    assert completeness(store, as_known="2020-05-01T18:00").reports == 118
    with store.reading() as tx:
        past = PastSnapshot(tx, Memory(lambda *_: []), as_known=moment("2020-05-01T17:59"), offsets={})
        assert past.completeness(EVENTS).reports == 113


def test_what_came_with_the_first_load_tells_no_delay(store):
    daily(store, 3, now="2020-06-08")
    found = completeness(store)
    assert found.excluded == {Exclusion.FIRST_LOAD: 148}
    assert found.missing == "no record of the last 180 days tells its delay, and 100 are needed"


def test_a_first_load_that_was_cut_off_ends_when_it_is_done(store):
    begin(store)
    with store.writing() as tx:
        load = start_load(tx, "acled", name="all.csv", sha256="1", now=BEGUN)
    daily(store, 3, now="2020-01-02")
    with store.writing() as tx:
        finish_load(tx, load.id, now=moment("2020-01-03"))
    assert completeness(store).excluded == {Exclusion.FIRST_LOAD: 148}


def test_days_before_the_end_of_the_first_load_tell_no_delay(store):
    begin(store)
    daily(store, 20, first="2019-12-21", many=12)
    daily(store, 2, first="2020-01-02", source="other")
    found = completeness(store, of=indicator(count="events", source="acled"))
    assert found.excluded == {Exclusion.BEFORE: 12}


def test_an_assumed_lag_tells_no_delay(store):
    begin(store)
    daily(store, 3, lag=days(3), trust_stamp=False)
    assert completeness(store).excluded == {Exclusion.LAG: 148}


def test_of_what_is_loaded_as_it_comes_the_time_of_loading_tells_the_delay(store):
    begin(store, trust_stamp=False)
    for number in range(150):
        day = date(2020, 1, 10) + days(number)
        keep(store, clash(f"B{number}", day=str(day), stamp=None), now=moment(str(day + days(4))), trust_stamp=False)
    found = completeness(store)
    assert (found.share(3), found.share(4), found.excluded) == (0, 1, {})


def test_the_event_day_is_the_last_one(store):
    begin(store)
    long = [clash(f"L{n}", day=str(date(2020, 1, 10) + days(n))) for n in range(150)]
    keep(
        store,
        *(
            each._replace(date_start=each.date_end - days(9), stamp=moment(str(each.date_end + days(2))))
            for each in long
        ),
        now=moment("2020-11-01"),
    )
    assert (completeness(store).share(1), completeness(store).share(2)) == (0, 1)


def test_sources_are_pooled_and_each_must_tell(store):
    for source in ("acled", "other"):
        begin(store, source=source)
    daily(store, 0)
    daily(store, 10, source="other")
    assert completeness(store).share(5) == pytest.approx(150 / (150 + 141))
    begin(store, clash("X1", day="2019-12-01", stamp=None), source="third")
    assert completeness(store).missing.startswith("third: no record")


def test_a_replay_sees_the_same(store):
    begin(store)
    daily(store, 0, 3, 10, many=200)
    with store.reading() as tx:
        memory = Memory(lambda *_: [])
        for as_known in ("2020-06-08", "2020-05-01", "2020-07-20T11:59", "2020-07-20T12:00"):
            past = PastSnapshot(tx, memory, as_known=moment(as_known), offsets={})
            memory.asked_the_time = False
            assert past.completeness(EVENTS) == completeness(store, as_known=as_known)
            assert memory.asked_the_time, "another day gives another answer"
            assert past.known_at(moment("2020-04-01")).completeness(EVENTS) == completeness(
                store, as_known="2020-04-01"
            )
            assert past.up_to(date(2020, 3, 1)).kept_since(EVENTS) == BEGUN


def test_the_history_goes_back_to_the_end_of_the_last_first_load(store):
    assert ask(store, lambda snapshot: snapshot.kept_since(EVENTS)) is None
    begin(store)
    begin(store, source="other", now=moment("2020-02-01"))
    keep(store, clash("LATER"), now=moment("2020-03-01"))
    assert ask(store, lambda snapshot: snapshot.kept_since(EVENTS)) == moment("2020-02-01")
    alone = indicator(count="events", source="acled")
    assert ask(store, lambda snapshot: snapshot.kept_since(alone)) == BEGUN
    absent = indicator(count="events", source=("acled", "none"))
    assert ask(store, lambda snapshot: snapshot.kept_since(absent)) is None


def test_an_assumed_lag_is_no_history(store):
    begin(store)
    begin(store, clash("L1", day="2019-12-01", stamp=None), source="other", lag=days(3))
    assert ask(store, lambda snapshot: snapshot.kept_since(EVENTS)) is None
    assert ask(store, lambda snapshot: snapshot.kept_since(indicator(count="events", source="acled"))) == BEGUN


def test_what_was_known_at_another_moment(store):
    begin(store)
    daily(store, 3, many=10)
    day = date(2020, 1, 15)
    assert ask(store, lambda snapshot: snapshot.known_at(moment("2020-01-15")).watermark(EVENTS)) == day - days(3)
    assert ask(store, lambda s: s.known_at(moment("2020-01-15")).watermark(EVENTS), horizon=date(2020, 1, 11)) == date(
        2020, 1, 11
    )


@pytest.mark.parametrize(
    ("publisher", "day", "expected"),
    [
        ("Le Pays", "2020-10-02", True),
        ("Le Pays", "2020-10-01", False),
        ("Sidwaya", "2020-10-02", True),
        ("Le", "2020-10-02", False),
        ("Pays", "2020-10-02", False),
        ("100 %; _", "2020-10-02", False),
        ("", "2020-10-02", True),
        ("", "2020-10-01", False),
    ],
    ids=[
        "before",
        "on the day",
        "one of several",
        "a part of a name",
        "the end of a name",
        "signs of SQL",
        "anybody",
        "nobody",
    ],
)
def test_whether_a_publisher_was_there_before(store, publisher, day, expected):
    keep(store, clash("A", day="2020-10-01", publishers="Le Pays; Sidwaya"), clash("B", day="2020-10-05"))
    assert ask(store, lambda s: s.reported_before("acled", date.fromisoformat(day), publisher=publisher)) is expected
    assert ask(store, lambda s: s.reported_before("other", date.fromisoformat(day), publisher=publisher)) is False


@pytest.mark.parametrize("series", [True, False], ids=["from the ledger", "from the records"])
def test_a_period_is_counted_as_it_was_known_then(store, series):
    if series:
        build(store, EVENTS)
    records = [clash("A", day="2020-01-15", stamp="2020-01-18"), clash("B", day="2020-01-16", stamp="2020-03-01")]
    take(store, *records, indicators=[EVENTS] if series else [])
    january = Period(date(2020, 1, 1), date(2020, 2, 1))

    def events(moment_: str) -> object:
        return ask(store, lambda s: s.known_at(moment(moment_)).totals(EVENTS, NO_LABELS, january).events)

    assert [events(day) for day in ("2020-01-17", "2020-01-18", "2020-03-01")] == [0, 1, 2]
