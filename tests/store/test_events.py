from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.store.records import A_CLASH, NOW, clash, counted, deletion, keep, moment, versions
from watcher.core.event import Actor, Basis, Event, Role
from watcher.core.period import Period
from watcher.core.selector import selector
from watcher.store.actors import name_actors
from watcher.store.events import Recorded, event_versions, find_events, foresee

DAY = timedelta(days=1)


def test_an_event_comes_back_as_it_was_stored(store):
    keep(store, A_CLASH)
    (version,) = versions(store)
    assert version.event == A_CLASH
    assert (version.revision, version.known_to, version.recorded_at) == (1, None, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"fatalities": None, "fatalities_low": 2, "fatalities_high": 9}, id="deaths that nobody reports"),
        pytest.param({"latitude": None, "longitude": None, "geo_precision": None}, id="a place nobody knows"),
        pytest.param({"civilian_targeting": None}, id="a flag that is not given"),
        pytest.param({"civilian_targeting": True}, id="a flag that is set"),
        pytest.param({"date_start": date(2020, 9, 28)}, id="an event of several days"),
        pytest.param({"actors": ()}, id="no actors"),
        pytest.param(
            {"actors": (Actor(Role.A, "A and/or B", ambiguous=True), Actor(Role.WITH_A, "C"), Actor(Role.WITH_B, "C"))},
            id="an ambiguous actor, and one on both sides",
        ),
        pytest.param({"notes": "two\nlines, \"quotes\", \t tabs, \\ and 'Ménaka'"}, id="notes with everything in them"),
        pytest.param({"stamp": None}, id="no stamp"),
    ],
)
def test_nothing_of_an_event_is_lost(store, changes):
    keep(store, A_CLASH._replace(**changes))
    assert versions(store)[0].event == A_CLASH._replace(**changes)


# --- when it was known ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stamp", "trust", "lag", "known"),
    [
        pytest.param("2020-10-06T08:00", True, None, ("2020-10-06T08:00", Basis.STAMP), id="by its stamp"),
        pytest.param("2020-10-06", True, DAY, ("2020-10-06", Basis.STAMP), id="by its stamp although there is a lag"),
        pytest.param("2020-10-06", False, 7 * DAY, ("2020-10-08", Basis.LAG), id="by its date and the lag"),
        pytest.param(None, True, 7 * DAY, ("2020-10-08", Basis.LAG), id="by date and lag where the stamp is missing"),
        pytest.param(
            None, True, None, ("2020-12-01", Basis.LOAD), id="since it was loaded where nothing else is known"
        ),
        pytest.param(
            "2020-10-06", False, None, ("2020-12-01", Basis.LOAD), id="since it was loaded, the stamp untrusted"
        ),
    ],
)
def test_an_event_is_known(store, stamp, trust, lag, known):
    known_from, basis = known
    recorded, changes = keep(store, clash(stamp=stamp), trust_stamp=trust, lag=lag)
    (version,) = versions(store)
    assert (version.known_from, version.basis) == (moment(known_from), basis)
    assert recorded == Recorded(added=1, known_from=moment(known_from))
    assert counted(changes) == [("BFO1", 5, 1, moment(known_from))]


def test_the_lag_of_a_longer_event_counts_from_its_last_day(store):
    keep(store, A_CLASH._replace(date_start=date(2020, 9, 1), stamp=None), lag=7 * DAY)
    assert versions(store)[0].known_from == moment("2020-10-08")


