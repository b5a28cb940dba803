from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.store.records import A_CLASH, NOW, build, clash, deletion, indicator, keep, moment, take, versions
from watcher.core.event import Actor, Event, Role
from watcher.core.label import labels
from watcher.store.engine import is_sqlite
from watcher.store.measure import counts, group_from, group_key, groups_of, value_of
from watcher.store.series import ensure_scopes, fold, scope_ids, verify

DEATHS = indicator()
ATTACKS = indicator(count="events")
BY_PLACE = indicator(by=("country", "admin1"))


def ledger(store, scope=DEATHS) -> list[tuple[str, str, str, int, int, int, int]]:
    """(group, day, known from, events, valued, total, squares) of every row, in the order of knowledge."""
    query = (
        'select "group", day, known_from, events, valued, total, squares from series '
        'where scope = :scope order by known_from, day, "group"'
    )
    with store.reading() as tx:
        rows = tx.execute(text(query), {"scope": scope_ids(tx)[scope.scope_key]}).all()
    return [(group, day, _day(known), *numbers) for group, day, known, *numbers in rows]


def numbers(store, scope=DEATHS) -> list[int]:
    """The newest record version in each row, in the same order."""
    query = 'select version from series where scope = :scope order by known_from, day, "group"'
    with store.reading() as tx:
        return list(tx.execute(text(query), {"scope": scope_ids(tx)[scope.scope_key]}).scalars())


def _day(milliseconds) -> str:
    return (moment("1970-01-01") + timedelta(milliseconds=milliseconds)).date().isoformat()


def _mistakes(store, *indicators) -> list[str]:
    with store.reading() as tx:
        return verify(tx, indicators)


# --- what an event adds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "event", "value"),
    [
        pytest.param(ATTACKS, A_CLASH, 1, id="an event counts as one"),
        pytest.param(indicator(count="days"), A_CLASH, 1, id="a day is told by its events"),
        pytest.param(DEATHS, A_CLASH, 5, id="deaths as reported"),
        pytest.param(DEATHS, A_CLASH._replace(fatalities=None), None, id="deaths nobody reports are not zero"),
        pytest.param(indicator(sum="incidents"), A_CLASH, 1, id="a single event is one incident"),
        pytest.param(indicator(sum="incidents"), A_CLASH._replace(incidents=7), 7, id="incidents of an aggregate"),
        pytest.param(indicator(sum="fatalities_low"), A_CLASH._replace(fatalities_low=2), 2, id="the low figure"),
    ],
)
def test_the_value_of_an_event_is(scope, event, value):
    assert value_of(scope, event) == value


@pytest.mark.parametrize(
    ("by", "event", "group"),
    [
        pytest.param((), A_CLASH, {}, id="none without by"),
        pytest.param(("admin1",), A_CLASH, {"admin1": "Sahel"}, id="its region"),
        pytest.param(
            ("country",), A_CLASH._replace(country="Burkina"), {"country": "Burkina Faso"}, id="its country's one name"
        ),
        pytest.param(
            ("country",), A_CLASH._replace(iso3="", country="High seas"), {"country": "High seas"}, id="an odd country"
        ),
        pytest.param(
            ("source", "admin3"), A_CLASH._replace(admin3=""), {"source": "acled"}, id="without what is empty"
        ),
    ],
)
def test_the_group_of_an_event_is(by, event, group):
    [found] = groups_of(indicator(by=by), event)
    assert found == labels(group)
    assert group_from(group_key(found)) == found


def test_by_actor_an_event_belongs_to_a_group_for_each_of_its_actors():
    both = A_CLASH._replace(actors=(Actor(Role.A, "JNIM"), Actor(Role.B, "ISGS"), Actor(Role.WITH_B, "JNIM")))
    assert groups_of(indicator(by=("admin1", "actor")), both) == (
        labels({"admin1": "Sahel", "actor": "JNIM"}),
        labels({"admin1": "Sahel", "actor": "ISGS"}),
    )
    assert groups_of(indicator(by=("admin1", "actor")), A_CLASH._replace(actors=())) == (labels({"admin1": "Sahel"}),)


@pytest.mark.parametrize(
    ("source", "counted"), [((), True), ("acled", True), (("ucdp", "acled"), True), ("ucdp", False)]
)
def test_an_event_of_another_source_does_not_count(source, counted):
    assert counts(indicator(source=source), A_CLASH) is counted


# --- folding ----------------------------------------------------------------------------------------------------------


def test_records_of_a_day_known_at_the_same_moment_are_one_row(store):
    build(store, DEATHS)
    take(
        store,
        clash("BFO1", fatalities=5),
        clash("BFO2", fatalities=2),
        clash("BFO3", fatalities=None),
        indicators=[DEATHS],
    )
    assert ledger(store) == [("[]", "2020-10-01", "2020-10-06", 3, 2, 7, 29)]


