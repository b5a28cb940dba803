"""Stories, played: each passes, and the ways in which it might not are in test_expect.py."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime

import pytest

from watcher.core.alert import State
from watcher.ruletest.expect import failures
from watcher.ruletest.load import load_tests
from watcher.ruletest.report import failure_text
from watcher.ruletest.run import play
from watcher.ruletest.suite import FileResult, Outcome

STORIES = {
    "a record counts from the moment at which it became known": """
      input_events:
        - {event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12, known: 2020-01-20T10:30:00Z}
      alert_rule_test:
        - {eval_time: 2020-01-20T10:29:00Z, alertname: Many deaths, exp_alerts: []}
        - {eval_time: 2020-01-20T10:30:00Z, alertname: Many deaths, exp_alerts: [{exp_values: {value: 12}}]}
      exp_notifications: [{at: 2020-01-20T10:30:00Z, receiver: desk, status: firing, reason: first}]
    """,
    "moments are asked about in any order": """
      input_events:
        - {event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}
      alert_rule_test:
        - {eval_time: 2020-01-06, alertname: Many deaths, exp_alerts: [{}]}
        - {eval_time: 2020-01-05, alertname: Many deaths, exp_alerts: []}
        - {eval_time: 2020-01-06, alertname: Many deaths, exp_alerts: [{exp_values: {as_of: 2020-01-05}}]}
        - {eval_time: 2010-01-01, alertname: Many deaths, exp_alerts: []}
    """,
    "a rule is named by its id as well": """
      input_events: [{event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}]
      alert_rule_test: [{eval_time: 2020-01-06, alertname: deaths, exp_alerts: [{exp_labels: {team: sahel}}]}]
    """,
    "each group has an alert of its own": """
      input_events:
        - {event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}
        - {event_date: 2020-01-05, country: Mali, admin1: Mopti, fatalities: 25}
        - {event_date: 2020-01-05, country: Mali, admin1: Kayes, fatalities: 9}
        - {event_date: 2020-01-05, country: Niger, admin1: Diffa, fatalities: 90}
      alert_rule_test:
        - eval_time: 2020-01-06
          alertname: Many deaths
          exp_alerts:
            - {exp_values: {value: {lt: 20}}}
            - {exp_labels: {admin1: Mopti, severity: critical}}
      exp_notifications:
        - {severity: critical, subject: {contains: 25 deaths}}
        - {severity: warning, alertname: Many deaths}
    """,
    "for and keep_firing_for take their time": """
      input_events:
        - {spread: {from: 2020-01-01, to: 2020-01-03, events: 3}, country: Mali}
        - {event_date: 2020-01-20, country: Mali}
      alert_rule_test:
        - {eval_time: 2020-01-04, alertname: Many attacks, exp_alerts: [{exp_state: pending}]}
        - {eval_time: 2020-01-05T23:59:00Z, alertname: Many attacks, exp_alerts: []}
        - {eval_time: 2020-01-06, alertname: Many attacks, exp_alerts: [{exp_state: firing}]}
        - {eval_time: 2020-01-21, alertname: Many attacks, exp_alerts: [{exp_state: recovering, exp_values: {value: 1}}]}
        - {eval_time: 2020-01-23, alertname: Many attacks, exp_alerts: [{}]}
        - {eval_time: 2020-01-24, alertname: Many attacks, exp_alerts: [{exp_state: resolved}]}
      exp_notifications: [{at: 2020-01-06T00:00:00Z}, {at: 2020-01-24T00:00:00Z, status: resolved}]
    """,
    "values are those of the moment, not those it fired with": """
      input_events:
        - {event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}
        - {event_date: 2020-01-06, country: Mali, admin1: Gao, fatalities: 3}
      alert_rule_test:
        - {eval_time: 2020-01-06, alertname: Many deaths, exp_alerts: [{exp_values: {value: 12}}]}
        - {eval_time: 2020-01-07, alertname: Many deaths, exp_alerts: [{exp_values: {value: 15}}]}
      exp_notifications: [{at: 2020-01-06}]
    """,
    "a revision makes it worse": """
      input_events:
        - {event_id: A, event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}
        - {event_id: A, fatalities: 21, known: 2020-01-08}
      alert_rule_test:
        - {eval_time: 2020-01-07, alertname: Many deaths, exp_alerts: [{exp_labels: {severity: warning}}]}
        - {eval_time: 2020-01-08, alertname: Many deaths, exp_alerts: [{exp_labels: {severity: critical}}]}
      exp_notifications: [{severity: warning, reason: first}, {severity: critical, reason: worse, at: 2020-01-08}]
    """,
    "a deletion takes it back": """
      input_events:
        - {event_date: 2020-01-06, country: Mali, admin1: Kayes, fatalities: 1}
        - {event_id: A, event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}
        - {event_id: A, deleted: true, known: 2020-02-08}
      alert_rule_test:
        - {eval_time: 2020-02-07, alertname: Many deaths, exp_alerts: [{}]}
        - {eval_time: 2020-02-08, alertname: Many deaths, exp_alerts: [{exp_state: retracted}]}
      exp_notifications: [{reason: first}, {reason: retracted, status: resolved, at: 2020-02-08}]
    """,
    "what the message said is compared": """
      input_events: [{event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}]
      alert_rule_test:
        - eval_time: 2020-01-06
          alertname: Many deaths
          exp_alerts: [{exp_annotations: {summary: {contains: 12 deaths in}}}]
    """,
    "what holds when the rules come into force is a state at start": """
      start: 2020-01-10
      input_events: [{event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}]
      alert_rule_test: [{eval_time: 2020-01-10, alertname: Many deaths, exp_alerts: [{}]}]
      exp_notifications: [{at: 2020-01-10, reason: state_at_start}]
    """,
    "a rule on test tells the receiver named test": """
      input_events: [{event_date: 2020-01-05, country: Niger, actor2: $jnim}]
      exp_notifications: [{receiver: test, alertname: JNIM was seen, at: 2020-01-06}]
    """,
    "a fact is told when it became known, and a claim is taken back": """
      input_facts:
        - {rivalry: [$jnim, $isgs], is: war, from: 2020-04-17, known: 2020-05-07, withdrawn: 2020-05-10}
      alert_rule_test:
        - {eval_time: 2020-05-06T23:59:00Z, alertname: War or calm, exp_alerts: []}
        - eval_time: 2020-05-07
          alertname: War or calm
          exp_alerts: [{exp_labels: {severity: critical}, exp_values: {from: calm, to: war, since: 2020-04-17}}]
        - {eval_time: 2020-05-10, alertname: War or calm, exp_alerts: [{exp_state: retracted}]}
      exp_notifications: [{at: 2020-05-07}, {at: 2020-05-10, reason: retracted}]
    """,
    "a fact without a word on it was known with its citation, else on its first day": """
      input_facts:
        - {rivalry: [$jnim, $isgs], is: war, from: 2020-04-17, cite: wire}
        - {rivalry: [$jnim, $isgs], is: calm, from: 2020-08-01}
      exp_notifications: [{at: 2020-05-07, alertname: War or calm}, {at: 2020-08-01, alertname: War or calm}]
    """,
    "the facts of the rule files are known when they say": """
      start: 2019-01-01
      alert_rule_test: [{eval_time: 2019-06-02, alertname: War or calm, exp_alerts: [{exp_labels: {severity: info}}]}]
      exp_notifications: [{at: 2019-06-01}]
    """,
}


def named(name: str) -> str:
    """The test of that name."""
    return f"- name: {name}\n" + textwrap.indent(textwrap.dedent(STORIES[name]), "  ")


def result_of(loaded, story):
    found = failures(story, play(loaded, story))
    return failure_text(FileResult(loaded.path), Outcome(story.name, story.line, found, frozenset(), 0))


@pytest.mark.parametrize("name", STORIES)
def test_in_a_story(name, loaded):
    file = loaded(named(name))
    assert result_of(file, file.stories[0]) == ""


@pytest.mark.parametrize("name", STORIES)
def test_a_late_turn_finds_what_a_turn_at_every_moment_finds(name, loaded):
    file = loaded(named(name))
    assert play(file, file.stories[0]) == play(file, file.stories[0], every_moment=True)


def test_a_story_is_always_the_same(loaded):
    file = loaded(named("each group has an alert of its own"))
    assert play(file, file.stories[0]) == play(file, file.stories[0])


def test_only_the_rules_that_a_test_names_are_played(loaded):
    events = "input_events: [{event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12, actor1: $jnim}]"
    check = "alert_rule_test: [{eval_time: 2020-01-06, alertname: Many deaths, exp_alerts: [{}]}]"
    file = loaded(f"- name: one\n  {events}\n  {check}\n- name: all\n  {events}\n  exp_notifications: []")
    one, every = (play(file, story) for story in file.stories)
    assert {step.rule for step in one.passed} == {"deaths"}
    assert {each.alerts for each in every.messages} == {("Many deaths",), ("JNIM was seen",)}


def test_a_query_offset_leaves_out_the_newest_days(loaded):
    file = loaded("""\
    rule_files: [rules.yaml]
    query_offset: 14d
    tests:
      - name: the newest days are left out
        input_events: [{event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}]
        alert_rule_test:
          - {eval_time: 2020-01-18T23:59:00Z, alertname: Many deaths, exp_alerts: []}
          - {eval_time: 2020-01-19, alertname: Many deaths, exp_alerts: [{}]}
    """)
    assert result_of(file, file.stories[0]) == ""


ROUTES = """\
route:
  receiver: desk
  group_by: [alertname]
  repeat_interval: 4h
  routes:
    - {matchers: [severity="critical"], receiver: duty}
