from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count, islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.records import A_CLASH, NOW, build, clash, deletion, indicator, keep, moment, take
from watcher.core.baseline import Baseline
from watcher.core.event import Actor, Event, EventVersion, Rejection, Role
from watcher.core.fact import Citation, Fact
from watcher.core.indicator import NOTHING, DayTotals, Indicator, Totals
from watcher.core.label import NO_LABELS, labels
from watcher.core.period import Period
from watcher.core.snapshot import Snapshot
from watcher.sources import acled
from watcher.store.alerts import find_episodes
from watcher.store.baselines import sync_baselines
from watcher.store.citations import sync_citations
from watcher.store.events import find_events, history
from watcher.store.facts import sync_facts
from watcher.store.measure import counts, groups_of, value_of
from watcher.store.past import Memory, PastSnapshot
from watcher.store.series import verify
from watcher.store.snapshot import StoreSnapshot

DAY = timedelta(days=1)
DEATHS = indicator()
EVENTS = indicator(count="events")
DAYS = indicator(count="days")
BY_REGION = indicator(by=("admin1",))
OCTOBER = Period(date(2020, 10, 1), date(2020, 11, 1))
EVER = Period(date(1990, 1, 1), date(2030, 1, 1))


@pytest.fixture(params=["with series", "without series"])
def prepare(request, store) -> Callable[..., Any]:
    """A way to store records, after which the indicators are asked: with their series, and without any."""

    def prepared(*records) -> Any:
        wanted = [DEATHS, EVENTS, DAYS, BY_REGION] if request.param == "with series" else []
        build(store, *wanted)
        if records:
            take(store, *records, indicators=wanted)
        return store

    return prepared


def ask(store, question, *, as_known="2020-12-01", offsets=None, query_offset=None, horizon=None):
    """The answer of a snapshot to a question; that of a replay, which has been elsewhere before, must be the same."""
    keys = {"offsets": offsets or {}, "query_offset": query_offset, "horizon": horizon}
    now = moment(as_known)
    with store.reading() as tx:
        snapshot: Snapshot = StoreSnapshot(tx, as_known=now, **keys)
        answer = question(snapshot)
        memory = Memory(episodes=partial(find_episodes, tx))
        for elsewhere in (now - timedelta(days=40), now + timedelta(days=40)):
            question(PastSnapshot(tx, memory, as_known=elsewhere, **keys))
        assert question(PastSnapshot(tx, memory, as_known=now, **keys)) == answer
        return answer


# --- sums -------------------------------------------------------------------------------------------------------------


def test_totals_are_those_of_the_period(prepare):
    store = prepare(
        clash("BFO1", day="2020-09-30", fatalities=100),
        clash("BFO2", day="2020-10-01", fatalities=5),
        clash("BFO3", day="2020-10-01", fatalities=None),
        clash("BFO4", day="2020-10-31", fatalities=2),
        clash("BFO5", day="2020-11-01", fatalities=100),
    )
    assert ask(store, lambda s: s.totals(DEATHS, NO_LABELS, OCTOBER)) == Totals(3, 2, 7, 29, 2)
    assert ask(store, lambda s: s.totals(EVENTS, NO_LABELS, OCTOBER)) == Totals(3, 3, 3, 3, 2)
    assert ask(store, lambda s: s.totals(DEATHS, NO_LABELS, Period(date(2019, 1, 1), date(2020, 1, 1)))) == NOTHING


@pytest.mark.parametrize(
    ("as_known", "deaths"),
    [
        pytest.param("2020-10-05", 0, id="before anything was known"),
        pytest.param("2020-10-06", 5, id="from the moment of the stamp"),
        pytest.param("2020-11-19", 5, id="until the revision"),
        pytest.param("2020-11-20", 2, id="from the revision"),
        pytest.param("2020-11-25", 0, id="from the deletion"),
    ],
)
def test_totals_are_those_that_were_known(prepare, as_known, deaths):
    store = prepare(A_CLASH, clash(stamp="2020-11-20", fatalities=2), deletion(stamp="2020-11-25"))
    assert ask(store, lambda s: s.totals(DEATHS, NO_LABELS, OCTOBER), as_known=as_known).total == deaths


