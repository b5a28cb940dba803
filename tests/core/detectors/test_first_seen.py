from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known
from watcher.core.catalogue import ActorEntry, Catalogue
from watcher.core.detectors import first_seen
from watcher.core.event import Actor, Event, EventVersion, Role
from watcher.core.label import labels
from watcher.core.reading import Reading, Status
from watcher.core.rule import Rule, judge
from watcher.core.selector import Names
from watcher.sources import acled
from watcher.store.engine import Store
from watcher.store.events import record_events
from watcher.store.migrate import create
from watcher.store.series import ensure_scopes
from watcher.store.snapshot import StoreSnapshot
from watcher.store.sources import ensure_source

OLD, NEW = "Ansar al-Sunna", "Islamic State (Mozambique)"
RENAMED = Catalogue(actors={"aas": ActorEntry(actor="aas", title="Ansar", aliases=(OLD, NEW))})
NOTHING = Catalogue()


def by(*names: str) -> tuple[Actor, ...]:
    return tuple(Actor(Role.A, name, "and/or" in name) for name in names)


def clash(number: int, day: str, *names: str, **fields) -> EventVersion:
    """An event with these actors, known on the day after it unless ``on`` says otherwise."""
    on = fields.pop("on", None)
    (version,) = known([event(number, date.fromisoformat(day), actors=by(*names), **fields)], on=on and at(on))
    return version._replace(version=number)


#: The records begin more than a year before anything is new, with an actor that goes on and on.
BEFORE = [clash(900 + n, f"20{18 + n // 12}-{n % 12 + 1:02}-01", "Militia") for n in range(36)]
#: The newest record, in another area.
LATEST = clash(999, "2020-12-01", "Militia", admin1="Nampula")


def snapshot(*versions: EventVersion, as_known: str = "2020-12-10", **others) -> MemorySnapshot:
    return MemorySnapshot(at(as_known), (*BEFORE, LATEST, *versions), **others)


def read(snapshot: MemorySnapshot | StoreSnapshot, catalogue: Catalogue = NOTHING, **given: Any) -> list[Reading]:
    parameters = first_seen.Parameters.model_validate({"field": "actor", "lookback": "1y", **given})
    return list(first_seen.read(parameters, catalogue, snapshot))


def values(readings: list[Reading]) -> list[object]:
    return [reading.values["value"] for reading in readings]


# --- who is new -------------------------------------------------------------------------------------------------------


def test_a_value_that_was_never_seen_is_new_with_its_first_event():
    (reading,) = read(snapshot(clash(1, "2020-11-12", "Bambara"), clash(2, "2020-11-20", "Bambara")))
    assert reading.labels == labels({"actor": "Bambara"})
    assert reading.values == {
        "value": "Bambara",
        "count": 2,
        "first_date": date(2020, 11, 12),
        "last_date": date(2020, 11, 20),
        "as_of": date(2020, 12, 1),
    }
    assert set(reading.values) == set(first_seen.OUTPUTS)
    assert (reading.present, reading.known_at, reading.watermark) == (True, at("2020-11-13"), date(2020, 12, 1))


@pytest.mark.parametrize(
    ("earlier", "new"),
    [
        pytest.param("2019-11-12", ["Bambara"], id="366 days before: it was not there in the lookback"),
        pytest.param("2019-11-13", [], id="365 days before: the first day of the lookback"),
        pytest.param("2020-11-11", ["Bambara"], id="the day before: the earlier day is its first"),
    ],
)
def test_the_lookback_ends_before_the_first_event(earlier, new):
    assert values(read(snapshot(clash(1, earlier, "Bambara"), clash(2, "2020-11-12", "Bambara")))) == new


def test_a_value_that_returns_after_the_lookback_is_new_again_from_its_return():
    before, after = clash(1, "2020-07-01", "Bambara"), clash(2, "2020-11-12", "Bambara")
    (reading,) = read(snapshot(before, after), lookback="60d")
    assert (reading.values["first_date"], reading.values["count"]) == (date(2020, 11, 12), 1)