# --- revisions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stamp", "trust", "lag", "known"),
    [
        pytest.param("2020-11-20", True, None, ("2020-11-20", Basis.STAMP), id="by its own, newer stamp"),
        pytest.param(
            "2020-10-06", True, None, ("2020-12-10", Basis.LOAD), id="since it was loaded, the stamp not renewed"
        ),
        pytest.param(None, True, None, ("2020-12-10", Basis.LOAD), id="since it was loaded, without a stamp"),
        pytest.param("2020-11-20", False, DAY, ("2020-12-10", Basis.LOAD), id="since it was loaded, whatever the lag"),
        pytest.param("2020-11-20", False, 90 * DAY, ("2020-12-30", Basis.LAG), id="with the lag, where that is longer"),
    ],
)
def test_a_correction_is_known(store, stamp, trust, lag, known):
    known_from, basis = known
    keep(store, A_CLASH, lag=lag)
    recorded, changes = keep(
        store, clash(stamp=stamp, fatalities=2), now=moment("2020-12-10"), trust_stamp=trust, lag=lag
    )
    first, second = versions(store)
    assert recorded == Recorded(revised=1, known_from=moment(known_from))
    assert (second.revision, second.event.fatalities, second.known_to) == (2, 2, None)
    assert (second.known_from, second.basis) == (moment(known_from), basis)
    assert (first.known_to, first.event.fatalities) == (second.known_from, 5)
    assert counted(changes) == [("BFO1", 2, 1, moment(known_from)), ("BFO1", 5, -1, moment(known_from))]
    assert {change.version for change in changes} == {second.version}


@pytest.mark.parametrize(
    "changes",
    [
        {"date_end": date(2020, 10, 2)},
        {"date_start": date(2020, 9, 30)},
        {"location": "Arbinda"},
        {"latitude": 14.2},
        {"sub_event_type": "Attack"},
        {"fatalities": None},
        {"fatalities_high": 9},
        {"incidents": 2},
        {"actors": (Actor(Role.A, "ISGS"), Actor(Role.B, "Military Forces of Burkina Faso"))},
    ],
    ids=lambda changes: f"{next(iter(changes))} changes",
)
def test_a_material_change_makes_a_revision(store, changes):
    keep(store, A_CLASH)
    recorded, _ = keep(store, clash(stamp="2020-11-20")._replace(**changes))
    assert (recorded.revised, len(versions(store))) == (1, 2)


def test_an_older_version_never_replaces_a_newer_one(store):
    keep(store, clash(stamp="2020-11-20"))
    recorded, changes = keep(store, clash(stamp="2020-11-19", fatalities=99))
    assert (recorded, changes) == (Recorded(older=1), [])
    assert [version.event.fatalities for version in versions(store)] == [5]


def test_a_correction_loaded_with_a_slow_clock_does_not_end_before_it_began(store):
    keep(store, A_CLASH._replace(stamp=None), now=NOW)
    keep(store, clash(stamp=None, fatalities=2), now=NOW - DAY)
    first, second = versions(store)
    assert first.known_from == first.known_to == second.known_from == NOW


# --- what is no revision ----------------------------------------------------------------------------------------------


def test_a_renewed_stamp_alone_is_kept_and_makes_no_version(store):
    keep(store, A_CLASH)
    recorded, changes = keep(store, clash(stamp="2020-11-20"))
    (version,) = versions(store)
    assert (recorded, changes) == (Recorded(unchanged=1), [])
    assert (version.event.stamp, version.known_from) == (moment("2020-11-20"), A_CLASH.stamp)


def test_the_renewed_stamp_is_the_one_that_later_records_are_held_against(store):
    keep(store, A_CLASH)
    keep(store, clash(stamp="2020-11-20"))
    assert keep(store, clash(stamp="2020-11-10", fatalities=2))[0].older == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("publishers", "Le Pays; Reuters"),
        ("notes", "A clash. A drone was seen."),
        ("url", "https://example.org"),
        ("tags", "women targeted"),
        ("civilian_targeting", True),
        ("country", "Burkina"),
    ],
)
def test_what_changes_no_count_is_kept_on_the_version_that_is_there(store, field, value):
    keep(store, A_CLASH)
    recorded, changes = keep(store, A_CLASH._replace(**{field: value}))
    (version,) = versions(store)
    assert (recorded.unchanged, getattr(version.event, field)) == (1, value)
    # A selector may ask for it: the old text stops counting, the new one counts, from the same moment.
    assert [(getattr(each.event, field), each.sign) for each in changes] == [(getattr(A_CLASH, field), -1), (value, 1)]
    assert {each.known_from for each in changes} == {A_CLASH.stamp} == {recorded.known_from}


