from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known
from watcher.core.catalogue import Catalogue
from watcher.core.derivation import Derived, as_facts, derive, known_at, state_indicators
from watcher.core.event import Actor, Event, Role
from watcher.core.fact import StateDefinition
from watcher.core.indicator import Indicator
from watcher.core.period import DAY, day_start
from watcher.core.selector import selector

FIRST = date(2020, 1, 1)
ISGS, JNIM = Actor(Role.A, "ISGS"), Actor(Role.B, "JNIM")
DYAD = ("isgs", "jnim")
CATALOGUE = Catalogue(
    indicators={
        each.indicator: each
        for each in (
            Indicator(indicator="clashes", count="events", where=selector({"dyad": ["ISGS", "JNIM"]})),
            Indicator(indicator="days", count="days", where=selector({"dyad": ["ISGS", "JNIM"]})),
            Indicator(indicator="deaths", sum="fatalities", where=selector({"dyad": ["ISGS", "JNIM"]})),
            Indicator(indicator="attacks", count="events", by=("admin1",)),
            Indicator(indicator="raids", count="events", where=selector({"event_type": "Raids"}), by=("admin1",)),
        )
    }
)
CLASHING = {"becomes": "clashing", "when": "clashes >= 3 in 30d", "of": DYAD}
STRAINED = {"becomes": "strained", "when": "clashes = 0 in 90d", "from": "clashing", "of": DYAD}


def state(*derived: Mapping[str, object], key: str = "dyad", **more: object) -> StateDefinition:
    return StateDefinition.model_validate({"state": "rivalry", "key": key, "derived": derived, **more})


def clash(number: int, day: int, deaths: int = 1) -> Event:
    """A clash so many days after 1 January 2020."""
    return event(number, FIRST + timedelta(days=day), deaths, actors=(ISGS, JNIM))


def kept_going(last: int) -> list[Event]:
    """What lets the records begin on 1 January and end so many days later: events that are no clash."""
    return [event(9_000, FIRST), event(9_001, FIRST + timedelta(days=last))]


def made(rivalry: StateDefinition, events: list[Event], *, as_known: str = "2022-01-01") -> list[tuple[int, str]]:
    """(days after 1 January 2020, value) of each change of the one key."""
    found = derive(rivalry, CATALOGUE, MemorySnapshot(at(as_known), known(events)))
    return [((each.day - FIRST).days, each.value) for changes in found.values() for each in changes]


@pytest.mark.parametrize(
    ("derived", "days", "last", "changes"),
    [
        pytest.param([CLASHING], [10, 20, 38], 100, [(38, "clashing")], id="on the day of the third clash"),
        pytest.param([CLASHING], [10, 20, 39], 100, [(39, "clashing")], id="thirty days, both ends among them"),
        pytest.param([CLASHING], [10, 20, 40], 100, [], id="not in thirty-one"),
        pytest.param([CLASHING], [10, 10, 10], 100, [(10, "clashing")], id="three on one day"),
        pytest.param([CLASHING], [10, 20, 30, 200, 201, 202], 300, [(30, "clashing")], id="what is clashing stays so"),
        pytest.param(
            [CLASHING, STRAINED], [1, 2, 3], 100, [(3, "clashing"), (93, "strained")], id="ninety days without one"
        ),
        pytest.param([CLASHING, STRAINED], [1, 2, 3], 92, [(3, "clashing")], id="not a day before"),
        pytest.param([STRAINED], [1], 300, [], id="only from the value it starts from"),
        pytest.param(
            [CLASHING, STRAINED],
            [1, 2, 3, 110, 111, 112],
            250,
            [(3, "clashing"), (93, "strained"), (112, "clashing"), (202, "strained")],
            id="and again",
        ),
        pytest.param(
            [{"becomes": "cordial", "when": "clashes = 0 in 90d", "of": DYAD}],
            [200],
            250,
            [(89, "cordial")],
            id="days before the records begin are no days without a clash",
        ),
        pytest.param(
            [{"becomes": "cordial", "when": "clashes < 1 in 10d", "of": DYAD}, CLASHING],
            [50, 51, 52],
            70,
            [(9, "cordial"), (52, "clashing"), (62, "cordial")],
            id="what leaves the window makes a change without an event",
        ),
        pytest.param(
            [CLASHING, {"becomes": "strained", "when": "clashes >= 1 in 60d", "of": DYAD}],
            [1, 2, 3],
            90,
            [(1, "strained"), (3, "clashing"), (31, "strained")],
            id="of two that hold the first counts, so that nothing flaps",
        ),
        pytest.param(
            [
                {"becomes": "strained", "when": "clashes >= 3 in 30d", "of": DYAD},
                {"becomes": "clashing", "when": "clashes >= 3 in 60d", "from": "strained", "of": DYAD},
            ],
            [1, 2, 3],
            20,
            [(3, "strained")],
            id="the first keeps what it made",
        ),
        pytest.param(
            [
                {"becomes": "clashing", "when": "clashes >= 3 in 60d", "from": "strained", "of": DYAD},
                {"becomes": "strained", "when": "clashes >= 3 in 30d", "of": DYAD},
            ],
            [1, 2, 3],
            20,
            [(3, "strained"), (4, "clashing")],
            id="one change a day",
        ),
        pytest.param(
            [
                {"becomes": "clashing", "when": "clashes >= 1 in 30d", "from": "strained", "of": DYAD},
                {"becomes": "strained", "when": "clashes >= 1 in 30d", "from": "cordial", "of": DYAD},
                {"becomes": "cordial", "when": "clashes >= 1 in 30d", "of": DYAD},
            ],
            [1, 2],
            20,
            [(1, "cordial"), (2, "strained"), (3, "clashing")],
            id="nor more than one on the day of an event",
        ),
    ],
)
def test_the_days_on_which_a_state_changes(derived, days, last, changes):
    events = [clash(number, day) for number, day in enumerate(days)]
    assert made(state(*derived), [*events, *kept_going(last)]) == changes


