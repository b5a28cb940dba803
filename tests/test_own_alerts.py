"""Alerts about ourselves: a rule over its limit, and rules that do not load."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.installation import RULES, at, installed
from watcher.core.alert import State
from watcher.core.errors import ConfigError, Problem
from watcher.own_alerts import rules_invalid
from watcher.store.alerts import find_alerts, rule_states

LIMITED = RULES.replace("condition: [value >= 10]", "condition: [value >= 10]\n    limit: 2")
PLACES = [f"MOZ{number}  2020-05-28  20  Place{number}" for number in range(1, 4)]


@pytest.fixture
def it(tmp_path):
    with installed(tmp_path, rules=LIMITED) as it:
        it.release("2020-05-30 12:00", "MOZ9  2020-05-20  1  Palma")
        it.turn("2020-05-30 13:00")
        yield it


def firing(it) -> list[str]:
    with it.app.store.reading() as tx:
        return [each.rule for each in find_alerts(tx, states=(State.FIRING,))]


def test_so_many_alerts_as_the_limit_allows_are_told(it):
    it.release("2020-06-01 12:00", *PLACES[:2])
    it.turn("2020-06-01 13:00")
    assert firing(it) == ["many-deaths-in-a-place"] * 2


def test_with_one_more_none_of_the_new_ones_begins_and_one_alert_says_so(it):
    it.release("2020-06-01 12:00", *PLACES)
    it.turn("2020-06-01 13:00")
    assert firing(it) == ["watcher:WatcherRuleLimit"]
    assert it.subjects() == ["[WARNING] Many deaths in a place: alerts held back"]
    with it.app.store.reading() as tx:
        state = rule_states(tx)["many-deaths-in-a-place"]
    assert state.held_back == 3
    assert state.problem == "3 alerts would fire at once and the limit is 2: 3 new ones are held back"


def test_nothing_is_lost_they_begin_once_they_are_few_enough_and_the_trouble_is_over(it):
    it.release("2020-06-01 12:00", *PLACES)
    it.turn("2020-06-01 13:00")
    it.release("2020-06-02 12:00", "MOZ3  2020-05-28  0  Place3")
    it.turn("2020-06-02 13:00")
    assert firing(it) == ["many-deaths-in-a-place"] * 2
    assert "[ENDED] WatcherRuleLimit (many-deaths-in-a-place): it is over" in it.subjects()


def test_what_fires_already_goes_on_and_may_end_while_others_are_held_back(it):
    it.release("2020-06-01 12:00", PLACES[0])
    it.turn("2020-06-01 13:00")
    it.release("2020-06-02 12:00", *PLACES[1:])
    it.turn("2020-06-02 13:00")
    assert firing(it) == ["many-deaths-in-a-place", "watcher:WatcherRuleLimit"]


def test_of_a_rule_that_tells_nobody_nothing_is_told(it):
    it.write_rules(LIMITED.replace("    threshold:", "    status: experimental\n    threshold:"))
    it.release("2020-06-01 12:00", *PLACES)
    it.turn("2020-06-01 13:00")
    with it.app.store.reading() as tx:
        assert rule_states(tx)["many-deaths-in-a-place"].held_back == 3
    assert firing(it) == []


def test_broken_rules_are_told_once_for_each_state_of_the_files(it):
    def broken(content: str):
        error = ConfigError([Problem("rules/a.yaml", 3, 5, "unknown key 'treshold'")])
        return replace(it.app, troubles=(rules_invalid(error, content),))

    it.app = broken("one")
    it.turn("2020-06-01 13:00")
    it.turn("2020-06-01 13:05")
    [message] = it.told()
    assert message["watcher"]["subject"] == "[WARNING] Rules not reloaded: unknown key 'treshold'"
    assert message["commonLabels"]["content"] == "one"
    text = message["alerts"][0]["annotations"]["description"]
    assert "The last good rules stay in force until these load: rules/a.yaml:3:5: unknown key 'treshold'" in text
    it.app = broken("two")
    it.turn("2020-06-01 13:10")
    assert it.subjects() == ["[WARNING] 2 alerts: Rules not reloaded: unknown key 'treshold', and 1 more"], (
        "and the end"
    )
    it.app = replace(it.app, troubles=())
    it.turn("2020-06-01 13:15")
    assert it.subjects() == ["[ENDED] WatcherRulesInvalid (two): it is over"]


def test_a_new_rule_set_does_not_end_an_alert_about_ourselves(it):
    it.release("2020-06-01 12:00", *PLACES)
    it.turn("2020-06-01 13:00")
    it.write_rules(LIMITED.replace("limit: 2", "limit: 1"))
    it.turn("2020-06-01 14:00")
    assert firing(it) == ["watcher:WatcherRuleLimit"]
    assert at("2020-06-01 13:00") == it.alerts()["many-deaths-in-a-place"].fired_at