@pytest.mark.parametrize(
    ("changes", "crosses"),
    [
        pytest.param({}, False, id="a day"),
        pytest.param({"date_start": date(2020, 9, 30)}, True, id="a span over the edge"),
        pytest.param({"date_start": date(2020, 10, 1)}, False, id="a span from the edge on"),
        pytest.param({"date_start": date(2020, 9, 20), "date_end": date(2020, 9, 30)}, False, id="a span up to it"),
        pytest.param({"date_start": date(2018, 1, 1), "date_end": date(2021, 11, 1)}, False, id="years tell no day"),
        pytest.param({"time_precision": 2}, False, id="a week is taken for a day"),
        pytest.param({"time_precision": 3}, False, id="a month that begins there"),
        pytest.param({"time_precision": 5}, True, id="a year"),
        pytest.param({"time_precision": 5, "admin1": "Est"}, False, id="of another group"),
        pytest.param({"time_precision": 5, "country": "Mali", "iso3": "MLI"}, False, id="outside of the selection"),
    ],
)
def test_events_that_may_have_happened_on_both_sides_of_a_day(prepare, changes, crosses):
    store = prepare(
        clash(**{"date_end": date(2020, 10, 9), "date_start": changes.get("date_end", date(2020, 10, 9)), **changes})
    )
    wanted = Indicator.model_validate({**BY_REGION.model_dump(by_alias=True), "where": {"country": "Burkina Faso"}})
    group = labels({"admin1": A_CLASH.admin1})
    found = ask(store, lambda s: s.straddling(wanted, group, OCTOBER.start), as_known="2022-01-01")
    assert [version.event.external_id for version in found] == (["BFO1"] if crosses else [])


def test_an_event_straddles_as_it_was_known(prepare):
    day = date(2020, 10, 9)
    span = clash(date_start=date(2020, 9, 1), date_end=day, stamp="2020-10-10")
    store = prepare(span, clash(date_start=day, date_end=day, stamp="2020-11-20"))
    found = [
        len(ask(store, lambda s: s.straddling(DEATHS, NO_LABELS, OCTOBER.start), as_known=day))
        for day in ("2020-10-09", "2020-10-11", "2020-11-21")
    ]
    assert found == [0, 1, 0]


def test_days_are_those_with_an_event(prepare):
    store = prepare(
        clash("BFO1", day="2020-10-09", fatalities=1),
        clash("BFO2", day="2020-10-01", fatalities=0),
        clash("BFO3", day="2020-10-09", fatalities=3),
        clash("BFO4", day="2020-10-20"),
        deletion("BFO4", stamp="2020-11-01"),
    )
    first, second = date(2020, 10, 1), date(2020, 10, 9)
    assert ask(store, lambda s: s.daily(DEATHS, NO_LABELS, OCTOBER)) == [(first, 0), (second, 4)]
    assert ask(store, lambda s: s.daily(EVENTS, NO_LABELS, OCTOBER)) == [(first, 1), (second, 2)]
    assert ask(store, lambda s: s.daily(DAYS, NO_LABELS, OCTOBER)) == [(first, 1), (second, 1)]
    assert ask(store, lambda s: s.totals(DAYS, NO_LABELS, OCTOBER)).active_days == 2


