from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from watcher.core.catalogue import ActorEntry, Catalogue
from watcher.core.event import Actor, Deletion, Event, Role
from watcher.ruletest.document import InputEvent, Spread
from watcher.ruletest.events import distribute, read_events

CATALOGUE = Catalogue(actors={"jnim": ActorEntry(actor="jnim", title="JNIM", aliases=("Jamaat Nusrat",))})


def read(*inputs):
    return read_events([InputEvent.model_validate(each) for each in inputs], CATALOGUE)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def events(*inputs) -> list[Event]:
    found = read(*inputs)
    assert found.mistakes == ()
    return [known.record for known in found.records if isinstance(known.record, Event)]


# --- many events --------------------------------------------------------------------------------------------------------

spreads = st.builds(
    lambda first, days, number, deaths: Spread.model_validate(
        {"from": first.isoformat(), "to": (first + timedelta(days=days)).isoformat(), "events": number}
        | ({} if deaths is None else {"fatalities": deaths})
    ),
    st.dates(date(1997, 1, 1), date(2040, 1, 1)),
    st.integers(0, 800),
    st.integers(1, 700),
    st.one_of(st.none(), st.integers(0, 5_000)),
)


@given(spreads)
def test_a_spread_has_its_totals_and_reaches_from_its_first_day_to_its_last(spread):
    found = list(distribute(spread))
    assert len(found) == spread.events
    assert found[-1][0] == spread.last
    assert spread.events == 1 or found[0][0] == spread.first
    if spread.fatalities is not None:
        assert sum(deaths or 0 for _, deaths in found) == spread.fatalities
    else:
        assert {deaths for _, deaths in found} == {None}


@given(spreads)
def test_a_spread_is_even(spread):
    found = list(distribute(spread))
    gaps = [(after - before).days for (before, _), (after, _) in pairwise(found)]
    assert not gaps or max(gaps) - min(gaps) <= 1
    deaths = [each for _, each in found if each is not None]
    assert not deaths or max(deaths) - min(deaths) <= 1


def test_an_event_that_falls_between_two_days_lies_on_the_nearer_one():
    spread = Spread.model_validate({"from": "2020-01-01", "to": "2020-01-05", "events": 4, "fatalities": 6})
    assert [(day.day, deaths) for day, deaths in distribute(spread)] == [(1, 1), (2, 2), (4, 1), (5, 2)]


def test_the_events_of_a_spread_have_ids_of_their_own_and_everything_else_in_common():
    found = events(
        {"spread": {"from": "2020-01-01", "to": "2020-01-03", "events": 3}, "country": "Mali", "admin1": "Gao"}
    )
    assert [each.external_id for each in found] == ["event-1-1", "event-1-2", "event-1-3"]
    assert {(each.iso3, each.admin1) for each in found} == {("MLI", "Gao")}


# --- when it became known -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "known"),
    [
        pytest.param({}, "2020-04-09", id="without a word, on the day after"),
        pytest.param({"known_lag": "0d"}, "2020-04-08", id="without a lag, at the beginning of its day"),
        pytest.param({"known_lag": "7d"}, "2020-04-15", id="with a lag, from the beginning of its day on"),
        pytest.param({"known": "2020-05-01"}, "2020-05-01", id="a day is its first instant"),
        pytest.param({"known": "2020-05-01T06:30:00Z"}, "2020-05-01T06:30", id="a moment is itself"),
        pytest.param({"known": "2020-05-01T06:30:00+02:00"}, "2020-05-01T04:30", id="in UTC"),
    ],
)
def test_an_event_becomes_known(said, known):
    [found] = read({"event_date": "2020-04-08", **said}).records
    assert found.moment == moment(known)
    assert found.record.stamp == found.moment


def test_records_come_in_the_order_in_which_they_became_known():
    found = read(
        {"event_id": "late", "event_date": "2020-01-01", "known": "2020-03-01"},
        {"event_id": "soon", "event_date": "2020-01-02"},
        {"event_id": "late", "deleted": True, "known": "2020-04-01"},
    )
    assert [each.record.external_id for each in found.records] == ["soon", "late", "late"]
    assert found.records[-1].record == Deletion("acled", "late", moment("2020-04-01"))


def test_a_revision_says_only_what_changes():
    first, second = events(
        {
            "event_id": "A",
            "event_date": "2020-01-01",
            "country": "Mali",
            "fatalities": 5,
            "actor1": "X",
            "source": "ucdp",
        },
        {"event_id": "A", "fatalities": 12, "known": "2020-02-01"},
    )
    assert second == first._replace(fatalities=12, stamp=moment("2020-02-01"))


def test_an_event_of_a_spread_can_be_revised_by_its_id():
    *_, revised = events(
        {"event_id": "A", "spread": {"from": "2020-01-01", "to": "2020-01-02", "events": 2, "fatalities": 8}},
        {"event_id": "A-2", "fatalities": 0, "known": "2020-02-01"},
    )
    assert (revised.external_id, revised.date_end, revised.fatalities) == ("A-2", date(2020, 1, 2), 0)