def test_a_longer_event_counts_on_its_last_day(store):
    build(store, DEATHS)
    take(store, A_CLASH._replace(date_start=A_CLASH.date_end - timedelta(days=30)), indicators=[DEATHS])
    assert ledger(store) == [("[]", "2020-10-01", "2020-10-06", 1, 1, 5, 25)]


def test_a_revision_adds_the_difference_from_when_it_was_known(store):
    build(store, DEATHS)
    take(store, A_CLASH, indicators=[DEATHS])
    take(store, clash(stamp="2020-11-20", fatalities=2), indicators=[DEATHS])
    assert ledger(store)[1:] == [("[]", "2020-10-01", "2020-11-20", 0, 0, -3, -21)]


def test_a_revision_that_moves_an_event_takes_it_from_one_day_to_another(store):
    build(store, DEATHS)
    take(store, A_CLASH, indicators=[DEATHS])
    take(store, clash(stamp="2020-11-20", day="2020-10-03"), indicators=[DEATHS])
    assert ledger(store)[1:] == [
        ("[]", "2020-10-01", "2020-11-20", -1, -1, -5, -25),
        ("[]", "2020-10-03", "2020-11-20", 1, 1, 5, 25),
    ]


def test_a_revision_that_leaves_the_sums_as_they_are_adds_no_row(store):
    build(store, DEATHS)
    take(store, A_CLASH, indicators=[DEATHS])
    take(store, clash(stamp="2020-11-20", location="Arbinda"), indicators=[DEATHS])
    assert len(ledger(store)) == 1


def test_a_deletion_takes_away_what_the_event_had_added(store):
    build(store, DEATHS)
    take(store, A_CLASH, indicators=[DEATHS])
    take(store, deletion(stamp="2020-11-20"), indicators=[DEATHS])
    assert ledger(store)[1:] == [("[]", "2020-10-01", "2020-11-20", -1, -1, -5, -25)]


def test_a_row_names_the_newest_version_in_it(store):
    build(store, DEATHS)
    take(store, clash("BFO1"), clash("BFO2"), indicators=[DEATHS])
    take(
        store,
        clash("BFO3", stamp="2020-11-20", fatalities=6),
        deletion("BFO1", stamp="2020-11-20"),
        indicators=[DEATHS],
    )
    take(store, clash("BFO2", stamp="2020-11-25", fatalities=9), indicators=[DEATHS])
    take(store, deletion("BFO2", stamp="2020-11-28"), indicators=[DEATHS])
    newest = [versions(store, each)[-1].version for each in ("BFO2", "BFO3", "BFO2", "BFO2")]
    newest[0] = versions(store, "BFO2")[0].version
    assert ledger(store)[1][3:] == (0, 0, 1, 11)
    assert numbers(store) == newest


def test_a_number_of_deaths_beyond_what_its_square_fits_into_32_bits_is_added_up(store):
    build(store, DEATHS)
    take(store, clash(fatalities=80_000), indicators=[DEATHS])
    assert ledger(store)[0][-1] == 6_400_000_000


def test_every_scope_takes_what_its_selector_picks_and_nothing_else(store):
    mali, battles = indicator({"country": "Mali"}), indicator({"event_type": "Battles"}, count="events")
    everything = (mali, battles, BY_PLACE)
    build(store, *everything)
    here = A_CLASH._replace(event_type="Protests", disorder_type="Demonstrations")
    there = clash("MLI1", iso3="MLI", country="Mali", admin1="Gao", fatalities=3)
    take(store, here, there, indicators=everything)
    assert [row[3:6] for row in ledger(store, mali)] == [(1, 1, 3)]
    assert [row[3:6] for row in ledger(store, battles)] == [(1, 1, 1)]
    assert [(group_from(row[0]), row[5]) for row in ledger(store, BY_PLACE)] == [
        ((("admin1", "Gao"), ("country", "Mali")), 3),
        ((("admin1", "Sahel"), ("country", "Burkina Faso")), 5),
    ]


def test_indicators_that_measure_the_same_share_a_scope(store):
    again = indicator().model_copy(update={"indicator": "another_name", "title": "Another"})
    assert build(store, DEATHS, again) == 1
    take(store, A_CLASH, indicators=(DEATHS, again))
    assert len(ledger(store)) == 1


def test_an_indicator_without_a_scope_is_not_folded(store):
    build(store, DEATHS)
    take(store, A_CLASH, indicators=(DEATHS, ATTACKS))
    with store.reading() as tx:
        assert tx.execute(text("select count(*) from series")).scalar() == 1


def test_nothing_changed_writes_nothing(store):
    build(store, DEATHS)
    with store.writing() as tx:
        fold(tx, [], [DEATHS])
    assert ledger(store) == []


# --- building ---------------------------------------------------------------------------------------------------------