@pytest.mark.parametrize(
    ("horizon", "changes"),
    [pytest.param(29, [], id="a day before"), pytest.param(30, [(30, "clashing")], id="on the day")],
)
def test_nothing_is_derived_beyond_the_watermark(horizon, changes):
    events = [*(clash(day, day) for day in (10, 20, 30)), *kept_going(60)]
    snapshot = MemorySnapshot(at("2022-01-01"), known(events)).up_to(FIRST + timedelta(days=horizon))
    found = derive(state(CLASHING), CATALOGUE, snapshot)
    assert [((each.day - FIRST).days, each.value) for each in found.get(DYAD, [])] == changes


@pytest.mark.parametrize(
    ("when", "day"),
    [
        pytest.param("days >= 2 in 30d", 5, id="days with an event"),
        pytest.param("deaths > 10 in 30d", 5, id="a sum"),
        pytest.param("deaths >= 10 in 2d", 1, id="a sum of few days"),
    ],
)
def test_it_counts_what_the_indicator_counts(when, day):
    events = [clash(1, 1, 5), clash(2, 1, 5), clash(3, 5, 1), *kept_going(60)]
    rivalry = state({"becomes": "clashing", "when": when, "of": DYAD})
    assert made(rivalry, events) == [(day, "clashing")]


def test_a_value_that_may_not_follow_is_not_derived():
    narrow = {"cordial": ["strained"], "strained": ["clashing"]}
    cordial = {"becomes": "cordial", "when": "clashes = 0 in 10d", "of": DYAD}
    events = [clash(1, 20), clash(2, 20), clash(3, 20), *kept_going(60)]
    assert made(state(CLASHING, cordial, transitions=narrow), events) == [(9, "cordial")]
    assert made(state(CLASHING, cordial), events)[:2] == [(9, "cordial"), (20, "clashing")]


TENSE = {"becomes": "tense", "when": "attacks >= 2 in 10d"}
CALM = {"becomes": "calm", "when": "raids = 0 in 20d", "from": "tense"}


class TestOneTimelineForEachGroup:
    def derived(self, *derived: Mapping[str, object], spelled: tuple[tuple[str, ...], ...] = ()):
        events = [
            event(1, FIRST, admin1="Ménaka"),
            event(2, FIRST + DAY, admin1="Ménaka"),
            event(3, FIRST, admin1="Gao"),
            event(4, FIRST + timedelta(days=5), admin1="Gao"),
            event(5, FIRST + timedelta(days=15), admin1="Gao", event_type="Raids"),
            event(6, FIRST + timedelta(days=60), admin1="Mopti"),
        ]
        found = derive(
            state(*derived, key="area"), CATALOGUE, MemorySnapshot(at("2022-01-01"), known(events)), spelled=spelled
        )
        return {key: [((each.day - FIRST).days, each.value) for each in changes] for key, changes in found.items()}

    def test_a_group_that_never_changed_has_none(self):
        assert self.derived(TENSE) == {("Gao",): [(5, "tense")], ("Ménaka",): [(1, "tense")]}

    def test_a_group_without_an_event_of_another_indicator_counts_none(self):
        assert self.derived(TENSE, CALM) == {
            ("Gao",): [(5, "tense"), (35, "calm")],
            ("Ménaka",): [(1, "tense"), (19, "calm")],
        }

    def test_a_key_is_spelled_as_the_facts_spell_it(self):
        assert set(self.derived(TENSE, spelled=(("Menaka",),))) == {("Gao",), ("Menaka",)}