def test_an_export_without_a_column_does_not_empty_it(store):
    keep(store, A_CLASH)
    recorded, changes = keep(store, A_CLASH._replace(notes="", publishers="", civilian_targeting=None))
    assert (recorded, changes) == (Recorded(unchanged=1), [])
    assert versions(store)[0].event == A_CLASH


def test_the_same_records_again_change_nothing(store):
    records = [clash(f"BFO{number}", fatalities=number) for number in range(40)]
    keep(store, *records)
    assert keep(store, *records) == (Recorded(unchanged=40), [])


# --- deletions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stamp", "trust", "known_to"),
    [
        pytest.param("2020-11-20", True, "2020-11-20", id="by its stamp"),
        pytest.param(None, True, "2020-12-01", id="since it was loaded, without a stamp"),
        pytest.param("2020-11-20", False, "2020-12-01", id="since it was loaded, the stamp untrusted"),
    ],
)
def test_a_deletion_ends_what_is_known(store, stamp, trust, known_to):
    keep(store, A_CLASH)
    recorded, changes = keep(store, deletion(stamp=stamp), trust_stamp=trust)
    (version,) = versions(store)
    assert recorded == Recorded(deleted=1, known_from=moment(known_to))
    assert version.known_to == moment(known_to)
    assert counted(changes) == [("BFO1", 5, -1, moment(known_to))]
    assert [change.version for change in changes] == [version.version]


@pytest.mark.parametrize(
    ("before", "stamp", "expected"),
    [
        pytest.param([], "2020-11-20", Recorded(unchanged=1), id="of an event that nobody knows"),
        pytest.param(["delete"], "2020-11-25", Recorded(unchanged=1), id="of an event that is gone already"),
        pytest.param(["restamp"], "2020-11-20", Recorded(older=1), id="older than what is stored"),
    ],
)
def test_a_deletion_changes_nothing(store, before, stamp, expected):
    keep(store, clash("BFO2"))
    if before:
        keep(store, A_CLASH)
        keep(store, deletion(stamp="2020-11-20") if before == ["delete"] else clash(stamp="2020-11-28"))
    assert keep(store, deletion(stamp=stamp)) == (expected, [])


@pytest.mark.parametrize(
    ("stamp", "trust", "comes_back", "known_from"),
    [
        pytest.param("2020-11-25", True, True, "2020-11-25", id="with a later stamp"),
        pytest.param("2020-11-20", True, False, "", id="not with the deletion's own stamp"),
        pytest.param("2020-10-06", True, False, "", id="not with the stamp it had"),
        pytest.param(None, True, True, "2020-12-01", id="without a stamp, since it was loaded"),
        pytest.param("2020-10-06", False, True, "2020-12-01", id="where stamps are not trusted"),
    ],
)
def test_what_was_deleted_comes_back_as_a_new_revision(store, stamp, trust, comes_back, known_from):
    keep(store, A_CLASH, deletion(stamp="2020-11-20"), now=moment("2020-11-21"), trust_stamp=trust)
    recorded, _ = keep(store, clash(stamp=stamp), trust_stamp=trust)
    assert (recorded.added, recorded.older) == ((1, 0) if comes_back else (0, 1))
    found = versions(store)
    assert [version.revision for version in found] == ([1, 2] if comes_back else [1])
    assert not comes_back or (found[1].known_from, found[1].known_to) == (moment(known_from), None)


# --- one chunk --------------------------------------------------------------------------------------------------------


