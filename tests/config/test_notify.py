from __future__ import annotations

from datetime import timedelta

import pytest

from watcher.config.notify import load_notify
from watcher.core.errors import ProblemSeverity

NOTIFY = """
route:
  receiver: desk
  group_by: [alertname, country]
  repeat_interval: 7d
  routes:
    - matchers: [severity="critical"]
      receiver: duty-officer
      continue: true
    - receiver: desk
receivers:
  - name: desk
    email_configs: [{to: desk@example.org, send_resolved: true}]
    webhook_configs: [{url: 'https://hooks.example.org/watcher'}, {url: 'https://other.example.org'}]
  - name: duty-officer
    email_configs: [{to: duty@example.org}]
  - name: test
    stdout_configs: [{}]
    file_configs: [{path: out}]
  - name: nobody
"""
DESK = "receivers:\n  - name: desk\n"


@pytest.fixture
def load(tmp_path):
    def loaded(text: str):
        path = tmp_path / "notify.yaml"
        path.write_text(text, encoding="utf-8")
        return load_notify(path)

    return loaded


def test_routes_and_receivers_are_read(load):
    notify = load(NOTIFY)
    assert (notify.route.receiver, notify.route.group_by, notify.route.repeat_interval) == (
        "desk",
        ("alertname", "country"),
        timedelta(days=7),
    )
    assert list(notify.receivers) == ["desk", "duty-officer", "test", "nobody"]
    assert notify.receivers["desk"]["webhook"] == [
        {"url": "https://hooks.example.org/watcher"},
        {"url": "https://other.example.org"},
    ]
    assert notify.receivers["test"] == {"stdout": [{}], "file": [{"path": "out"}]}
    assert notify.receivers["nobody"] == {}
    assert notify.warnings == ()


def test_everything_reaches_the_desk_and_what_is_critical_wakes_the_duty_officer_too(load):
    route = load(NOTIFY).route
    assert [target.receiver for target in route.targets({"severity": "warning"})] == ["desk"]
    assert [target.receiver for target in route.targets({"severity": "critical"})] == ["duty-officer", "desk"]


def test_the_options_of_a_channel_have_a_place(load):
    notify = load(NOTIFY)
    place = notify.place_of("desk", "webhook", 1)
    assert notify.document.at(place) == {"url": "https://other.example.org"}
    assert notify.document.mark(place) == (14, 67)


def test_hours_and_inhibitions_are_read(load):
    notify = load(
        f"{NOTIFY}time_intervals: [{{name: a, time_intervals: [{{weekdays: [monday]}}]}}]\n"
        "mute_time_intervals: [{name: b}]\n"
        "inhibit_rules: [{source_matchers: [a=b], target_matchers: [c=d], equal: [country]}]\n"
    )
    assert {name: len(each) for name, each in notify.intervals.items()} == {"a": 1, "b": 0}
    assert [each.equal for each in notify.inhibitions] == [("country",)]


def test_a_route_nobody_comes_to_is_a_warning(load):
    text = f"route:\n  receiver: desk\n  routes:\n    - matchers: [a=b]\n    - matchers: [a=b, c=d]\n{DESK}"
    (warning,) = load(text).warnings
    assert (warning.line, warning.severity, warning.key) == (5, ProblemSeverity.WARNING, "route.routes[1]")