def test_a_return_that_lacks_the_events_asked_for_leaves_the_appearance_before_it_in_sight():
    events = [clash(1, "2020-07-01", "Bambara"), clash(2, "2020-07-02", "Bambara"), clash(3, "2020-11-12", "Bambara")]
    (reading,) = read(snapshot(*events), lookback="60d", at_least="2 events")
    assert (reading.values["first_date"], reading.values["last_date"]) == (date(2020, 7, 1), date(2020, 7, 2))


def test_a_value_is_new_in_each_place_where_it_was_not():
    events = [
        clash(1, "2020-02-01", "Bambara", admin1="Niassa"),
        clash(2, "2020-11-12", "Bambara", admin1="Nampula"),
        clash(3, "2020-11-13", "Militia", admin1="Niassa"),
    ]
    assert [reading.labels for reading in read(snapshot(*events), by=["admin1"], lookback="300d")] == [
        labels({"admin1": "Nampula", "actor": "Bambara"}),
        labels({"admin1": "Nampula", "actor": "Militia"}),
        labels({"admin1": "Niassa", "actor": "Bambara"}),
        labels({"admin1": "Niassa", "actor": "Militia"}),
    ]
    assert values(read(snapshot(*events), lookback="300d")) == ["Bambara"]


@pytest.mark.parametrize(
    ("field", "fields", "value"),
    [
        pytest.param("admin1", {"admin1": "Niassa"}, "Niassa", id="a province"),
        pytest.param("country", {"country": "Tanzania", "iso3": "TZA"}, "Tanzania", id="a country"),
        pytest.param(
            "sub_event_type", {"sub_event_type": "Air/drone strike"}, "Air/drone strike", id="a kind of event"
        ),
        pytest.param("location", {"location": ""}, None, id="an unknown place is no value"),
    ],
)
def test_any_field_may_have_a_new_value(field, fields, value):
    found = read(snapshot(clash(1, "2020-11-12", "Militia", **fields)), field=field, lookback="300d")
    assert [each for each in values(found) if each != "Nampula"] == ([value] if value else [])


def test_only_the_events_of_the_selector_are_looked_at():
    events = [clash(1, "2020-02-01", "Bambara", event_type="Protests"), clash(2, "2020-11-12", "Bambara")]
    assert values(read(snapshot(*events), lookback="300d")) == ["Bambara"]
    (reading,) = read(snapshot(*events), lookback="300d", where={"event_type": "Battles"})
    assert reading.values["first_date"] == date(2020, 11, 12)


def test_an_event_without_actors_has_no_value():
    assert read(snapshot(clash(1, "2020-11-12"))) == []


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_renaming_is_no_newcomer():
    renamed = snapshot(clash(1, "2020-02-01", OLD), clash(2, "2020-11-12", NEW))
    assert values(read(renamed, lookback="300d")) == [OLD, NEW]
    (reading,) = read(renamed, RENAMED, lookback="300d")
    assert (reading.values["value"], reading.values["first_date"]) == ("Ansar", date(2020, 2, 1))
    assert "Counted as one value: Ansar al-Sunna; Islamic State (Mozambique)" in reading.telling.arithmetic


def test_an_event_with_two_names_of_one_actor_counts_once():
    (reading,) = read(snapshot(clash(1, "2020-11-12", OLD, NEW)), RENAMED, at_least="1 event")
    assert reading.values["count"] == 1
    assert read(snapshot(clash(1, "2020-11-12", OLD, NEW)), RENAMED, at_least="2 events") == []


def test_an_alias_holds_on_its_days_only():
    dated = ActorEntry(actor="aas", title="Ansar", aliases=(OLD, NEW), valid_from=date(2020, 6, 1))
    catalogue = Catalogue(actors={"aas": dated})
    events = [clash(1, "2020-05-01", OLD), clash(2, "2020-11-12", NEW)]
    assert values(read(snapshot(*events), catalogue, lookback="300d")) == ["Ansar", OLD]
    same_name = [clash(1, "2020-05-01", NEW), clash(2, "2020-11-12", NEW)]
    assert [(each.values["value"], each.values["count"]) for each in read(snapshot(*same_name), catalogue)] == [
        ("Ansar", 1),
        (NEW, 1),
    ]