def test_several_versions_of_one_event_in_a_chunk_follow_each_other(store):
    recorded, changes = keep(
        store,
        A_CLASH,
        clash(stamp="2020-11-01", fatalities=2),
        clash(stamp="2020-10-20", fatalities=99),
        clash(stamp="2020-11-05", fatalities=2, notes="Two are dead."),
        deletion(stamp="2020-11-10"),
        clash(stamp="2020-11-20", fatalities=0),
    )
    assert recorded == Recorded(added=2, revised=1, unchanged=1, older=1, deleted=1, known_from=A_CLASH.stamp)
    told = [(version.event.fatalities, version.known_from, version.known_to) for version in versions(store)]
    assert told == [
        (5, moment("2020-10-06"), moment("2020-11-01")),
        (2, moment("2020-11-01"), moment("2020-11-10")),
        (0, moment("2020-11-20"), None),
    ]
    assert sorted(counted(changes), key=lambda each: (each[3], each[2])) == [
        ("BFO1", 5, 1, moment("2020-10-06")),
        ("BFO1", 5, -1, moment("2020-11-01")),
        ("BFO1", 2, 1, moment("2020-11-01")),
        ("BFO1", 2, -1, moment("2020-11-10")),
        ("BFO1", 0, 1, moment("2020-11-20")),
    ]


def test_a_stored_version_that_is_rewritten_and_then_revised_in_one_chunk_adds_up(store):
    keep(store, A_CLASH)
    _, changes = keep(store, clash(stamp="2020-11-01", notes="new"), clash(stamp="2020-11-05", fatalities=1))
    sums: dict[tuple[str, int | None], int] = {("A clash.", 5): 1}
    for each in changes:
        key = (each.event.notes, each.event.fatalities)
        sums[key] = sums.get(key, 0) + each.sign
    assert {key for key, count in sums.items() if count} == {("A clash.", 1)}
    assert [version.event.notes for version in versions(store)] == ["new", "A clash."]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(clash(stamp="2020-11-05", notes="third"), id="and again"),
        pytest.param(clash(stamp="2020-11-05", notes="second"), id="and then only stamped anew"),
    ],
)
def test_a_version_that_is_rewritten_in_a_chunk(store, second):
    keep(store, A_CLASH)
    _, changes = keep(store, clash(stamp="2020-11-01", notes="second"), second)
    assert [(each.event.notes, each.sign) for each in changes] == [("A clash.", -1), (second.notes, 1)]


def test_a_chunk_may_be_larger_than_one_look_up(store):
    records = [clash(f"BFO{number}", fatalities=number % 7) for number in range(2_100)]
    assert keep(store, *records)[0].added == 2_100
    revised = [record._replace(fatalities=9, stamp=moment("2020-11-20")) for record in records]
    recorded, changes = keep(store, *revised)
    assert (recorded.revised, len(changes)) == (2_100, 4_200)


def test_ids_of_different_sources_have_nothing_to_do_with_each_other(store):
    keep(store, A_CLASH)
    assert keep(store, A_CLASH._replace(source="ucdp", fatalities=7))[0].added == 1
    assert len(versions(store)) == len(versions(store, source="ucdp")) == 1


# --- monadic exports --------------------------------------------------------------------------------------------------

_LEFT = A_CLASH._replace(actors=(Actor(Role.A, "JNIM"), Actor(Role.WITH_A, "Katiba Macina")))
_RIGHT = A_CLASH._replace(actors=(Actor(Role.A, "Military Forces of Burkina Faso"), Actor(Role.WITH_A, "Koglweogo")))
_BOTH = (*_LEFT.actors, Actor(Role.B, "Military Forces of Burkina Faso"), Actor(Role.WITH_B, "Koglweogo"))


def test_the_two_rows_of_a_monadic_export_are_one_event_with_both_sides(store):
    recorded, changes = keep(store, _LEFT, _RIGHT)
    (version,) = versions(store)
    assert (recorded.added, recorded.unchanged, version.event.actors) == (1, 1, _BOTH)
    assert [change.event.actors for change in changes] == [_BOTH]