def _past(store) -> None:
    """A history with a revision, a move, a deletion, a return and a change of notes."""
    take(
        store,
        clash("BFO1"),
        clash("BFO2"),
        clash("MLI1", iso3="MLI", country="Mali", fatalities=None),
        indicators=[DEATHS],
    )
    take(
        store,
        clash("BFO1", stamp="2020-11-01", fatalities=1),
        clash("BFO2", stamp="2020-11-01", day="2020-10-09"),
        indicators=[DEATHS],
    )
    take(store, deletion("BFO1", stamp="2020-11-05"), deletion("MLI1", stamp=None), indicators=[DEATHS])
    take(
        store,
        clash("BFO1", stamp="2020-11-07", fatalities=4),
        clash("BFO2", stamp="2020-11-03", day="2020-10-09", notes="!"),
        indicators=[DEATHS],
    )


def test_a_scope_built_late_equals_one_that_was_there_all_along(store):
    build(store, DEATHS)
    _past(store)
    before = (ledger(store), numbers(store))
    build(store)
    assert build(store, DEATHS) == 1
    assert (ledger(store), numbers(store)) == before


@pytest.mark.parametrize("others", [0, 30], ids=["a few scopes by SQL", "many scopes in one pass over every event"])
def test_what_is_built_depends_only_on_the_records(store, others):
    wanted = [DEATHS, indicator({"country": "Mali"}), indicator({"notes": {"contains": "!"}}, count="events")]
    _past(store)
    assert build(store, *wanted, *(indicator({"fatalities": {"above": n}}) for n in range(others))) == 3 + others
    assert _mistakes(store, *wanted) == []
    assert [row[3:6] for row in ledger(store, wanted[1])] == [(1, 0, 0), (-1, 0, 0)]


def test_a_scope_that_no_rule_names_is_dropped_with_its_series(store):
    build(store, DEATHS, ATTACKS)
    take(store, A_CLASH, indicators=(DEATHS, ATTACKS))
    assert build(store, ATTACKS) == 0
    with store.reading() as tx:
        assert list(scope_ids(tx)) == [ATTACKS.scope_key]
        assert tx.execute(text("select count(*) from series")).scalar() == 1


def test_more_changes_than_are_added_up_at_once_come_out_right(store):
    events: list[Event] = [clash(f"BFO{number}", fatalities=number % 3) for number in range(1_000)]
    for batch in range(6):
        keep(store, *(event._replace(external_id=f"{event.external_id}/{batch}") for event in events))
    build(store, DEATHS)
    deaths = 6 * sum(number % 3 for number in range(1_000))
    assert sum(row[3] for row in ledger(store)) == 6_000
    assert sum(row[5] for row in ledger(store)) == deaths
    assert _mistakes(store, DEATHS) == []


def test_a_scope_that_is_built_while_others_store_events_misses_none(store):
    take(store, clash("first"), indicators=[])

    def build_and_drop(_) -> None:
        build(store, DEATHS)
        build(store, BY_PLACE)

    def store_events(number) -> None:
        take(store, clash(f"BFO{number}", fatalities=number), indicators=[DEATHS, BY_PLACE])

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(job, number) for number in range(12) for job in (build_and_drop, store_events)]
        for job in jobs:
            job.result()
    build(store, DEATHS, BY_PLACE)
    assert _mistakes(store, DEATHS, BY_PLACE) == []


# --- checking ---------------------------------------------------------------------------------------------------------


def test_a_ledger_that_follows_the_records_has_no_mistakes(store):
    build(store, DEATHS, ATTACKS, BY_PLACE)
    for record in (
        A_CLASH,
        clash(stamp="2020-11-20", fatalities=2, notes="!"),
        clash(stamp="2020-11-21", fatalities=2, notes="!!"),
        deletion(stamp="2020-11-25"),
    ):
        take(store, record, indicators=(DEATHS, ATTACKS, BY_PLACE))
    assert _mistakes(store, DEATHS, ATTACKS, BY_PLACE) == []


@pytest.mark.parametrize(
    "damage",
    [
        "update series set total = total + 1",
        "delete from series",
        "update series set day = '2020-10-02'",
        "update series set known_from = known_from + 1",
        "update event set fatalities = 6, content_hash = ''",
        "insert into series select scope, \"group\", source, '2019-01-01', known_from, version, 1, 1, 1, 1 from series",
    ],
)
def test_a_ledger_that_differs_from_the_records_is_found(store, damage):
    build(store, DEATHS, ATTACKS)
    take(store, A_CLASH, indicators=[DEATHS])
    with store.writing() as tx:
        tx.execute(text(damage))
    (mistake,) = _mistakes(store, DEATHS)
    assert "'tested' differs from the records" in mistake


def test_on_postgresql_a_scope_waits_for_those_who_store_events(postgresql_store):
    with postgresql_store.writing() as tx:
        assert not is_sqlite(tx)
        ensure_scopes(tx, [DEATHS], now=NOW)
        held = "select mode from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
        assert tx.execute(text(held)).scalars().all() == ["ExclusiveLock"]