COMPOSITE = "Bambara and/or Dozo"


@pytest.mark.parametrize(
    ("given", "new"),
    [
        pytest.param({}, [], id="who is recorded as one or the other is nobody"),
        pytest.param({"ambiguous": "include"}, ["Bambara", "Dozo"], id="or both, where that is wanted"),
    ],
)
def test_an_ambiguous_actor(given, new):
    assert values(read(snapshot(clash(1, "2020-11-12", COMPOSITE)), **given)) == new


def test_an_ambiguous_sighting_does_not_make_an_actor_known():
    events = [clash(1, "2020-02-01", COMPOSITE), clash(2, "2020-11-12", "Bambara")]
    assert values(read(snapshot(*events), lookback="300d")) == ["Bambara"]
    assert values(read(snapshot(*events), lookback="300d", ambiguous="include")) == ["Bambara", "Dozo"]


CIVILIANS, UNKNOWN = "Civilians (Mozambique)", "Unidentified Armed Group"


@pytest.mark.parametrize(
    ("ignore", "new"),
    [
        pytest.param(CIVILIANS.lower(), ["Bambara", UNKNOWN], id="a name, whatever its case"),
        pytest.param([CIVILIANS, "BAMBARA"], [UNKNOWN], id="several names"),
        pytest.param({"startswith": ["Civilians", "Unidentified"]}, ["Bambara"], id="how it begins"),
        pytest.param([{"contains": "armed group"}, "Bambara"], [CIVILIANS], id="parts and names"),
        pytest.param({"matches": "^Ci"}, ["Bambara", UNKNOWN], id="an expression"),
        pytest.param("$victims", ["Bambara", UNKNOWN], id="a list of the vocabulary"),
    ],
)
def test_values_to_leave_out_are_left_out_and_their_events_stay(ignore, new):
    raw = {"field": "actor", "lookback": "1y", "ignore": ignore}
    names = Names(vocabulary={"victims": (CIVILIANS,)})
    parameters = first_seen.Parameters.model_validate(raw, context={"names": names})
    events = snapshot(clash(1, "2020-11-12", "Bambara", CIVILIANS), clash(2, "2020-11-13", UNKNOWN))
    assert values(list(first_seen.read(parameters, NOTHING, events))) == new


def test_an_ignored_title_ignores_every_alias():
    assert read(snapshot(clash(1, "2020-11-12", NEW)), RENAMED, ignore="Ansar") == []


# --- how many events --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at_least", "days", "known_at"),
    [
        pytest.param("1 event", ["11-01"], "2020-11-02", id="one"),
        pytest.param("2 events in 30d", ["11-01"], None, id="one where two are asked for: a coding slip"),
        pytest.param("2 events in 30d", ["10-15", "11-13"], "2020-11-14", id="the second on the last day of the time"),
        pytest.param("2 events in 30d", ["10-15", "11-14"], None, id="the second a day too late"),
        pytest.param("2 events in 4w", ["09-01", "10-15", "11-11"], "2020-11-12", id="two later ones after a lone one"),
        pytest.param("3 events", ["09-01", "10-15", "11-11"], "2020-11-12", id="however long it takes"),
        pytest.param("2 events in 1d", ["11-11", "11-11"], "2020-11-12", id="two on one day"),
    ],
)
def test_a_newcomer_has_the_events_asked_for(at_least, days, known_at):
    events = [clash(number, f"2020-{day}", "Bambara") for number, day in enumerate(days)]
    found = read(snapshot(*events), at_least=at_least)
    assert [(each.values["first_date"], each.known_at) for each in found] == (
        [(date.fromisoformat(f"2020-{days[0]}"), at(known_at))] if known_at else []
    )