def test_groups_are_those_with_an_event_and_have_their_own_sums(prepare):
    store = prepare(
        clash("BFO1", admin1="Sahel"),
        clash("BFO2", admin1="Est", fatalities=3),
        clash("BFO3", admin1="Nord"),
        clash("BFO4", admin1=""),
        deletion("BFO3", stamp="2020-11-01"),
    )
    groups = [NO_LABELS, labels({"admin1": "Est"}), labels({"admin1": "Sahel"})]
    assert ask(store, lambda s: s.groups(BY_REGION)) == groups
    assert [ask(store, lambda s, g=each: s.totals(BY_REGION, g, OCTOBER).total) for each in groups] == [5, 3, 5]
    assert [ask(store, lambda s, g=each: len(s.daily(BY_REGION, g, OCTOBER))) for each in groups] == [1, 1, 1]
    assert ask(store, lambda s: s.groups(BY_REGION), as_known="2020-10-05") == []


def test_without_by_there_is_one_group_even_when_there_is_nothing_in_it(prepare):
    assert ask(prepare(), lambda s: s.groups(DEATHS)) == [NO_LABELS]


def test_events_are_the_versions_behind_a_total(prepare):
    store = prepare(
        clash("BFO2", fatalities=1),
        clash("BFO1", fatalities=2),
        clash("BFO3", admin1="Est"),
        clash("BFO4", day="2020-11-02"),
        clash("BFO2", stamp="2020-11-20", fatalities=9),
    )
    told = ask(store, lambda s: s.events(BY_REGION, labels({"admin1": "Sahel"}), OCTOBER), as_known="2020-11-01")
    assert [(each.event.external_id, each.event.fatalities) for each in told] == [("BFO1", 2), ("BFO2", 1)]


# --- watermark and coverage -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_known", "offsets", "query_offset", "watermark"),
    [
        pytest.param("2020-12-01", {}, None, "2020-10-20", id="the newest event where it lies far back"),
        pytest.param("2020-10-25", {"acled": 7 * DAY}, None, "2020-10-18", id="the day less the source's offset"),
        pytest.param("2020-10-25T13:00", {"acled": 36 * DAY / 24}, None, "2020-10-20", id="an offset of hours"),
        pytest.param("2020-10-25", {"acled": 7 * DAY}, 6 * DAY, "2020-10-19", id="the rule's offset wins"),
        pytest.param("2020-10-25", {"ucdp": 9 * DAY}, None, "2020-10-20", id="another source's offset means nothing"),
    ],
)
def test_the_watermark_is(prepare, as_known, offsets, query_offset, watermark):
    store = prepare(clash("BFO1", stamp="2020-10-02"), clash("BFO2", day="2020-10-20", stamp="2020-10-21"))
    found = ask(store, lambda s: s.watermark(DEATHS), as_known=as_known, offsets=offsets, query_offset=query_offset)
    assert found == date.fromisoformat(watermark)


@pytest.mark.parametrize(
    ("as_known", "watermark"),
    [
        pytest.param("2020-10-05", None, id="nothing known yet"),
        pytest.param("2020-10-06", date(2020, 10, 1), id="one event known"),
        pytest.param("2020-10-20T12:00", date(2020, 10, 20), id="an event of the same day known"),
        pytest.param("2020-11-01", date(2020, 10, 20), id="two events known"),
        pytest.param("2020-11-20", date(2020, 10, 1), id="the later one deleted"),
    ],
)
def test_the_watermark_is_the_one_of_its_moment(prepare, as_known, watermark):
    store = prepare(
        A_CLASH,
        clash("BFO2", day="2020-10-20", stamp="2020-10-20T08:00"),
        clash("BFO3", day="2020-10-15", stamp="2020-11-25"),
        deletion("BFO2", stamp="2020-11-20"),
    )
    assert ask(store, lambda s: s.watermark(DEATHS), as_known=as_known) == watermark


def test_the_watermark_is_the_sources_and_not_the_selections(prepare):
    store = prepare(A_CLASH, clash("MLI1", day="2020-10-20", iso3="MLI"))
    only_here = indicator({"country": "Burkina Faso"})
    assert ask(store, lambda s: s.watermark(only_here)) == date(2020, 10, 20)
    assert ask(store, lambda s: s.coverage(only_here)) == Period.between(date(2020, 10, 1), date(2020, 10, 20))