ROUTE = "route:\n  receiver: desk\n"
REFUSED = {
    "no route": (DESK, "1:1: route: the key 'route' is missing"),
    "a list": ("- a\n", "1:1: expected the keys 'route' and 'receivers'"),
    "no receivers": (ROUTE, "1:1: receivers: the list 'receivers' is missing"),
    "a root without a receiver": (f"route:\n  group_by: [a]\n{DESK}", "2:3: route: the root route has no receiver"),
    "a root with matchers": (
        f"{ROUTE}  matchers: [a=b]\n{DESK}",
        "3:3: route.matchers: the root route takes every alert and has no 'matchers'",
    ),
    "a root that continues": (
        f"{ROUTE}  continue: true\n{DESK}",
        "3:3: route.continue: the root route takes every alert",
    ),
    "a misspelt key": (
        f"{ROUTE}  grup_by: [a]\n{DESK}",
        "3:3: route.grup_by: unknown key 'grup_by'; did you mean 'group_by'?",
    ),
    "a misspelt section": (
        f"{ROUTE}{DESK}reciever: x\n",
        "5:1: reciever: unknown key 'reciever'; did you mean 'receivers'?",
    ),
    "a receiver nobody described": (
        f"{ROUTE}  routes: [{{receiver: dsk, matchers: [a=b]}}]\n{DESK}",
        "3:23: route.routes[0].receiver: no receiver 'dsk'; did you mean 'desk'?",
    ),
    "a matcher that is none": (
        f"{ROUTE}  routes: [{{matchers: ['severity critical']}}]\n{DESK}",
        "3:24: route.routes[0].matchers[0]: the value is no matcher",
    ),
    "a regular expression RE2 refuses": (
        f"{ROUTE}  routes: [{{matchers: ['a=~\"(?=x)\"']}}]\n{DESK}",
        "3:23: route.routes[0].matchers: '(?=x)' is no regular expression of RE2",
    ),
    "a matcher that is a number": (
        f"{ROUTE}  routes: [{{matchers: [5]}}]\n{DESK}",
        "3:23: route.routes[0].matchers: expected a list of tests of labels",
    ),
    "every label and another": (
        f"{ROUTE}  group_by: ['...', a]\n{DESK}",
        "3:14: route.group_by[0]: the value is every label and stands alone",
    ),
    "a reminder at once": (
        f"{ROUTE}  repeat_interval: 0s\n{DESK}",
        "3:20: route.repeat_interval: a reminder needs some time",
    ),
    "a receiver that is a text": (
        f"{ROUTE}receivers: [desk]\n",
        "3:13: receivers[0]: expected a map with a name and channels",
    ),
    "a receiver without a name": (
        f"{ROUTE}receivers:\n  - email_configs: []\n",
        "4:5: receivers[0]: the key 'name' is missing",
    ),
    "a receiver with a slash in its name": (
        f"{ROUTE}receivers:\n  - name: a/b\n",
        "4:11: receivers[0].name: a receiver's name is text of",
    ),
    "two receivers of one name": (
        f"{ROUTE}{DESK}  - name: desk\n",
        "5:11: receivers[1].name: a second receiver 'desk'",
    ),
    "a channel of a later version": (
        f"{ROUTE}{DESK}    pagerduty_configs: [{{routing_key: x}}]\n",
        "5:5: receivers[0].pagerduty_configs: the channel 'pagerduty' is not in this version; there are: webhook, email",
    ),
    "a misspelt channel": (
        f"{ROUTE}{DESK}    emial_configs: []\n",
        "5:5: receivers[0].emial_configs: unknown key 'emial_configs'; did you mean 'email_configs'?",
    ),
    "a key that is no channel": (f"{ROUTE}{DESK}    color: red\n", "5:5: receivers[0].color: unknown key 'color'"),
    "a channel that is no list": (
        f"{ROUTE}{DESK}    email_configs: {{to: x}}\n",
        "5:20: receivers[0].email_configs: expected a list of maps",
    ),
    "a destination that is a text": (
        f"{ROUTE}{DESK}    email_configs: [x]\n",
        "5:21: receivers[0].email_configs[0]: expected a map of the channel's options",
    ),
    "a time without a unit": (
        f"{ROUTE}  group_wait: 30\n{DESK}",
        "3:15: route.group_wait: 30 has no unit; write 30s, 5m, 1h30m or 7d",
    ),
    "no time between two messages": (
        f"{ROUTE}  group_interval: 0s\n{DESK}",
        "3:19: route.group_interval: some time must lie between two messages",
    ),
    "hours for the root": (
        f"{ROUTE}  mute_time_intervals: [a]\n{DESK}time_intervals: [{{name: a}}]\n",
        "3:3: route.mute_time_intervals: the root route takes every alert at any hour; write a route below it",
    ),
    "hours that nobody explains": (
        f"{ROUTE}  routes: [{{active_time_intervals: [offce]}}]\n{DESK}time_intervals: [{{name: office}}]\n",
        "3:37: route.routes[0].active_time_intervals[0]: no time interval 'offce'; did you mean 'office'?",
    ),
    "two time intervals of one name": (
        f"{ROUTE}{DESK}time_intervals: [{{name: a}}, {{name: a}}]\n",
        "5:36: time_intervals[1].name: a second time interval 'a'",
    ),
    "time intervals that are a map": (
        f"{ROUTE}{DESK}time_intervals: {{name: a}}\n",
        "5:17: time_intervals: expected a list of maps",
    ),
    "a week that wraps": (
        f"{ROUTE}{DESK}time_intervals: [{{name: a, time_intervals: [{{weekdays: ['friday:monday']}}]}}]\n",
        "5:57: time_intervals[0].time_intervals[0].weekdays[0]: the value: the first must lie before the last",
    ),
    "an inhibition of everything by everything": (
        f"{ROUTE}{DESK}inhibit_rules: [{{equal: [a]}}]\n",
        "5:17: inhibit_rules[0]: an inhibition needs 'source_matchers' and 'target_matchers'",
    ),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused_at_its_place(load, refusal, text, said):
    assert refusal(lambda: load(text))[0].startswith(f"notify.yaml:{said}")


@pytest.mark.parametrize("key", ["templates", "tracing"])
def test_a_section_that_is_not_in_force_is_refused(load, refusal, key):
    (line,) = refusal(lambda: load(f"{ROUTE}{DESK}{key}: []\n"))
    assert line.startswith(f"notify.yaml:5:1: {key}: {key!r} is not in force in this version: ")


@pytest.mark.parametrize("key", ["match", "match_re"])
def test_a_key_of_a_route_that_is_not_in_force_is_refused(load, refusal, key):
    (line,) = refusal(lambda: load(f"{ROUTE}  routes:\n    - {{matchers: [a=b], {key}: 30s}}\n{DESK}"))
    assert line.startswith(f"notify.yaml:4:25: route.routes[0].{key}: {key!r} is not in force in this version: ")


@pytest.mark.parametrize("key", ["source_match", "source_match_re", "target_match", "target_match_re"])
def test_a_key_of_an_inhibition_that_is_not_in_force_is_refused(load, refusal, key):
    sides = "source_matchers: [a=b], target_matchers: [c=d]"
    (line,) = refusal(lambda: load(f"{ROUTE}{DESK}inhibit_rules: [{{{sides}, {key}: {{}}}}]\n"))
    assert f": inhibit_rules[0].{key}: {key!r} is not in force in this version: " in line


def test_what_alertmanagers_own_tools_may_ask_for_is_a_warning(load):
    said = load(f"{ROUTE}{DESK}global: {{smtp_smarthost: 'mail:25', resolve_timeout: 5m}}\n").warnings
    assert [each.summary for each in said] == [
        "'smtp_smarthost' has no effect here",
        "'resolve_timeout' has no effect here",
    ]


def test_a_secret_in_an_option_is_not_repeated(load, refusal):
    lines = refusal(lambda: load(f"{ROUTE}  repeat_interval: hunter2\n  continue: hunter2\n  routes: hunter2\n{DESK}"))
    assert len(lines) == 4
    assert not any("hunter2" in line for line in lines)
