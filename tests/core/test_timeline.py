from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core.event import Basis
from watcher.core.fact import DERIVED, DESK, Fact, FactVersion, StateDefinition
from watcher.core.period import DAY, day_start
from watcher.core.timeline import (
    by_key,
    changes,
    confirmed_on,
    effective,
    forbidden,
    stale_days,
    timeline,
    value_on,
)

TODAY = date(2020, 7, 13)
JULY = date(2020, 7, 1)


def fact(
    value: str, since: str, version: int = 1, *, on: date = JULY, source: str = "file:a", **more: object
) -> FactVersion:
    said = Fact.model_validate({"state": "rivalry", "key": ("isgs", "jnim"), "value": value, "since": since, **more})
    return FactVersion(version, source, said, day_start(on), None, Basis.STAMP, day_start(on))


CORDIAL = fact("cordial", "unknown", 1, until="2019-09")
STRAINED = fact("strained", "2019-09", 2)
CLASHING = fact("clashing", "2020-04-17", 3, on=date(2020, 5, 7), claimed_by="al-Naba")
RIVALRY = [CLASHING, CORDIAL, STRAINED]

DROUKDEL = fact("Droukdel", "unknown", 4, until="2020-06-03", ended="killed")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        pytest.param([], [], id="no facts"),
        pytest.param([CORDIAL], [], id="a value whose beginning is unknown is no change"),
        pytest.param([STRAINED], [("", "strained", "2019-09", "")], id="the first value with a date is one"),
        pytest.param(
            RIVALRY,
            [("cordial", "strained", "2019-09", ""), ("strained", "clashing", "2020-04-17", "")],
            id="a later value closes the earlier, whatever order they were told in",
        ),
        pytest.param(
            [CLASHING, fact("clashing", "2020-05-05", 9)],
            [("", "clashing", "2020-04-17", "")],
            id="the same value again is no change",
        ),
        pytest.param([DROUKDEL], [("Droukdel", "", "2020-06-03", "killed")], id="an ending without a successor is one"),
        pytest.param(
            [DROUKDEL, fact("Anabi", "2020-06-05", 9)],
            [("Droukdel", "", "2020-06-03", "killed"), ("", "Anabi", "2020-06-05", "")],
            id="a successor after a day without is a second change",
        ),
        pytest.param(
            [DROUKDEL, fact("Anabi", "2020-06-04", 9)],
            [("Droukdel", "Anabi", "2020-06-04", "killed")],
            id="a successor from the next day takes over",
        ),
        pytest.param(
            [DROUKDEL, fact("Anabi", "2020-06", 9)],
            [("Droukdel", "Anabi", "2020-06", "killed")],
            id="a successor who may have come on the same day takes over",
        ),
        pytest.param(
            [fact("truce", "2020-01", 1, until="2020-03"), fact("truce", "2020-05-01", 2)],
            [("", "truce", "2020-01", ""), ("", "truce", "2020-05-01", "")],
            id="the same value after a gap has begun anew",
        ),
        pytest.param(
            [fact("truce", "2020-01", 1, until="2020-03")], [("", "truce", "2020-01", "")], id="a silent end is none"
        ),
        pytest.param(
            [fact("truce", "unknown", 1, until="unknown", ended="broken")], [], id="an ending on an unknown day is none"
        ),
        pytest.param(
            [fact("deployed", "2020-08-01", 1), fact("truce", "2020-07-13", 2)],
            [("", "truce", "2020-07-13", "")],
            id="what begins tomorrow has not happened",
        ),
        pytest.param(
            [fact("truce", "2020-01", 1, until="2020-09-01", ended="expired")],
            [("", "truce", "2020-01", "")],
            id="an end that lies ahead has not happened",
        ),
        pytest.param(
            [
                fact("truce", "2020-04-17", 8, source="file:b"),
                fact("clashing", "2020-04-17", 9, source="file:a", on=TODAY),
            ],
            [("", "clashing", "2020-04-17", "")],
            id="of two files that tell the same fact, the one known last counts",
        ),
        pytest.param(
            [fact("truce", "2020-04-17", 1, source=DESK), fact("clashing", "2020-04-17", 2, on=TODAY)],
            [("", "truce", "2020-04-17", "")],
            id="the desk wins over a file",
        ),
    ],
)
def test_which_changes_the_facts_of_a_key_make(facts, said):
    found = changes(facts, TODAY)
    assert [(each.before, each.after, str(each.since), each.ended) for each in found] == said