def test_of_several_sources_the_least_watermark_counts_and_the_days_that_all_cover(prepare):
    store = prepare(clash("BFO1", day="2020-01-01"), clash("BFO2", day="2020-10-20"))
    other = A_CLASH._replace(source="ucdp", stamp=moment("2020-10-06"))
    keep(store, other)
    keep(store, other._replace(external_id="2", date_start=date(2020, 2, 1), date_end=date(2020, 2, 1)))
    both, one = indicator(source=("acled", "ucdp")), indicator(source="acled")
    assert ask(store, lambda s: (s.watermark(DEATHS), s.watermark(both))) == (date(2020, 10, 1),) * 2
    assert ask(store, lambda s: s.watermark(one)) == date(2020, 10, 20)
    assert ask(store, lambda s: s.coverage(both)) == Period.between(date(2020, 2, 1), date(2020, 10, 1))


def test_a_source_that_is_named_and_holds_nothing_makes_the_watermark_unknown(prepare):
    store = prepare(A_CLASH)
    named = indicator(source=("acled", "ucdp"))
    assert ask(store, lambda s: (s.watermark(named), s.coverage(named))) == (None, None)


@pytest.mark.parametrize(
    ("records", "as_known"),
    [
        pytest.param([], "2020-12-01", id="there are no records"),
        pytest.param([A_CLASH], "2020-10-05", id="none was known yet"),
        pytest.param([A_CLASH, deletion(stamp="2020-11-01")], "2020-12-01", id="the only one was deleted"),
        pytest.param([A_CLASH._replace(stamp=None)], "2020-10-06", id="it was loaded later"),
    ],
)
def test_nothing_is_covered_where(prepare, records, as_known):
    store = prepare(*records)
    assert ask(store, lambda s: (s.coverage(DEATHS), s.watermark(DEATHS)), as_known=as_known) == (None, None)


def test_nothing_is_covered_where_no_record_of_the_selection_exists(prepare):
    elsewhere = indicator({"country": "Mali"})
    store = prepare(A_CLASH)
    assert ask(store, lambda s: s.coverage(elsewhere)) is None
    assert ask(store, lambda s: s.watermark(elsewhere)) == date(2020, 10, 1)


def test_nothing_is_covered_where_the_offset_reaches_back_behind_the_first_event(prepare):
    assert ask(prepare(A_CLASH), lambda s: s.coverage(DEATHS), query_offset=90 * DAY) is None


def test_a_horizon_holds_the_watermark_back(prepare):
    store = prepare(A_CLASH, clash("BFO2", day="2020-10-20"))
    early, late = date(2020, 10, 9), date(2020, 11, 9)

    def watermarks(snapshot) -> list[date | None]:
        steps = (snapshot.up_to(early), snapshot.up_to(late), snapshot.up_to(early).up_to(late))
        return [each.watermark(DEATHS) for each in steps]

    assert ask(store, watermarks) == [early, date(2020, 10, 20), early]
    assert ask(store, lambda s: s.up_to(early).as_known) == moment("2020-12-01")
    assert ask(store, lambda s: s.watermark(DEATHS), horizon=early) == early


# --- what else a detector may ask ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stamp", "lag", "said"),
    [
        pytest.param("2020-10-06", None, "", id="nothing where every record has a stamp"),
        pytest.param(None, None, "acled: the time of loading", id="the time of loading"),
        pytest.param(None, 7 * DAY, "acled: the event date plus a lag", id="the event date and a lag"),
    ],
)
def test_the_note_on_knowledge_times_says(store, stamp, lag, said):
    keep(store, clash(stamp=stamp), lag=lag)
    note = ask(store, lambda s: s.basis_note(DEATHS))
    assert said in note
    assert bool(note) is bool(said)
    assert ask(store, lambda s: s.basis_note(indicator(source="ucdp"))) == ""