def test_a_monadic_export_again_changes_nothing(store):
    keep(store, _LEFT, _RIGHT)
    assert keep(store, _LEFT, _RIGHT) == (Recorded(unchanged=2), [])


def test_the_halves_of_a_monadic_export_find_each_other_over_the_end_of_a_chunk(store):
    keep(store, _LEFT)
    keep(store, _RIGHT, now=NOW + DAY)
    first, second = versions(store)
    assert second.event.actors == _BOTH
    assert first.known_from == first.known_to == second.known_from == A_CLASH.stamp


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(_RIGHT._replace(fatalities=4), id="other deaths"),
        pytest.param(_RIGHT._replace(stamp=moment("2020-11-20")), id="a later stamp"),
        pytest.param(_RIGHT._replace(actors=(Actor(Role.B, "X"),)), id="a second side"),
        pytest.param(_RIGHT._replace(stamp=None), id="no stamp"),
    ],
)
def test_it_is_a_revision_and_no_other_half_with(store, other):
    keep(store, _LEFT)
    assert keep(store, other)[0].revised == 1
    assert versions(store)[1].event.actors == other.actors


# --- actors -------------------------------------------------------------------------------------------------------------


def _actors(store) -> list[tuple[str, str, str, int]]:
    with store.reading() as tx:
        rows = tx.execute(text("select name, folded, canonical, ambiguous from actor order by name"))
        return [tuple(row) for row in rows]


def test_an_actor_is_stored_once_with_its_folded_name_and_whether_it_is_ambiguous(store):
    ambiguous = Actor(Role.A, "Ménaka or JNIM", ambiguous=True)
    keep(store, clash("BFO1", actors=(ambiguous,)), clash("BFO2", actors=(ambiguous._replace(role=Role.B),)))
    keep(store, clash("BFO3", actors=(ambiguous, Actor(Role.B, "JNIM"))))
    assert _actors(store) == [("JNIM", "jnim", "", 0), ("Ménaka or JNIM", "menaka or jnim", "", 1)]


def test_an_actor_gets_the_name_by_which_the_rules_know_it_and_loses_it_again(store):
    keep(store, clash(actors=(Actor(Role.A, "J.N.I.M."), Actor(Role.B, "ISGS"))))
    with store.writing() as tx:
        assert name_actors(tx, {"jnim": ["j.n.i.m.", "GSIM"], "aqim": ["AQIM"]}) == 1
    assert [row[2] for row in _actors(store)] == ["", "jnim"]
    with store.writing() as tx:
        assert name_actors(tx, {"isgs": ["ISGS"]}) == 2
    assert [row[2] for row in _actors(store)] == ["isgs", ""]


def test_writers_of_the_same_records_do_not_get_in_each_others_way(store):
    chunks = [
        [clash(f"BFO{number}", source=source, fatalities=number) for number in range(40)]
        for source in ("acled", "ucdp", "acled", "ucdp")
    ]
    for source in ("acled", "ucdp"):
        keep(store, clash("first", source=source, actors=()))
    with ThreadPoolExecutor(4) as pool:
        counts = [recorded for recorded, _ in pool.map(lambda chunk: keep(store, *chunk), chunks)]
    assert sum(recorded.added for recorded in counts) == sum(recorded.unchanged for recorded in counts) == 80


# --- the source's own row ---------------------------------------------------------------------------------------------


def _bounds(store, source="acled"):
    with store.reading() as tx:
        query = "select oldest_event, newest_event, newest_known from source where name = :name"
        oldest, newest, known = tx.execute(text(query), {"name": source}).one()
    return oldest, newest, None if known is None else datetime.fromtimestamp(known / 1_000, UTC)