def test_it_is_known_when_the_last_event_needed_was_known_in_whatever_order():
    late = clash(1, "2020-11-01", "Bambara", on="2020-11-25")
    events = [late, clash(2, "2020-11-05", "Bambara"), clash(3, "2020-11-09", "Bambara")]
    (reading,) = read(snapshot(*events), at_least="2 events in 30d")
    assert (reading.known_at, reading.values["first_date"]) == (at("2020-11-10"), date(2020, 11, 1))


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("1 event", "1 event"),
        (" 2 events in 30d ", "2 events in 30d"),
        ("1 event in 7d", "1 event in 7d"),
        ("3 events in 4w", "3 events in 28d"),
    ],
)
def test_at_least_is_read(text, read_as):
    parameters = first_seen.Parameters.model_validate({"field": "actor", "lookback": "1y", "at_least": text})
    assert str(parameters.at_least) == parameters.model_dump(mode="json")["at_least"] == read_as


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("two", "'two' is no number of events; write '1 event' or '2 events in 30d'", id="a word"),
        pytest.param(2, "'2' is no number of events; write '1 event' or '2 events in 30d'", id="a bare number"),
        pytest.param("0 events", "'0 events' is no number of events", id="none"),
        pytest.param("2 events within 30d", "'2 events within 30d' is no number of events", id="another word"),
        pytest.param("2 events in 30", "'30' is no duration; write 45m, 48h, 14d, 26w or 3y", id="no unit"),
        pytest.param("2 events in 12h", "12h is less than a day, and events are dated by the day", id="hours"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(text, problem):
    with pytest.raises(ValidationError, match=problem.replace("(", r"\(")):
        first_seen.Parameters.model_validate({"field": "actor", "lookback": "1y", "at_least": text})


# --- what is told, and for how long -----------------------------------------------------------------------------------


def test_nothing_is_taken_back_when_an_earlier_event_comes_to_light():
    first = clash(2, "2020-11-12", "Bambara")
    (before,) = read(snapshot(first))
    (after,) = read(snapshot(first, clash(1, "2020-11-10", "Bambara", on="2020-11-30")))
    assert after.values["first_date"] == date(2020, 11, 10)
    assert (after.occurrence, after.known_at) == (before.occurrence, before.known_at)


@pytest.mark.parametrize(
    ("earlier", "new"),
    [
        pytest.param("2020-08-01", ["Bambara"], id="it was there a little earlier, and is new all the same"),
        pytest.param("2020-01-15", [], id="it was there for long before it became known"),
        pytest.param("2019-12-01", [], id="it was there a year ago"),
    ],
)
def test_it_is_taken_back_when_it_turns_out_to_have_been_there_all_along(earlier, new):
    first, before = clash(1, "2020-11-12", "Bambara"), clash(2, earlier, "Bambara", on="2020-11-30")
    assert values(read(snapshot(first, before, as_known="2020-11-29"))) == ["Bambara"]
    assert values(read(snapshot(first, before))) == new


def test_it_is_taken_back_when_its_record_is():
    (reading,) = read(snapshot(clash(1, "2020-11-12", "Bambara")))
    assert reading.labels
    gone = clash(1, "2020-11-12", "Bambara")._replace(known_to=at("2020-12-05"))
    assert read(snapshot(gone)) == []


@pytest.mark.parametrize(
    ("on", "told"),
    [
        pytest.param("2020-11-28", True, id="180 days after its first event"),
        pytest.param("2020-11-29", False, id="later than that it is history"),
    ],
)
def test_what_becomes_known_long_after_its_first_event_is_no_news(on, told):
    assert bool(read(snapshot(clash(1, "2020-06-01", "Bambara", on=on)))) is told


@pytest.mark.parametrize(
    ("day", "seen"),
    [
        pytest.param("2019-12-07", True, id="360 days before the watermark"),
        pytest.param("2019-12-06", False, id="then it is forgotten"),
    ],
)
def test_a_newcomer_stays_in_sight_far_longer_than_its_alert_lasts(day, seen):
    assert bool(read(snapshot(clash(1, day, "Bambara")))) is seen


def test_the_newest_days_are_read_whatever_the_query_offset():
    (reading,) = read(snapshot(clash(1, "2020-11-30", "Bambara"), query_offset=timedelta(days=30)))
    assert (reading.values["as_of"], reading.watermark) == (date(2020, 11, 30), date(2020, 11, 30))


def test_records_that_do_not_reach_back_so_far_are_still_being_learnt_from():
    (reading,) = read(snapshot(clash(1, "2020-11-12", "Bambara")), lookback="4y")
    assert (reading.status, reading.present, reading.labels) == (Status.LEARNING, False, ())
    assert reading.reason == (
        "the records begin on 1 Jan 2018: 1065 of the 1460 days before 1 Dec 2020 are covered, "
        "and who was there before is not known"
    )


@pytest.mark.parametrize(
    ("lookback", "new"),
    [
        pytest.param("1046d", ["Bambara", "Dozo"], id="from the first one's day on"),
        pytest.param("1047d", ["Dozo"], id="from a day after it on"),
        pytest.param("1065d", [], id="from the watermark's day on"),
    ],
)
def test_of_records_that_just_reach_back_so_far_only_the_last_days_can_be_judged(lookback, new):
    events = snapshot(clash(1, "2020-11-12", "Bambara"), clash(2, "2020-11-29", "Dozo"))
    assert values(read(events, lookback=lookback)) == new


def test_without_records_there_is_nothing_to_judge_and_without_matching_ones_nothing_new():
    (reading,) = read(MemorySnapshot(at("2020-12-10")))
    assert (reading.status, reading.present) == (Status.NO_DATA, False)
    assert read(snapshot(), where={"country": "Tanzania"}) == []


# --- in a real store --------------------------------------------------------------------------------------------------


@pytest.fixture
def store() -> Iterator[Store]:
    with create("sqlite://") as made:
        yield made


def keep(store: Store, events: Iterable[Event], *, trust_stamp: bool = False) -> None:
    """Store events of any sources, known at once where their stamps are not trusted."""
    found = defaultdict(list)
    for each in events:
        found[each.source].append(each)
    with store.writing() as tx:
        for source, records in found.items():
            ensure_source(tx, source, kind="acled")
            record_events(tx, records, source=source, now=at("2020-12-09"), lag=None, trust_stamp=trust_stamp)


def look(store: Store, **given: Any) -> list[Reading]:
    """What a rule reads, once with the series that live rules have and once without."""
    parameters = first_seen.Parameters.model_validate({"field": "actor", **given})
    with store.reading() as tx:
        without = read(StoreSnapshot(tx, as_known=at("2020-12-10"), offsets={}), **given)
    with store.writing() as tx:
        ensure_scopes(tx, first_seen.indicators(parameters, NOTHING), now=at("2020-12-10"))
    with store.reading() as tx:
        found = read(StoreSnapshot(tx, as_known=at("2020-12-10"), offsets={}), **given)
        assert [(each.labels, each.values, each.telling) for each in found] == [
            (each.labels, each.values, each.telling) for each in without
        ]
    return found


def test_every_source_must_reach_back_unless_the_selector_names_one(store):
    other = clash(1, "2020-11-01", "Bambara", source="ucdp")
    keep(store, [version.event for version in (*BEFORE, LATEST, other, clash(2, "2020-11-12", "Dozo"))])
    assert [each.status for each in look(store, lookback="1y")] == [Status.LEARNING]
    assert values(look(store, lookback="1y", where={"source": "acled"})) == ["Dozo"]


def test_a_new_country_goes_by_its_one_name(store):
    old = [version.event for version in (*BEFORE, LATEST)]
    keep(store, [*old, event(1, date(2020, 11, 12), country="Swaziland", iso3="SWZ", actors=by("Militia"))])
    assert values(look(store, field="country", lookback="1y")) == ["eSwatini"]


NO_GROUPS = ("Civilians", "Protesters", "Rioters", "Unidentified")


@pytest.fixture(scope="module")
def burkina(real_data) -> Path:
    path: Path = real_data / "acled" / "burkina_faso_released_2020-12-08.csv"
    return path


def newcomers_by_hand(path: Path) -> set[tuple[str, str, date, int, datetime]]:
    """Who was new in which region in the year before 3 December 2020: the question asked again, of the bare file."""
    seen: dict[tuple[str, str], list[tuple[date, datetime]]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            day = datetime.strptime(row["event_date"], "%d %B %Y").replace(tzinfo=UTC).date()
            stamp = datetime.fromtimestamp(int(row["timestamp"]), UTC)
            cells = [row["actor1"], row["actor2"], *row["assoc_actor_1"].split(";"), *row["assoc_actor_2"].split(";")]
            for name in {cell.strip() for cell in cells} - {""}:
                if "and/or" not in name and not name.startswith(NO_GROUPS):
                    seen[row["admin1"], name].append((day, stamp))
    found = set()
    for (region, name), sightings in seen.items():
        days = sorted(day for day, _ in sightings)
        first = [day for before, day in zip([date.min, *days], days, strict=False) if (day - before).days > 1095][-1]
        since = [(day, stamp) for day, stamp in sightings if day >= first]
        pairs = [max(a[1], b[1]) for a, b in combinations(since, 2) if abs((a[0] - b[0]).days) < 30]
        if first >= date(2019, 12, 9) and pairs and (min(pairs).date() - first).days <= 180:
            found.add((region, name, first, len(since), min(pairs)))
    return found


def test_the_newcomers_of_burkina_faso_as_known_in_december_2020(burkina, store):
    with burkina.open("rb") as stream:
        settings = acled.Settings()
        records = list(acled.read(stream, source="acled", today=date(2020, 12, 9), settings=settings))
    keep(store, [record for record in records if isinstance(record, Event)], trust_stamp=True)
    asked: dict[str, Any] = {
        "lookback": "3y",
        "by": ["admin1"],
        "at_least": "2 events in 30d",
        "ignore": {"startswith": NO_GROUPS},
    }
    found = look(store, **asked)
    told = {
        (
            dict(each.labels)["admin1"],
            each.values["value"],
            each.values["first_date"],
            each.values["count"],
            each.known_at,
        )
        for each in found
    }
    assert told == newcomers_by_hand(burkina)
    # The law on the Volunteers for the Defence of the Homeland was passed on 21 January 2020.
    volunteers = {region: first for region, name, first, *_ in told if str(name).startswith("VDP")}
    assert volunteers == {
        "Sahel": date(2020, 2, 6),
        "Centre-Nord": date(2020, 2, 24),
        "Nord": date(2020, 3, 18),
        "Boucle du Mouhoun": date(2020, 4, 7),
        "Est": date(2020, 5, 22),
    }
    assert not any("JNIM" in str(name) or "Islamic State" in str(name) for _, name, *_ in told)


# --- what is said -----------------------------------------------------------------------------------------------------


def test_its_sentences():
    events = [
        clash(1, "2020-11-12", "Bambara", time_precision=2),
        clash(2, "2020-11-20", "Bambara", event_type="Riots"),
        clash(3, "2020-11-21", "Bambara"),
    ]
    (reading,) = read(snapshot(*events), by=["admin1"], at_least="2 events in 30d")
    told = reading.telling
    assert told.headline == "Bambara, Cabo Delgado: first seen on 12 Nov 2020, 3 events"
    assert told.sentence == (
        "No event with the actor Bambara in Cabo Delgado in the 365 days before 12 Nov 2020; "
        "3 events from then to 21 Nov 2020."
    )
    assert told.what == "Known since 21 Nov 2020. Battles (2), Riots (1)."
    assert told.sure == (
        "New to the records, not proven new: a source may have renamed or split an actor, or only now report it."
    )
    assert told.unknown == ("The day of the first event: the source knows the week.",)
    assert told.source == ("records of acled",)
    assert told.arithmetic == (
        "Lookback: no event in 13 Nov 2019 to 11 Nov 2020",
        "Asked for: 2 events in 30d, known since 21 Nov 2020",
        "Counted as one value: Bambara",
    )
    assert told.records == (3, 2, 1)


@pytest.mark.parametrize(
    ("last", "unknown"),
    [
        pytest.param(
            "2019-11-20",
            ("Whether it was there in the 8 days 13 Nov 2019 to 20 Nov 2019: a coverage gap (the line was cut).",),
            id="as far as it reaches into the lookback",
        ),
        pytest.param("2019-11-12", (), id="not one that ended before"),
    ],
)
def test_days_of_the_lookback_that_nobody_covered_are_told(last, unknown):
    cut = {"from": "2019-10-01", "to": last, "because": "the line was cut"}
    (reading,) = read(snapshot(clash(1, "2020-11-12", "Bambara")), coverage_gaps=[cut])
    assert reading.telling.unknown == unknown


def test_a_rule_holds_for_every_newcomer_and_may_ask_for_more():
    raw = {"alert": "New actor", "first_seen": {"field": "actor", "lookback": "1y"}}
    (reading,) = read(snapshot(clash(1, "2020-11-12", "Bambara")))
    assert judge(Rule.model_validate(raw), reading, NOTHING).holds
    assert not judge(Rule.model_validate({**raw, "condition": "count >= 2"}), reading, NOTHING).holds
    assert Rule.model_validate(raw).defaults(NOTHING).keep_firing_for == timedelta(days=14)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param({}, None, id="nothing wrong"),
        pytest.param({"lookback": "12h"}, ("lookback", "a lookback is at least one day"), id="half a day"),
        pytest.param({"by": ["actor"]}, ("by", "no actor is ever seen in another one"), id="new in itself"),
        pytest.param({"at_least": "9 events in 1y"}, ("at_least", "told within 180 days"), id="a year to wait"),
        pytest.param({"field": "admin1", "ambiguous": "include"}, ("ambiguous", "only actors"), id="an ambiguous area"),
    ],
)
def test_what_is_wrong_is_told_when_the_rule_loads(given, problem):
    parameters = first_seen.Parameters.model_validate({"field": "actor", "lookback": "1y", **given})
    found = list(first_seen.problems(parameters, NOTHING))
    assert [(where, problem[1] in text) for where, text in found] == ([(problem[0], True)] if problem else [])