def test_facts_and_baselines_are_those_of_the_moment(store):
    citation = Citation.model_validate({"citation": "report", "title": "A report", "published": "2020-07"})
    fact = Fact.model_validate(
        {"state": "rivalry", "key": ["ISGS", "JNIM"], "value": "clashing", "since": "2020-04-17", "cite": "report"}
    )
    stated = Baseline.model_validate(
        {"baseline": "year_2019", "period": 2019, "indicators": ["tested"], "fatalities": 660, "cite": "report"}
    )
    with store.writing() as tx:
        sync_citations(tx, {"report": citation}, now=NOW)
        sync_facts(tx, "file:sahel.yaml", [fact], {"report": citation}, now=NOW)
        sync_baselines(tx, "file:sahel.yaml", [stated], {"report": citation}, now=NOW)

    def known(snapshot) -> tuple[list[Fact], list[Fact], list[Baseline]]:
        return (
            [version.fact for version in snapshot.facts("rivalry")],
            [version.fact for version in snapshot.facts("leadership")],
            [version.baseline for version in snapshot.baselines(DEATHS)],
        )

    assert ask(store, known) == ([fact], [], [stated])
    assert ask(store, known, as_known="2020-07-30") == ([], [], [])
    for horizon, seen in ((date(2019, 12, 31), [stated]), (date(2019, 12, 30), [])):
        assert ask(store, known, horizon=horizon)[2] == seen
    assert ask(store, lambda s: s.up_to(date(2019, 12, 30)).baselines(DEATHS)) == [], "it speaks of a day too many"
    assert len(ask(store, lambda s: s.up_to(date(2019, 12, 31)).baselines(DEATHS))) == 1


# --- the same as counting every version ---------------------------------------------------------------------------------

_NUMBERS = count()
_STAMPS = st.none() | st.integers(0, 40).map(lambda hours: moment("2020-10-08") + timedelta(hours=6 * hours))
_IDS = st.sampled_from(["X1", "X2", "X3", "X4"])
_SAID = st.builds(
    lambda external_id, day, stamp, changes: clash(external_id, day=f"2020-10-0{day}", **changes)._replace(stamp=stamp),
    _IDS,
    st.integers(1, 7),
    _STAMPS,
    st.fixed_dictionaries(
        {
            "fatalities": st.none() | st.integers(0, 9),
            "iso3": st.sampled_from(["BFA", "MLI"]),
            "admin1": st.sampled_from(["Sahel", "Est", ""]),
            "event_type": st.sampled_from(["Battles", "Protests"]),
            "actors": st.sampled_from(
                [
                    (),
                    (Actor(Role.A, "JNIM"), Actor(Role.B, "ISGS")),
                    (Actor(Role.A, "JNIM"), Actor(Role.WITH_A, "JNIM")),
                ]
            ),
            "notes": st.sampled_from(["", "a drone", "a clash"]),
        }
    ),
)
_TAKEN_BACK = st.builds(
    lambda external_id, stamp: deletion(external_id, stamp=None)._replace(stamp=stamp), _IDS, _STAMPS
)
_CHUNKS = st.lists(st.lists(_SAID | _SAID | _TAKEN_BACK, min_size=1, max_size=8), min_size=1, max_size=6)


def _indicators(source) -> list[Indicator]:
    battles = {"country": "Burkina Faso", "event_type": "Battles"}
    return [
        indicator(source=source),
        indicator(battles, source=source, count="events", by=("admin1", "country")),
        indicator(battles, source=source, by=("actor",)),
        indicator({"any": [{"notes": {"contains": "drone"}}, {"fatalities": {"above": 5}}]}, source=source),
    ]