# --- what it says -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("country", ["Mali", "mali", "MLI", "ML"])
def test_a_country_is_meant_by_any_of_its_names(country):
    [found] = events({"event_date": "2020-01-01", "country": country})
    assert (found.iso3, found.country) == ("MLI", "Mali")


def test_what_is_left_out_is_not_known():
    [found] = events({"event_date": "2020-01-01"})
    assert (found.fatalities, found.iso3, found.actors, found.latitude) == (None, "", (), None)


@pytest.mark.parametrize(
    ("said", "actors"),
    [
        pytest.param(
            {"actor1": "A", "assoc_actor_1": "B; C", "actor2": "D", "assoc_actor_2": "E"},
            [(Role.A, "A"), (Role.WITH_A, "B"), (Role.WITH_A, "C"), (Role.B, "D"), (Role.WITH_B, "E")],
            id="by side, as ACLED has them",
        ),
        pytest.param(
            {"actors": ["A", "B", "C"]}, [(Role.A, "A"), (Role.B, "B"), (Role.WITH_A, "C")], id="as a list of the sides"
        ),
        pytest.param({"actor1": "$jnim"}, [(Role.A, "Jamaat Nusrat")], id="by the first alias of a name of the rules"),
    ],
)
def test_actors_are_written(said, actors):
    [found] = events({"event_date": "2020-01-01", **said})
    assert [(each.role, each.name) for each in found.actors] == actors


def test_who_may_be_either_is_ambiguous():
    [found] = events({"event_date": "2020-01-01", "actor1": "JNIM and/or ISGS"})
    assert found.actors == (Actor(Role.A, "JNIM and/or ISGS", ambiguous=True),)


# --- mistakes -----------------------------------------------------------------------------------------------------------

A = {"event_id": "A", "event_date": "2020-01-05"}
THREE_DAYS = {"from": "2020-01-01", "to": "2020-01-03", "events": 3}


@pytest.mark.parametrize(
    ("inputs", "path", "told"),
    [
        pytest.param([{"country": "Mali"}], (0,), "needs 'event_date'", id="no date"),
        pytest.param([A | {"spread": THREE_DAYS}], (0, "event_date"), "exclude each other", id="a date and a spread"),
        pytest.param([{"spread": THREE_DAYS, "fatalities": 3}], (0, "fatalities"), "into 'spread'", id="deaths twice"),
        pytest.param([A | {"known": "2020-01-04"}], (0, "known"), "before it happened", id="known before it happened"),
        pytest.param(
            [A | {"known": "2020-01-07", "known_lag": "1d"}], (0, "known"), "exclude each other", id="known twice"
        ),
        pytest.param([A, A], (1,), "becomes known after", id="a revision that does not say when"),
        pytest.param([A, A | {"known": "2020-01-06"}], (1,), "after 2020-01-06", id="a revision at the same moment"),
        pytest.param(
            [A, {"event_id": "A", "spread": THREE_DAYS}], (1, "event_id"), "a second event 'A'", id="an id of two"
        ),
        pytest.param([{"deleted": True, "known": "2020-02-01"}], (0,), "needs 'event_id'", id="which is deleted"),
        pytest.param([A, {"event_id": "A", "deleted": True}], (1,), "needs 'known'", id="when it is deleted"),
        pytest.param(
            [A, {"event_id": "a", "deleted": True, "known": "2020-02-01"}],
            (1, "event_id"),
            "no event 'a' to delete",
            id="nothing to delete",
        ),
        pytest.param(
            [A, {"event_id": "A", "deleted": True, "known": "2020-01-06"}], (1,), "after 2020-01-06", id="deleted early"
        ),
        pytest.param([A | {"country": "Maly"}], (0, "country"), "did you mean 'Mali'?", id="a country misspelt"),
        pytest.param([A | {"actor2": "$jnin"}], (0, "actor2"), "did you mean 'jnim'?", id="an actor misspelt"),
        pytest.param([A | {"actors": ["X", "$no"]}], (0, "actors", 1), "no actor '$no'", id="one of several actors"),
        pytest.param([A | {"actors": ["X"], "actor1": "Y"}], (0, "actors"), "stands instead of", id="actors twice"),
    ],
)
def test_a_mistake_has_its_place_and_its_cure(inputs, path, told):
    [mistake] = read(*inputs).mistakes
    assert mistake.path == path
    assert told in f"{mistake.summary}; {mistake.hint}"


@pytest.mark.parametrize(
    "said",
    [
        {"event_date": "2020"},
        {"event_date": "2020-01-01T00:00:00Z"},
        {"event_date": "0020-01-01"},
        {"event_date": "2020-01-01", "known": "soon"},
        {"event_date": "2020-01-01", "fatalities": -1},
        {"event_date": "2020-01-01", "latitude": 91},
        {"spread": THREE_DAYS | {"events": 0}},
        {"spread": THREE_DAYS | {"events": 10**9}},
        {"spread": {"from": "2020-01-03", "to": "2020-01-01", "events": 1}},
    ],
)
def test_what_cannot_be_is_refused(said):
    with pytest.raises(ValidationError):
        InputEvent.model_validate(said)