@pytest.mark.parametrize(
    ("ignore", "problem"),
    [
        pytest.param({"begins": "x"}, "unknown modifier 'begins'", id="a modifier that there is not"),
        pytest.param({"exists": True}, "unknown modifier 'exists'", id="a value always exists"),
        pytest.param({}, "an empty map says nothing", id="an empty map"),
        pytest.param([], "an empty list matches nothing", id="an empty list"),
        pytest.param("$strangers", "unknown name '\\$strangers'", id="a name that there is not"),
        pytest.param(7, "expected text, not the number 7", id="a number"),
    ],
)
def test_what_cannot_be_ignored_is_refused(ignore, problem):
    with pytest.raises(ValidationError, match=problem):
        first_seen.Parameters.model_validate({"field": "actor", "lookback": "1y", "ignore": ignore})


def test_what_is_ignored_is_written_down_again():
    parameters = first_seen.Parameters.model_validate(
        {"field": "actor", "lookback": "1y", "ignore": ["Bambara", {"startswith": ["Civilians", "Unidentified"]}]}
    )
    dumped = parameters.model_dump(mode="json", exclude_defaults=True)
    assert first_seen.Parameters.model_validate(dumped) == parameters
    assert "startswith" in str(
        first_seen.Parameters.model_json_schema()["properties"]["ignore"]
    ) or "TextModifiers" in str(first_seen.Parameters.model_json_schema())


def test_its_page_lists_its_outputs_and_its_worked_example():
    page = (Path(__file__).parents[3] / "docs" / "detectors" / "first_seen.md").read_text(encoding="utf-8")
    events = [clash(1, "2020-11-12", "Bambara"), clash(2, "2020-11-20", "Bambara", event_type="Riots")]
    (reading,) = read(snapshot(*events), by=["admin1"], at_least="2 events in 30d")
    for output in first_seen.OUTPUTS.values():
        assert f"| `{output.name}` | {output.kind.value} | {output.meaning} |" in page
    for line in (reading.telling.headline, reading.telling.sentence, reading.telling.what, reading.telling.sure):
        assert line in page