def one(events: list[Event], *derived: Mapping[str, object], on: str = "") -> tuple[Derived, MemorySnapshot]:
    snapshot = MemorySnapshot(at("2022-01-01"), known(events, on=at(on) if on else None))
    [changes] = derive(state(*derived), CATALOGUE, snapshot).values()
    return changes[-1], snapshot


EVENTS = [clash(1, 1), clash(2, 2), clash(3, 3), clash(4, 3)]


def test_a_change_says_why():
    change, _ = one([*EVENTS, *kept_going(60)], CLASHING)
    assert change.reason == "clashes >= 3 in 30d: 4 on 4 Jan 2020"
    assert (change.before, change.total, change.period.days) == ("", 4, 30)


@pytest.mark.parametrize(
    ("on", "moment"),
    [
        pytest.param("", "2020-01-05", id="not before its day is over"),
        pytest.param("2020-03-09T12:00", "2020-03-09T12:00", id="when its records were known"),
    ],
)
def test_when_a_change_was_known(on, moment):
    change, snapshot = one([*EVENTS, *kept_going(60)], CLASHING, on=on)
    assert known_at(change, snapshot) == at(moment)


def test_nothing_in_ninety_days_is_known_the_day_after():
    change, snapshot = one([*EVENTS, *kept_going(100)], CLASHING, STRAINED)
    assert (change.before, change.value, change.total) == ("clashing", "strained", 0)
    assert change.reason == "clashes = 0 in 90d: 0 on 3 Apr 2020"
    assert known_at(change, snapshot) == day_start(change.day + DAY)


def test_derived_changes_are_facts_that_nobody_asserts():
    change, _ = one([*EVENTS, *kept_going(60)], CLASHING)
    [fact] = as_facts(state(CLASHING), [change])
    assert (fact.source, fact.version, fact.fact.key, fact.fact.value) == ("derived", -1, DYAD, "clashing")
    assert (str(fact.fact.since), fact.fact.note) == ("2020-01-04", change.reason)


def test_without_a_record_that_counts_nothing_is_derived():
    assert made(state(CLASHING, STRAINED), kept_going(300)) == []
    assert made(state(CLASHING), []) == []


def test_each_indicator_is_counted_once():
    assert [each.indicator for each in state_indicators(state(CLASHING, STRAINED), CATALOGUE)] == ["clashes"]
    assert state_indicators(state({**CLASHING, "when": "gone > 1 in 3d"}), CATALOGUE) == ()


@given(days=st.lists(st.integers(0, 120), max_size=12), last=st.integers(100, 140))
@settings(deadline=None)
def test_it_is_what_a_person_would_find_looking_at_every_day(days, last):
    derived = [
        {"becomes": "clashing", "when": "clashes >= 3 in 9d", "of": DYAD},
        {"becomes": "strained", "when": "clashes = 0 in 12d", "from": "clashing", "of": DYAD},
        {"becomes": "cordial", "when": "clashes < 1 in 30d", "from": ["strained", "truce"], "of": DYAD},
    ]
    found, current, last = [], "", max([last, *days])
    for day in range(last + 1 if days else 0):

        def count(window: int, day: int = day) -> int:
            return sum(day - window < each <= day for each in days)

        holds = [
            ("clashing", count(9) >= 3, True),
            ("strained", count(12) == 0 and day >= 11, current == "clashing"),
            ("cordial", count(30) < 1 and day >= 29, current in {"strained", "truce"}),
        ]
        for value, says, starts in holds:
            if says and value == current:
                break
            if says and starts:
                found.append((day, value))
                current = value
                break
    events = [clash(number, day) for number, day in enumerate(days)]
    assert made(state(*derived), [*events, *kept_going(last)]) == found
