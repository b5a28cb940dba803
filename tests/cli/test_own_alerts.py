"""Alerts about ourselves on the command line: no rule of a file is behind them."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import pytest

from tests.installation import at
from watcher.app import turn
from watcher.config.settings import load_settings
from watcher.core.errors import ConfigError, Problem
from watcher.own_alerts import rules_invalid
from watcher.wiring import open_app


@pytest.fixture
def fingerprint(home, it_is, good) -> str:
    """The alert that says that the rules on disk do not load, as a daemon tells it."""
    now = at("2020-07-20 09:00")
    with closing(open_app(load_settings(home / "watcher.yaml", environ={}), time=lambda: now)) as app:
        turn(app, now)
        error = ConfigError([Problem("rules/sahel.yaml", 3, 5, "unknown key 'treshold'")])
        turn(replace(app, troubles=(rules_invalid(error, "one"),)), at("2020-07-20 09:05"))
    it_is("2020-07-20T10:00")
    [alert] = json.loads(good("alerts", "--format", "json"))
    return str(alert["fingerprint"])


@pytest.mark.parametrize("command", ["alerts", "status"])
def test_it_is_listed_by_its_name(fingerprint, good, command):
    said = good(command)
    assert "WatcherRulesInvalid" in said
    assert "watcher:" not in said


@pytest.mark.parametrize("name", ["WatcherRulesInvalid", "watcher:WatcherRulesInvalid"])
def test_it_is_found_by_its_name(fingerprint, good, name):
    [found] = json.loads(good("alerts", "--rule", name, "--format", "json"))
    assert found["fingerprint"] == fingerprint


def test_its_history_says_what_was_wrong_and_who_was_told(fingerprint, good):
    said = good("alerts", fingerprint)
    assert "The last good rules stay in force until these load: rules/sahel.yaml:3:5: unknown key 'treshold'." in said
    assert "told desk/file/1 on" in said
    assert said.endswith("Times are UTC. Why: watcher status\n")


@pytest.mark.parametrize(
    "command", [pytest.param(["explain"], id="explain"), pytest.param(["events", "--alert"], id="events")]
)
def test_there_is_nothing_to_explain_it_by_and_no_record_behind_it(fingerprint, run, command):
    said = run(*command, fingerprint)
    assert said.code == 2
    assert said.err == (
        "watcher: 'WatcherRulesInvalid' is about watcher itself, not about records "
        f"(its history: watcher alerts {fingerprint})\n"
    )


def test_a_check_with_rules_that_load_ends_it(fingerprint, good):
    good("check")
    assert good("alerts") == "nothing fires (see: --all)\n"
    assert "What was wrong is so no longer." in good("alerts", fingerprint)


def test_an_alert_whose_rule_is_gone_is_said_to_be_one(home, fingerprint, good, run):
    alerts = json.loads(good("alerts", "--all", "--format", "json"))
    gone = next(alert["fingerprint"] for alert in alerts if alert["rule"] == "isgs-jnim-relation-changed")
    path = home / "rules" / "sahel.yaml"
    path.write_text(path.read_text().replace("ISGS-JNIM relation changed", "Another name"))
    for command in (["explain"], ["events", "--alert"]):
        said = run(*command, gone)
        assert said.code == 2
        assert "the rule of this alert, 'isgs-jnim-relation-changed', is no longer there" in said.err


def test_a_combination_rests_on_alerts(home, it_is, good, run):
    rules = home / "rules" / "sahel.yaml"
    together = "      - {alert: Together, combine: {any: [ISGS-JNIM relation changed], not: [Many deaths in a province of the Sahel region]}}\n"
    rules.write_text(rules.read_text().replace("      - alert: ISGS-JNIM", f"{together}      - alert: ISGS-JNIM"))
    it_is("2020-05-01T09:00")
    good("check")
    it_is("2020-05-20T09:00")
    good("check")
    [alert] = [each for each in json.loads(good("alerts", "--all", "--format", "json")) if each["rule"] == "together"]
    said = run("events", "--alert", alert["fingerprint"])
    assert said.code == 2
    assert f"'Together' rests on other alerts (watcher explain {alert['fingerprint']})" in said.err
    assert "FOUND     1 rule with 1 alert, going on or fired within 30d." in good("explain", alert["fingerprint"])


def test_of_a_combination_that_does_not_hold_the_lines_of_its_condition_are_not_said_to_hold(home, it_is, good):
    rules = home / "rules" / "sahel.yaml"
    together = (
        "      - {alert: Together, combine: {all: [ISGS-JNIM relation changed, Control of an area changed hands]}}\n"
    )
    rules.write_text(rules.read_text().replace("      - alert: ISGS-JNIM", f"{together}      - alert: ISGS-JNIM"))
    it_is("2020-05-01T09:00")
    good("check")
    it_is("2020-05-20T09:00")
    good("check")
    said = good("explain", "Together")
    assert "HOLDS?    No: what the rule looks for is not there. Not together: ISGS-JNIM relation changed.\n" in said
    assert "members >= 1: yes" not in said