def _by_counting(scope: Indicator, everything: list[EventVersion], time: datetime, period: Period) -> dict[str, object]:
    """What a snapshot should say, told by looking at every version."""
    known = [v for v in everything if v.known_from <= time and (v.known_to is None or time < v.known_to)]
    events = [each.event for each in known if counts(scope, each.event)]
    groups = sorted({group for event in events for group in groups_of(scope, event)}) if scope.by else [NO_LABELS]
    return {
        "groups": groups,
        "totals": [
            _sums(scope, [e for e in events if g in groups_of(scope, e) and e.date_end in period]) for g in groups
        ],
        "largest": [
            max((v for e in inside if (v := value_of(scope, e)) is not None), default=None)
            for g in groups
            for inside in [[e for e in events if g in groups_of(scope, e) and e.date_end in period]]
        ],
        "by_day": {
            group: days
            for group in groups
            for days in [_days(scope, [e for e in events if group in groups_of(scope, e) and e.date_end in period])]
            if days
        },
        "arrivals": sorted(
            {moment for each in everything for moment in (each.known_from, each.known_to) if moment and moment <= time}
        ),
        "watermark": max((each.event.date_end for each in known), default=None),
        "covered": bool(events),
    }


def _days(scope: Indicator, events: list[Event]) -> list[DayTotals]:
    by_day: dict[date, list[int | None]] = defaultdict(list)
    for event in events:
        by_day[event.date_end].append(value_of(scope, event))
    known = {day: [value for value in values if value is not None] for day, values in by_day.items()}
    return [DayTotals(day, len(values), len(known[day]), sum(known[day])) for day, values in sorted(by_day.items())]


def _sums(scope: Indicator, events: list[Event]) -> tuple[Totals, list[tuple[date, int]]]:
    by_day: dict[date, int] = defaultdict(int)
    values = []
    for event in events:
        value = value_of(scope, event)
        by_day[event.date_end] += value or 0
        values += [value] if value is not None else []
    totals = Totals(len(events), len(values), sum(values), sum(value * value for value in values), len(by_day))
    return totals, sorted(by_day.items())


def _by_asking(scope: Indicator, snapshot: StoreSnapshot, period: Period) -> dict[str, object]:
    groups = snapshot.groups(scope)
    return {
        "groups": groups,
        "totals": [(snapshot.totals(scope, g, period), snapshot.daily(scope, g, period)) for g in groups],
        "largest": [snapshot.largest(scope, g, period) for g in groups],
        "by_day": snapshot.by_day(scope, period),
        "arrivals": snapshot.arrivals(scope.sources[0], moment("2020-01-01")),
        "watermark": snapshot.watermark(scope),
        "covered": snapshot.coverage(scope) is not None,
    }


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chunks=_CHUNKS,
    built_after=st.integers(0, 6),
    rules=st.fixed_dictionaries({"trust_stamp": st.booleans(), "lag": st.none() | st.just(9 * DAY)}),
    moments=st.lists(st.integers(0, 90), min_size=1, max_size=4),
)
def test_series_events_and_a_count_of_every_version_agree_at_any_moment(store, chunks, built_after, rules, moments):
    source = f"source {next(_NUMBERS)}"
    scopes = _indicators(source)
    build(store)
    for position, chunk in enumerate(chunks):
        if position == built_after:
            build(store, *scopes)
        renamed = [record._replace(source=source) for record in chunk]
        now = moment("2020-10-20") + position * DAY
        take(store, *renamed, indicators=scopes, now=now, **rules)
    build(store, *scopes)
    with store.reading() as tx:
        assert verify(tx, scopes) == []
        everything = [version for number in range(1, 5) for version in history(tx, source, f"X{number}")]
    times = [moment("2020-10-08") + timedelta(hours=6 * hours) for hours in moments]
    expected = [_expected(scopes, everything, time) for time in times]
    assert _answers(store, scopes, times) == expected
    build(store)
    assert _answers(store, scopes, times) == expected


