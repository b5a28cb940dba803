"""Alerts of what happened, in real turns: told once each, taken back, and told again when it is stated again."""

from __future__ import annotations

import pytest

from tests.installation import at, installed
from watcher.core.alert import Reason, State
from watcher.core.fact import Fact
from watcher.core.period import partial_date
from watcher.store.alerts import mark_dirty
from watcher.store.facts import assert_fact, withdraw_fact

CONTROL = """\
version: 1
states:
  - {state: control, title: Control, key: area, values: [state, contested, rebels]}
rules:
  - alert: Control changed
    transition: {control: any}
"""
COMBINED = """\
  - alert: Lately
    combine: {all: [Control changed], within: 5d}
"""
LARGE = """\
version: 1
rules:
  - alert: Large attack
    match: {where: {fatalities: {above: 9}}}
"""
TWO_PLACES = """\
version: 1
indicators:
  - {indicator: palma, title: Palma, sum: fatalities, where: {location: Palma}}
  - {indicator: pemba, title: Pemba, sum: fatalities, where: {location: Pemba}}
rules:
  - alert: Palma
    threshold: {indicator: palma, window: 60d}
    condition: [value >= 10]
  - alert: Pemba
    threshold: {indicator: pemba, window: 3d}
    condition: [value >= 10]
  - alert: Both
    combine: {all: [Palma, Pemba], within: 10d}
"""


@pytest.fixture
def begun(tmp_path):
    """Begin an installation with rules: its first turn has been taken."""
    opened = []

    def begun(rules: str):
        context = installed(tmp_path, rules=rules)
        it = context.__enter__()
        opened.append(context)
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")
        it.turn("2020-06-01 13:00")
        return it

    yield begun
    for context in opened:
        context.__exit__(None, None, None)


def held_by(value: str, since: str, *, area: str = "Palma") -> Fact:
    said = {"state": "control", "key": (area,), "value": value, "since": partial_date(since)}
    return Fact.model_validate(said)


def state(it, moment: str, *facts: Fact) -> None:
    """The desk states facts, and a turn is taken."""
    with it.app.store.writing() as tx:
        for each in facts:
            assert_fact(tx, each, now=at(moment))
        mark_dirty(tx, "facts", at(moment))
    it.turn(moment)


def withdraw(it, moment: str, fact: Fact) -> None:
    """The desk takes a fact back, and a turn is taken."""
    with it.app.store.writing() as tx:
        withdraw_fact(tx, fact.identity, now=at(moment))
        mark_dirty(tx, "facts", at(moment))
    it.turn(moment)


def moves(it, rule: str) -> list[tuple[State, Reason]]:
    return [(each.after, each.reason) for each in it.transitions() if each.rule == rule]


FIRED, TAKEN_BACK = (State.FIRING, Reason.OCCURRED), (State.RETRACTED, Reason.RETRACTED)


def test_a_change_that_is_stated_again_is_told_again(begun):
    it = begun(CONTROL)
    change = held_by("rebels", "2020-06-02")
    state(it, "2020-06-03 10:00", change)
    withdraw(it, "2020-06-04 10:00", change)
    state(it, "2020-06-05 10:00", change)
    it.turn("2020-06-06 10:00")
    assert moves(it, "control-changed") == [FIRED, TAKEN_BACK, FIRED]


def test_a_record_whose_slip_is_put_right_is_told_again(begun):
    it = begun(LARGE)
    for day, deaths in ((2, 20), (3, 2), (4, 20)):
        it.release(f"2020-06-0{day} 12:00", f"MOZ2  2020-06-02  {deaths}  Palma")
        it.turn(f"2020-06-0{day} 12:01")
    assert moves(it, "large-attack") == [FIRED, TAKEN_BACK, FIRED]


def test_of_two_changes_known_at_one_moment_the_second_is_told_when_it_comes_in_later(begun):
    it = begun(CONTROL)
    both = held_by("contested", "2020-06-02"), held_by("rebels", "2020-06-04")
    state(it, "2020-06-05 10:00", both[0])
    with it.app.store.writing() as tx:
        assert_fact(tx, both[1], now=at("2020-06-05 10:00"))
        mark_dirty(tx, "facts", at("2020-06-05 10:00"))
    it.turn("2020-06-06 10:00")
    assert moves(it, "control-changed") == [FIRED, FIRED]


def test_the_limit_also_holds_for_alerts_that_go_on(begun):
    it = begun(CONTROL + "    limit: 2\n")
    areas = ("Ibo", "Mueda", "Palma", "Pemba")
    for day, area in enumerate(areas, 2):
        state(it, f"2020-06-0{day} 10:00", held_by("contested", "2020-06-02", area=area))
    assert moves(it, "control-changed") == [FIRED] * 4
    state(it, "2020-06-07 10:00", *(held_by("rebels", "2020-06-06", area=area) for area in areas))
    assert moves(it, "control-changed") == [FIRED] * 4
    assert len([each for each in it.transitions() if each.rule == "watcher:WatcherRuleLimit"]) == 1


def test_a_combination_ends_though_its_member_went_from_one_occurrence_to_the_next(begun):
    it = begun(CONTROL + COMBINED)
    state(it, "2020-06-03 10:00", held_by("contested", "2020-06-02"))
    state(it, "2020-06-06 10:00", held_by("rebels", "2020-06-05"))
    it.turn("2020-09-01 10:00")
    assert moves(it, "lately")[-1] == (State.RESOLVED, Reason.CEASED)


def test_a_combination_is_withdrawn_with_a_member_that_fired_long_before_it(begun):
    it = begun(TWO_PLACES)
    it.release("2020-06-02 12:00", "MOZ2  2020-06-02  20  Palma")
    it.turn("2020-06-02 12:01")
    it.release("2020-06-20 12:00", "MOZ3  2020-06-20  20  Pemba")
    it.turn("2020-06-20 12:01")
    it.release("2020-06-21 12:00", "MOZ2  2020-06-02  2  Palma")
    it.turn("2020-06-21 12:01")
    assert moves(it, "both") == [(State.FIRING, Reason.HOLDS), TAKEN_BACK]


def test_the_last_day_of_the_calendar_is_a_day(begun):
    it = begun(CONTROL.replace("values:", "review_after: 365d, values:"))
    eternal = held_by("state", "2020-06-02").model_copy(update={"until": partial_date("9999-12-31")})
    state(it, "2020-06-03 10:00", eternal)
    it.turn("2020-06-04 10:00")
    assert moves(it, "control-changed") == [FIRED]