receivers:
  - name: desk
    webhook_configs: [{url: 'https://hooks.example.org/watcher'}]
    file_configs: [{format: json}]
  - {name: duty, email_configs: [{to: duty@example.org, send_resolved: false}]}
"""


def test_the_authors_own_routes_decide_who_is_told(folder, loaded):
    (folder / "notify.yaml").write_text(ROUTES, encoding="utf-8")
    file = loaded("""\
    rule_files: [rules.yaml]
    notify_file: notify.yaml
    tests:
      - name: routes
        input_events:
          - {event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}
          - {event_date: 2020-01-06, country: Mali, admin1: Kayes, fatalities: 13}
          - {event_date: 2020-01-07, country: Mali, admin1: Mopti, fatalities: 25}
          - {event_date: 2020-02-20, country: Mali, admin1: Mopti, fatalities: 0}
        alert_rule_test: [{eval_time: 2020-03-01, alertname: Many deaths, exp_alerts: []}]
        exp_notifications:
          - {at: 2020-01-06, receiver: desk, reason: first}        # by two channels, and told once
          - {at: 2020-01-07, receiver: desk, reason: new_alerts}
          - {at: 2020-01-08, receiver: duty, severity: critical}
          - {at: 2020-02-21, receiver: desk, status: resolved, subject: {contains: 2 alerts}}
    """)
    assert result_of(file, file.stories[0]) == ""


def test_a_combination_is_played_with_its_members(folder, write):
    with (folder / "rules.yaml").open("a", encoding="utf-8") as rules:
        rules.write("  - {alert: Both, combine: {all: [Many deaths, JNIM was seen], within: 10d}}\n")
    path = write("""
    - name: both
      input_events:
        - {event_date: 2020-01-05, country: Mali, admin1: Gao, fatalities: 12}
        - {event_date: 2020-01-07, country: Niger, actor1: $jnim}
      alert_rule_test:
        - {eval_time: 2020-01-07, alertname: Both, exp_alerts: []}
        - {eval_time: 2020-01-08, alertname: Both, exp_alerts: [{exp_values: {members: 2}}]}
      exp_notifications: [{at: 2020-01-08, alertname: Both}]
    """)
    file = load_tests(path, {})
    assert [rule.alert for rule in file.stories[0].rules.rules] == ["Many deaths", "JNIM was seen", "Both"]
    assert result_of(file, file.stories[0]) == ""


def test_a_story_says_what_its_rules_went_through(loaded):
    file = loaded(named("for and keep_firing_for take their time"))
    passed = {step.after for step in play(file, file.stories[0]).passed}
    assert passed == {State.PENDING, State.FIRING, State.RECOVERING, State.RESOLVED}


def test_the_rules_come_into_force_on_the_day_before_anything_is_known(loaded):
    file = loaded(named("a deletion takes it back"))
    assert file.stories[0].start == datetime(2020, 1, 5, tzinfo=UTC)
    assert file.stories[0].end == datetime(2020, 2, 8, 23, 59, tzinfo=UTC)


def test_records_of_one_id_go_together_as_their_source_joins_them(folder, write):
    (folder / "grave.yaml").write_text(
        """\
indicators:
  - {indicator: massacres, count: events, where: {country: Mali, event_type: '20'}, source: gdelt}
rules:
  - {alert: Written of, threshold: {indicator: massacres, window: 7d}, condition: [value >= 1]}
""",
        encoding="utf-8",
    )
    path = write(
        """\
rule_files: [grave.yaml]
tests:
  - name: something less grave in a later export
    input_events:
      - {event_id: A, event_date: 2020-01-05, country: Mali, source: gdelt, event_type: '20', known: 2020-01-05T10:00:00Z}
      - {event_id: A, event_type: '18', known: 2020-01-05T11:00:00Z}
      - {event_id: B, event_date: 2020-01-04, country: Mali, source: gdelt, event_type: '20'}
    alert_rule_test:
      - {eval_time: 2020-01-06, alertname: Written of, exp_alerts: [{exp_values: {value: 2}}]}
"""
    )
    file = load_tests(path, {})
    assert not failures(file.stories[0], play(file, file.stories[0]))