_PERIOD = Period(date(2020, 10, 2), date(2020, 10, 6))


def _expected(scopes, everything, time) -> list[dict[str, object]]:
    return [_by_counting(scope, everything, time, _PERIOD) for scope in scopes]


def _answers(store, scopes, times) -> list[list[dict[str, object]]]:
    with store.reading() as tx:
        snapshots = [StoreSnapshot(tx, as_known=time, offsets={}) for time in times]
        return [[_by_asking(scope, snapshot, _PERIOD) for scope in scopes] for snapshot in snapshots]


# --- real records -----------------------------------------------------------------------------------------------------


def test_two_exports_of_burkina_faso_give_what_each_of_them_says(store, real_data):
    build(store, DEATHS, BY_REGION)
    counted = []
    for released in ("2020-11-16", "2020-12-08"):
        before = _current(store)
        with (real_data / "acled" / f"burkina_faso_released_{released}.csv").open("rb") as stream:
            records = acled.read(stream, source="acled", today=date.fromisoformat(released), settings=acled.Settings())
            while chunk := [each for each in islice(records, 1_000) if not isinstance(each, Rejection)]:
                take(store, *chunk, indicators=[DEATHS, BY_REGION], now=moment(released) + DAY)
        after = _current(store)
        revised = sum(before[each] != after[each] for each in before.keys() & after.keys())
        counted.append((len(after), len(after.keys() - before.keys()), revised, len(before.keys() - after.keys())))
    assert counted == [(2_980, 2_980, 0, 0), (3_010, 30, 3, 0)]
    for as_known, deaths in (("2020-11-20", 5_242), ("2020-12-10", 5_258)):
        assert ask(store, lambda s: s.totals(DEATHS, NO_LABELS, EVER).total, as_known=as_known) == deaths
    with store.reading() as tx:
        assert verify(tx, [DEATHS, BY_REGION]) == []
    assert ask(store, lambda s: s.basis_note(DEATHS)) == ""
    assert ask(store, lambda s: s.watermark(DEATHS), as_known="2020-12-10") == date(2020, 12, 3)


def _current(store) -> dict[str, str]:
    with store.reading() as tx:
        return {version.event.external_id: version.event.content_hash for version in find_events(tx)}


# --- coverage gaps ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_series", [True, False], ids=["with series", "without series"])
def test_nothing_is_counted_of_a_coverage_gap(store, has_series):
    gap = {"from": "2020-10-10", "to": "2020-10-12", "because": "the line was cut"}
    cut = Indicator.model_validate({"indicator": "cut", "sum": "fatalities", "coverage_gaps": [gap]})
    days = ["2020-10-09", "2020-10-10", "2020-10-12", "2020-10-13"]
    records = [clash(f"BFO{i}", day=day, fatalities=2**i) for i, day in enumerate(days)]
    wanted = [cut, DEATHS] if has_series else []
    build(store, *wanted)
    take(store, *records, indicators=wanted)
    seen = [date(2020, 10, 9), date(2020, 10, 13)]

    def told(snapshot: Snapshot, indicator: Indicator) -> tuple[Any, ...]:
        return (
            snapshot.totals(indicator, NO_LABELS, OCTOBER).total,
            [day for day, _ in snapshot.daily(indicator, NO_LABELS, OCTOBER)],
            [each.day for each in snapshot.by_day(indicator, OCTOBER)[NO_LABELS]],
            [version.event.date_end for version in snapshot.events(indicator, NO_LABELS, OCTOBER)],
            snapshot.largest(indicator, NO_LABELS, Period(date(2020, 10, 1), date(2020, 10, 13))),
        )

    assert ask(store, lambda snapshot: told(snapshot, cut)) == (9, seen, seen, seen, 1)
    every = [date.fromisoformat(day) for day in days]
    assert ask(store, lambda snapshot: told(snapshot, DEATHS)) == (15, every, every, every, 4)