@pytest.mark.parametrize(
    ("facts", "days"),
    [
        pytest.param([fact("truce", "2020-01-01"), fact("clashing", "2020-04-17", 2)], 107, id="two known days"),
        pytest.param([STRAINED, CLASHING], None, id="a month for a beginning is no day"),
        pytest.param(
            [fact("truce", "2020-01-01"), fact("clashing", "2020-04", 2)], None, id="nor is a month for an end"
        ),
        pytest.param([CORDIAL, STRAINED], None, id="an unknown beginning"),
        pytest.param([CLASHING], None, id="nothing before"),
        pytest.param(
            [fact("A", "2020-06-01", until="2020-06-03", ended="killed")], 3, id="an ending counts its own last day"
        ),
    ],
)
def test_an_unknown_date_never_enters_a_duration(facts, days):
    assert changes(facts, TODAY)[-1].held_days == days


@pytest.mark.parametrize(
    ("facts", "known"),
    [
        pytest.param([STRAINED, CLASHING], date(2020, 5, 7), id="by the fact that says so"),
        pytest.param(
            [CLASHING, fact("clashing", "2020-04-17", 9, source=DESK, on=TODAY, verified=True)],
            date(2020, 5, 7),
            id="a later confirmation is not when it became known",
        ),
        pytest.param(
            [fact("truce", "2020-04-17", 1), fact("clashing", "2020-04-17", 9, source=DESK, on=TODAY)],
            TODAY,
            id="a correction is",
        ),
        pytest.param(
            [fact("A", "2019", 1), fact("A", "2019", 2, source=DESK, on=TODAY, until="2020-06-03", ended="killed")],
            TODAY,
            id="an ending is known by who tells the ending",
        ),
    ],
)
def test_when_a_change_became_known(facts, known):
    assert changes(facts, TODAY)[-1].known_at == day_start(known)


@pytest.mark.parametrize(
    ("facts", "day", "value"),
    [
        pytest.param(RIVALRY, date(2018, 1, 1), "cordial", id="long before, what held since nobody knows when"),
        pytest.param(RIVALRY, date(2019, 9, 1), "strained", id="the first day on which it may have begun"),
        pytest.param(RIVALRY, date(2020, 4, 16), "strained", id="the day before the change"),
        pytest.param(RIVALRY, date(2020, 4, 17), "clashing", id="the day of the change"),
        pytest.param([STRAINED], date(2019, 8, 31), None, id="before anything"),
        pytest.param([DROUKDEL], date(2020, 6, 3), "Droukdel", id="the last day"),
        pytest.param([DROUKDEL], date(2020, 6, 4), None, id="the day after the last"),
        pytest.param([], TODAY, None, id="no facts"),
    ],
)
def test_the_value_on_a_day(facts, day, value):
    found = value_on(facts, day)
    assert (found.fact.value if found else None) == value


def test_facts_are_taken_key_by_key():
    other = fact("truce", "2020-01-01")._replace(fact=STRAINED.fact.model_copy(update={"key": ("aqim", "isgs")}))
    assert [(key, len(each)) for key, each in by_key([STRAINED, other, CLASHING])] == [
        (("aqim", "isgs"), 1),
        (("isgs", "jnim"), 2),
    ]


days = st.dates(date(2019, 1, 1), date(2020, 7, 13))
told = st.lists(st.tuples(st.sampled_from("abc"), days), max_size=8, unique_by=lambda each: each[1])