def test_a_source_knows_its_first_and_last_day_and_its_newest_knowledge(store):
    keep(
        store, clash("BFO1", day="2020-10-01", stamp="2020-10-06"), clash("BFO2", day="2020-10-03", stamp="2020-10-05")
    )
    assert _bounds(store) == ("2020-10-01", "2020-10-03", moment("2020-10-06"))
    keep(store, A_CLASH._replace(source="ucdp", stamp=moment("2020-11-06")))
    assert _bounds(store) == ("2020-10-01", "2020-10-03", moment("2020-10-06"))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(
            clash("BFO3", day="2020-10-02", stamp="2020-11-01"),
            ("2020-10-01", "2020-10-02", "2020-11-01"),
            id="the last event is moved back",
        ),
        pytest.param(
            clash("BFO1", day="2020-10-04", stamp="2020-11-01"),
            ("2020-10-02", "2020-10-04", "2020-11-01"),
            id="the first event is moved past the last",
        ),
        pytest.param(
            deletion("BFO3", stamp="2020-11-01"),
            ("2020-10-01", "2020-10-02", "2020-11-01"),
            id="the last event is deleted",
        ),
        pytest.param(
            clash("BFO3", day="2020-10-03", stamp="2020-11-01", fatalities=0),
            ("2020-10-01", "2020-10-03", "2020-11-01"),
            id="the last event is revised on its day",
        ),
    ],
)
def test_the_bounds_follow_revisions(store, record, expected):
    keep(store, *(clash(f"BFO{number}", day=f"2020-10-0{number}") for number in (1, 2, 3)))
    keep(store, record)
    assert _bounds(store) == (*expected[:2], moment(expected[2]))


def test_a_source_whose_every_record_is_deleted_has_no_days(store):
    keep(store, A_CLASH)
    keep(store, deletion(stamp="2020-11-01"))
    assert _bounds(store) == (None, None, moment("2020-11-01"))


# --- finding ----------------------------------------------------------------------------------------------------------


def _three(store) -> None:
    keep(store, clash("BFO3", day="2020-10-01"), clash("BFO1", day="2020-10-02"), clash("BFO2", day="2020-10-01"))


def _ids(store, *arguments, **keywords) -> list[str]:
    with store.reading() as tx:
        return [version.event.external_id for version in find_events(tx, *arguments, **keywords)]


def test_events_are_found_by_date_then_id(store):
    _three(store)
    assert _ids(store) == ["BFO2", "BFO3", "BFO1"]
    assert _ids(store, newest_first=True) == ["BFO1", "BFO2", "BFO3"]
    assert _ids(store, newest_first=True, limit=1) == ["BFO1"]


def test_events_are_found_by_selector_period_and_source(store):
    _three(store)
    keep(store, A_CLASH._replace(source="ucdp", external_id="7", event_type="Protests"))
    assert _ids(store, selector({"event_type": "Protests"})) == ["7"]
    assert _ids(store, sources=["acled"], period=Period(date(2020, 10, 2), date(2020, 10, 3))) == ["BFO1"]
    assert _ids(store, sources=["nobody"]) == []


def test_a_limit_counts_what_the_selector_picks(store):
    keep(store, *(clash(f"BFO{number}", notes="drone" if number == 9 else "") for number in range(10)))
    assert _ids(store, selector({"notes": {"contains": "drone"}}), limit=1) == ["BFO9"]


@pytest.mark.parametrize(
    ("as_known", "deaths"),
    [("2020-10-05", []), ("2020-10-06", [5]), ("2020-11-19", [5]), ("2020-11-20", [2]), ("2020-11-30", [])],
)
def test_events_are_found_as_they_were_known(store, as_known, deaths):
    keep(store, A_CLASH, clash(stamp="2020-11-20", fatalities=2), deletion(stamp="2020-11-30"))
    with store.reading() as tx:
        assert [each.event.fatalities for each in find_events(tx, as_known=moment(as_known))] == deaths


