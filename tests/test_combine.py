"""Combinations in real turns: judged after their members, at the same tick, and told once."""

from __future__ import annotations

import pytest

from tests.installation import ROUTES, at, installed
from watcher.core.alert import Reason, State
from watcher.core.errors import ConfigError

RULES = """\
version: 1
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}}
  - {indicator: events, title: Events, count: events, where: {country: Mozambique}}
rules:
  - alert: Both
    combine: {all: [Many deaths, Many events], within: 10d}
    severity: critical
  - alert: Many deaths
    threshold: {indicator: deaths, window: 3d}
    condition: [value >= 10]
  - alert: Many events
    status: STATUS
    threshold: {indicator: events, window: 3d}
    condition: [value >= 2]
"""
STABLE = RULES.replace("STATUS", "stable")
QUIET = ROUTES.replace("group_by: [alertname]", "group_by: [alertname, severity]")


@pytest.fixture
def it(tmp_path):
    with installed(tmp_path, rules=STABLE, routes=QUIET) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")
        it.turn("2020-06-01 13:00")
        yield it


def moves(it) -> list[tuple[str, State, Reason]]:
    return [(each.rule, each.after, each.reason) for each in it.transitions()]


def test_it_fires_in_the_very_tick_in_which_its_last_member_does(it):
    it.release("2020-06-02 12:00", "MOZ2  2020-06-02  10  Palma")
    it.turn("2020-06-02 12:01")
    assert moves(it) == [("many-deaths", State.FIRING, Reason.HOLDS)]
    it.release("2020-06-03 12:00", "MOZ3  2020-06-03  0  Palma")
    it.turn("2020-06-03 12:01")
    assert moves(it)[1:] == [("many-events", State.FIRING, Reason.HOLDS), ("both", State.FIRING, Reason.HOLDS)]
    assert {each.tick for each in it.transitions()[1:]} == {at("2020-06-03 12:00")}
    assert "[CRITICAL] Together: Many deaths; Many events" in it.subjects()


def test_a_late_turn_gives_the_same_as_turns_in_time(it):
    it.release("2020-06-02 12:00", "MOZ2  2020-06-02  10  Palma")
    it.release("2020-06-03 12:00", "MOZ3  2020-06-03  0  Palma")
    it.turn("2020-06-30 09:00")
    assert [(each.rule, each.after.value, each.tick) for each in it.transitions()] == [
        ("many-deaths", "firing", at("2020-06-02 12:00")),
        ("many-events", "firing", at("2020-06-03 12:00")),
        ("both", "firing", at("2020-06-03 12:00")),
    ]


def test_it_ends_when_the_time_of_a_member_that_has_ended_runs_out(it):
    it.release("2020-06-02 12:00", "MOZ2  2020-06-02  10  Palma", "MOZ3  2020-06-02  0  Palma")
    it.turn("2020-06-02 12:01")
    it.release("2020-06-06 12:00", "MOZ4  2020-06-06  0  Palma")
    it.turn("2020-06-06 12:01")
    assert [each.rule for each in it.transitions()[3:]] == ["many-deaths", "many-events"], "both members have ended"
    it.turn("2020-06-20 12:01")
    [end] = it.transitions()[5:]
    assert (end.rule, end.after, end.tick) == ("both", State.RESOLVED, at("2020-06-12 12:00"))


def test_it_ends_at_the_same_tick_when_the_turn_comes_late(it):
    it.release("2020-06-02 12:00", "MOZ2  2020-06-02  10  Palma", "MOZ3  2020-06-02  0  Palma")
    it.release("2020-06-06 12:00", "MOZ4  2020-06-06  0  Palma")
    it.turn("2020-06-20 12:01")
    end = it.transitions()[-1]
    assert (end.rule, end.after, end.tick) == ("both", State.RESOLVED, at("2020-06-12 12:00"))


SLOW = """\
version: 1
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}}
rules:
  - alert: Many deaths
    threshold: {indicator: deaths, window: 30d}
    condition: [value >= 10]
    for: 90m
groups:
  - group: slow
    interval: 4h
    rules:
      - {alert: Slow, combine: {all: [Many deaths], within: 10d}}
"""


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param(["2020-06-02 13:31", "2020-06-02 14:00", "2020-06-02 16:01"], id="by turns in time"),
        pytest.param(["2020-06-02 20:00"], id="by a late turn"),
    ],
)
def test_it_looks_at_its_own_next_tick_after_a_member_that_is_judged_more_often(tmp_path, turns):
    with installed(tmp_path, rules=SLOW) as it:
        it.turn("2020-06-01 13:00")
        it.release("2020-06-02 12:00", "MOZ1  2020-06-02  10  Palma")
        for moment in turns:
            it.turn(moment)
        assert [(each.rule, each.tick) for each in it.transitions() if each.after is State.FIRING] == [
            ("many-deaths", at("2020-06-02 13:30")),
            ("slow", at("2020-06-02 16:00")),
        ]


