from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core.event import Basis
from watcher.core.fact import DESK, Fact, FactVersion
from watcher.core.period import day_start
from watcher.core.timeline import by_key, changes, timeline, value_on

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
@settings(max_examples=100, deadline=None)
def test_the_changes_up_to_a_day_end_in_the_value_on_that_day(told, day):
    facts = [fact(value, since.isoformat(), number) for number, (value, since) in enumerate(told)]
    value, made = value_on(facts, day), changes(facts, day)
    assert (made[-1].after if made else None) == (value.fact.value if value else None)
    assert all(one.after == two.before for one, two in pairwise(made))
    assert changes(facts, day + timedelta(days=1))[: len(made)] == made
    assert [str(each.fact.since) for each in timeline(facts)] == sorted(str(each.fact.since) for each in facts)