def test_many_events_are_found_page_by_page_while_others_are_looked_up(store):
    keep(store, *(clash(f"BFO{number:04}") for number in range(1_200)))
    with store.reading() as tx:
        found = find_events(tx)
        head = list(islice(found, 3))
        assert [each.event for each in event_versions(tx, [head[1].version])] == [head[1].event]
        assert len(list(found)) == 1_197


def test_versions_are_looked_up_by_their_numbers(store):
    keep(store, clash("BFO1"), clash("BFO2"))
    numbers = [versions(store, each)[0].version for each in ("BFO2", "BFO1")]
    with store.reading() as tx:
        found = [version.event.external_id for version in event_versions(tx, numbers)]
        assert (found, event_versions(tx, [])) == (["BFO1", "BFO2"], [])


# --- whatever happens -------------------------------------------------------------------------------------------------

_NUMBERS = count()
_STAMPS = st.none() | st.integers(0, 6).map(lambda days: moment("2020-10-06") + days * DAY)
_SAID = st.builds(
    lambda event_id, stamp, deaths, notes: A_CLASH._replace(
        external_id=event_id, stamp=stamp, fatalities=deaths, notes=notes
    ),
    st.sampled_from(["X1", "X2"]),
    _STAMPS,
    st.none() | st.integers(0, 2),
    st.sampled_from(["", "a", "b"]),
)
_TAKEN_BACK = st.builds(lambda said: deletion(said.external_id, stamp=None)._replace(stamp=said.stamp), _SAID)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chunks=st.lists(st.lists(_SAID | _TAKEN_BACK, min_size=1, max_size=6), min_size=1, max_size=5),
    trust=st.booleans(),
    lag=st.none() | st.just(3 * DAY),
)
def test_the_versions_of_an_event_follow_each_other_without_overlap(store, chunks, trust, lag):
    source = f"source {next(_NUMBERS)}"
    sums: Counter[Event] = Counter()
    for position, chunk in enumerate(chunks):
        renamed = [record._replace(source=source) for record in chunk]
        recorded, changes = keep(store, *renamed, now=NOW + position * DAY, trust_stamp=trust, lag=lag)
        assert sum(recorded[:5]) == len(chunk)
        for each in changes:
            sums[each.event._replace(stamp=None)] += each.sign
    current: list[Event] = []
    for event_id in ("X1", "X2"):
        found = versions(store, event_id, source)
        assert [version.revision for version in found] == list(range(1, len(found) + 1))
        for before, after in pairwise(found):
            assert before.version < after.version
            assert before.known_to is not None
            assert before.known_from <= before.known_to <= after.known_from
        current += [version.event._replace(stamp=None) for version in found if version.known_to is None]
    # What the series are told adds up to the events that are current.
    assert {event: times for event, times in sums.items() if times} == Counter(current)


def _worst(one: Event, other: Event) -> Event:
    return max(one, other, key=lambda event: event.fatalities or 0)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(st.lists(_SAID, min_size=1, max_size=6), min_size=1, max_size=5))
def test_what_is_told_in_several_records_comes_to_the_same_in_whatever_order(store, chunks):
    source = f"source{next(_NUMBERS)}"
    for chunk in chunks:
        records = [event._replace(source=source) for event in chunk]
        with store.reading() as tx:
            ahead = foresee(tx, records, source=source, now=NOW, lag=None, trust_stamp=True, join=_worst)
        done, _ = keep(store, *records, join=_worst)
        assert done._replace(known_from=None) == ahead
    told = [event for chunk in chunks for event in chunk]
    for name in {event.external_id for event in told}:
        mine = [event for event in told if event.external_id == name]
        *before, last = versions(store, name, source)
        assert (last.event.fatalities or 0) == max(event.fatalities or 0 for event in mine)
        assert last.event.stamp == max((event.stamp for event in mine if event.stamp), default=None)
        assert [each.known_to for each in before] == [each.known_from for each in (*before, last)][1:]