ORDER = """\
version: 1
indicators:
  - {indicator: here, sum: fatalities, where: {location: Palma}}
  - {indicator: there, sum: fatalities, where: {location: Pemba}}
rules:
  - {alert: Here, threshold: {indicator: here, window: 3d}, condition: [value >= 10]}
  - {alert: There, threshold: {indicator: there, window: 3d}, condition: [value >= 10]}
  - alert: Here and then there
    combine: {all: [Here, There], within: 10d, in_order: true}
"""
EPISODES = {
    "2020-06-02 12:00": "MOZ2  2020-06-02  10  Palma",
    "2020-06-06 12:00": "MOZ3  2020-06-06  11  Pemba",
    "2020-06-10 15:30": "MOZ4  2020-06-10  12  Palma",
}


@pytest.mark.parametrize("is_late", [False, True], ids=["by turns in time", "by a late turn"])
def test_it_ends_when_an_earlier_episode_of_a_member_no_longer_counts(tmp_path, is_late):
    with installed(tmp_path, rules=ORDER) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")
        it.turn("2020-06-01 13:00")
        for moment, row in EPISODES.items():
            it.release(moment, row)
            if not is_late:
                it.turn(moment)
        it.turn("2020-06-20 12:00")
        own = [each for each in it.transitions() if each.rule == "here-and-then-there"]
        assert [(each.after, each.tick) for each in own] == [
            (State.FIRING, at("2020-06-06 12:00")),
            (State.RESOLVED, at("2020-06-12 12:00")),
        ]


def test_each_rule_is_judged_once_at_a_tick(it):
    it.release("2020-06-02 12:00", "MOZ2  2020-06-02  10  Palma", "MOZ3  2020-06-02  0  Palma")
    done = it.turn("2020-06-02 12:00")
    # At midnight and at noon; at noon the members move, and what combines them is due anyway.
    assert done.evaluated.judged == 2 * 3


def test_a_combination_whose_member_is_withdrawn_is_withdrawn_as_well(it):
    it.release("2020-06-02 12:00", "MOZ2  2020-06-02  10  Palma", "MOZ3  2020-06-02  0  Palma")
    it.turn("2020-06-02 12:01")
    it.told()
    it.release("2020-06-03 12:00", "MOZ2  2020-06-02  1  Palma")
    it.turn("2020-06-03 12:01")
    assert moves(it)[3:] == [
        ("many-deaths", State.RETRACTED, Reason.RETRACTED),
        ("both", State.RETRACTED, Reason.RETRACTED),
    ]
    assert "[WITHDRAWN] Both: withdrawn since: Many deaths" in it.subjects()


def test_members_that_are_only_shown_do_not_count(tmp_path):
    with installed(tmp_path, rules=RULES.replace("STATUS", "experimental")) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-06-01  20  Palma", "MOZ2  2020-06-01  0  Palma")
        it.turn("2020-06-01 13:00")
        assert [each.rule for each in it.transitions()] == ["many-deaths", "many-events"]


def test_members_on_test_count(tmp_path):
    with installed(tmp_path, rules=RULES.replace("STATUS", "test")) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-06-01  20  Palma", "MOZ2  2020-06-01  0  Palma")
        it.turn("2020-06-01 13:00")
        assert [each.rule for each in it.transitions()] == ["many-deaths", "many-events", "both"]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        pytest.param("[Many deaths, Many event]", "no rule 'Many event'; did you mean 'Many events'?", id="misspelt"),
        pytest.param("[Both, Many deaths]", "the rule combines itself: 'Both' -> 'Both'", id="itself"),
    ],
)
def test_a_combination_that_cannot_be_is_refused_with_its_place(tmp_path, members, told):
    with (
        pytest.raises(ConfigError, match=r"rules\.yaml:7:.*" + told.replace("?", r"\?")),
        installed(tmp_path, rules=STABLE.replace("[Many deaths, Many events]", members)),
    ):
        pass