@given(told=told, day=days)
@settings(deadline=None)
def test_the_changes_up_to_a_day_end_in_the_value_on_that_day(told, day):
    facts = [fact(value, since.isoformat(), number) for number, (value, since) in enumerate(told)]
    value, made = value_on(facts, day), changes(facts, day)
    assert (made[-1].after if made else None) == (value.fact.value if value else None)
    assert all(one.after == two.before for one, two in pairwise(made))
    assert changes(facts, day + timedelta(days=1))[: len(made)] == made
    assert [str(each.fact.since) for each in timeline(facts)] == sorted(str(each.fact.since) for each in facts)


# --- what is derived, and what is stale -------------------------------------------------------------------------------

HALF = timedelta(days=180)


def derived(*told: tuple[str, str]) -> list[FactVersion]:
    """Derived values with the first days on which they held, each known the day after."""
    return [
        fact(value, since, -number, on=date.fromisoformat(since) + DAY, source=DERIVED)
        for number, (value, since) in enumerate(told, start=1)
    ]


#: Known on 7 May 2020: stale from 3 November.
CLAIMED = fact("clashing", "2020-04-17", 1, on=date(2020, 5, 7))
CALMER = derived(("clashing", "2020-04-16"), ("strained", "2020-08-20"))


@pytest.mark.parametrize(
    ("asserted", "counted", "review", "said"),
    [
        pytest.param(
            [], CALMER, None, [("clashing", "2020-04-16"), ("strained", "2020-08-20")], id="nobody asserts it"
        ),
        pytest.param(
            [CLAIMED], [], HALF, [("clashing", "2020-04-17")], id="nothing is derived: stale or not, it stands"
        ),
        pytest.param(
            [CLAIMED], CALMER, None, [("clashing", "2020-04-16")], id="an asserted fact wins over what is derived"
        ),
        pytest.param(
            [CLAIMED],
            CALMER,
            HALF,
            [("clashing", "2020-04-16"), ("strained", "2020-11-03")],
            id="until it is stale: then what is derived counts",
        ),
        pytest.param(
            [CLAIMED, fact("clashing", "2020-04-17", 2, source=DESK, on=date(2020, 10, 1))],
            CALMER,
            HALF,
            [("clashing", "2020-04-16")],
            id="a confirmation keeps it fresh",
        ),
        pytest.param(
            [CLAIMED, fact("truce", "2020-11-20", 2, on=date(2020, 11, 21))],
            CALMER,
            HALF,
            [("clashing", "2020-04-16"), ("strained", "2020-11-03"), ("truce", "2020-11-20")],
            id="a newer fact closes what is derived",
        ),
        pytest.param(
            [fact("truce", "2020-01-01", 1, until="2020-03-31")],
            derived(("clashing", "2019-12-01")),
            None,
            [("clashing", "2019-12-01"), ("truce", "2020-01-01"), ("clashing", "2020-04-01")],
            id="before a fact and after its end",
        ),
        pytest.param(
            [fact("cordial", "unknown", 1, until="2019-09")],
            derived(("strained", "2019-05-01"), ("clashing", "2019-12-01")),
            None,
            [("strained", "2019-10-01"), ("clashing", "2019-12-01")],
            id="what held since nobody knows when covers every day up to its end",
        ),
        pytest.param(
            [fact("truce", "2020-06-01", 1, until="2020-06-30")],
            derived(("clashing", "2020-05-01"), ("strained", "2020-06-10"), ("clashing", "2020-06-20")),
            None,
            [("clashing", "2020-05-01"), ("truce", "2020-06-01"), ("clashing", "2020-07-01")],
            id="what came and went under a fact is no change",
        ),
        pytest.param(
            [fact("truce", "2019-01-01", 1, on=date(2010, 1, 1))],
            derived(("clashing", "2020-05-01")),
            HALF,
            [("truce", "2019-01-01"), ("clashing", "2020-05-01")],
            id="what was stale before it began covers nothing",
        ),
    ],
)
def test_what_counts_where_something_is_derived(asserted, counted, review, said):
    found = changes(effective(asserted, counted, review), date(2020, 12, 31))
    assert [(each.after, str(each.since)) for each in found] == said


def test_a_fact_that_covers_no_day_cuts_nothing():
    early = fact("truce", "2020-06-01", 1, on=date(2010, 1, 1))
    parts = effective([early], derived(("clashing", "2020-05-01")), HALF)[1:]
    assert [(each.fact.value, str(each.fact.since)) for each in parts] == [("clashing", "2020-05-01")]


@pytest.mark.parametrize(
    ("asserted", "review", "known"),
    [
        pytest.param([], None, date(2020, 8, 21), id="when it was derived"),
        pytest.param([CLAIMED], HALF, date(2020, 11, 3), id="when the fact before it was stale"),
        pytest.param(
            [fact("truce", "2020-04-17", 1, on=date(2020, 9, 14), until="2020-09-30")],
            None,
            date(2020, 10, 1),
            id="when a fact had run out as announced",
        ),
        pytest.param(
            [fact("truce", "2020-04-17", 1, on=date(2020, 12, 1), until="2020-08-31")],
            None,
            date(2020, 12, 1),
            id="when the end of a fact became known",
        ),
    ],
)
def test_when_a_derived_value_began_to_count(asserted, review, known):
    newest = changes(effective(asserted, CALMER, review), date(2020, 12, 31))[-1]
    assert (newest.after, newest.is_derived, newest.known_at) == ("strained", True, day_start(known))


@pytest.mark.parametrize(
    ("facts", "stale"),
    [
        pytest.param([CLAIMED], {1: date(2020, 11, 3)}, id="after the time to review"),
        pytest.param(
            [CLAIMED, fact("clashing", "2020-04-17", 2, source=DESK, on=date(2020, 8, 1))],
            {2: date(2021, 1, 28)},
            id="counted from the last confirmation",
        ),
        pytest.param(
            [CLAIMED, fact("truce", "2020-04-17", 2, source=DESK, on=date(2020, 8, 1))],
            {2: date(2021, 1, 28)},
            id="a correction is a new statement",
        ),
        pytest.param(
            [CLAIMED, fact("truce", "2020-09-14", 2, on=date(2020, 9, 20))],
            {2: date(2021, 3, 19)},
            id="what a later fact closed is over, not stale",
        ),
        pytest.param([fact("truce", "2020-04-17", 1, until="2020-09-30")], {}, id="nor is what has ended"),
    ],
)
def test_which_facts_are_stale_from_when(facts, stale):
    assert stale_days(facts, HALF) == stale
    assert stale_days(facts, None) == {}


def test_the_day_of_the_last_confirmation():
    told = [CLAIMED, fact("clashing", "2020-04-17", 2, source=DESK, on=date(2020, 8, 1))]
    assert confirmed_on(told[0], told) == date(2020, 8, 1)


def test_neighbours_that_may_not_follow_each_other():
    rivalry = StateDefinition(state="rivalry", transitions={"cordial": ("strained",), "truce": ()})
    told = [CORDIAL, CLASHING, fact("truce", "2020-06-01", 5), fact("strained", "2020-06-15", 6)]
    assert [(before.fact.value, after.fact.value) for before, after in forbidden(rivalry, told)] == [
        ("truce", "strained")
    ]
    assert [after.version for _, after in forbidden(rivalry, [CORDIAL, fact("clashing", "2019-10", 3)])] == [3]


@given(
    asserted=st.lists(st.tuples(st.sampled_from("abc"), days), max_size=5, unique_by=lambda each: each[1]),
    counted=st.lists(st.tuples(st.sampled_from("xyz"), days), max_size=5, unique_by=lambda each: each[1]),
    day=days,
)
@settings(deadline=None)
def test_on_every_day_a_fresh_fact_counts_else_what_is_derived_else_the_stale_fact(asserted, counted, day):
    told = [fact(value, since.isoformat(), number, on=since) for number, (value, since) in enumerate(asserted)]
    counts = derived(*((value, since.isoformat()) for value, since in sorted(counted, key=lambda each: each[1])))
    said, shown = value_on(told, day), value_on(counts, day)
    fresh = said is not None and day < stale_days(told, HALF).get(said.version, date.max)
    expected = said if fresh else shown or said
    found = value_on(effective(told, counts, HALF), day)
    assert (found.fact.value if found else None) == (expected.fact.value if expected else None)
