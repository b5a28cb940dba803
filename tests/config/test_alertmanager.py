"""A file that keeps to Alertmanager's own channels is Alertmanager's: by a list of its keys, and by its own tool."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from watcher.config.document import load_document
from watcher.config.muting import INHIBIT_SECTION, INTERVAL_SECTIONS
from watcher.config.notify import _NOT_IN_FORCE, _SECTIONS, load_notify
from watcher.config.problem import keys_of
from watcher.core.interval import DayTime, NamedInterval, TimeInterval
from watcher.core.muting import Inhibition
from watcher.core.route import Route

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "notify.md").read_text("utf-8")
#: What `amtool` asks for where there are e-mails; it means nothing to us.
GLOBAL = "global: {smtp_smarthost: 'mail.example.org:25', smtp_from: watcher@example.org}\n"
#: The keys of each part of Alertmanager's file, as its documentation lists them.
KEYS = {
    "file": {
        *("global", "templates", "route", "receivers", "inhibit_rules", "mute_time_intervals", "time_intervals"),
        "tracing",
    },
    "route": {
        *("receiver", "group_by", "continue", "match", "match_re", "matchers", "group_wait", "group_interval"),
        *("repeat_interval", "mute_time_intervals", "active_time_intervals", "routes"),
    },
    "inhibit_rule": {
        *("name", "source_match", "source_match_re", "source_matchers", "equal"),
        *("target_match", "target_match_re", "target_matchers"),
    },
    "time_intervals": {"name", "time_intervals"},
    "time_interval": {"times", "weekdays", "days_of_month", "months", "years", "location"},
    "time": {"start_time", "end_time"},
}
#: Channels that only we have.
OURS = ("file_configs", "stdout_configs")
EVERYTHING = """\
route:
  receiver: desk
  group_by: ['...']
  group_wait: 0s
  group_interval: 1m30s
  repeat_interval: 1w2d
  routes:
    - matchers: [severity="critical", 'country=~"Mali|Niger"', 'team!=""', theatre!~"x.*"]
      receiver: duty
      continue: true
      mute_time_intervals: [nights, first-days]
    - {matchers: ['{a="b", c="d"}'], active_time_intervals: [nights], group_by: [alertname, country]}
    - {receiver: desk}
inhibit_rules:
  - {source_matchers: [severity="critical"], target_matchers: [severity=~"warning|info"], equal: [country, alertname]}
time_intervals:
  - name: nights
    time_intervals:
      - times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:00'}]
        weekdays: ['monday:friday', saturday, Sunday]
        location: Africa/Maputo
  - name: first-days
    time_intervals:
      - {days_of_month: ['1:5', '-3:-1', '20:-1', '31'], months: ['may:august', december, '1:3'], years: ['2026:2028', '2030']}
receivers:
  - name: desk
    webhook_configs: [{url: 'https://hooks.example.org/watcher', send_resolved: true, max_alerts: 20}]
    email_configs: [{to: desk@example.org, send_resolved: false}]
  - name: duty
"""


def test_our_grammar_has_no_key_that_alertmanagers_has_not():
    assert set(_SECTIONS) | {"templates", "tracing"} == KEYS["file"]
    assert {INHIBIT_SECTION, *INTERVAL_SECTIONS} <= KEYS["file"]
    for part, model in (
        ("time_intervals", NamedInterval),
        ("time_interval", TimeInterval),
        ("time", DayTime),
    ):
        assert set(keys_of(model)) == KEYS[part]
    for part, keys in (("route", set(keys_of(Route))), ("inhibit_rule", set(keys_of(Inhibition)))):
        assert keys <= KEYS[part]
        assert KEYS[part] - keys <= set(_NOT_IN_FORCE), "what we lack is refused in plain words"


def _without_ours(text: str) -> str:
    """The same file without the channels that only we have."""
    return re.sub(rf"^ +({'|'.join(OURS)}):\n(?: +- .*\n)+", "", text, flags=re.MULTILINE)


FILES = {"every key": EVERYTHING, "the example of the reference": PAGE.split("```yaml\n", 1)[1].split("```", 1)[0]}


def _foreign(value: Mapping[str, Any]) -> Iterator[str]:
    """The keys of a file that Alertmanager does not know."""
    yield from value.keys() - KEYS["file"]
    routes = [value["route"]]
    while routes:
        route = routes.pop()
        yield from route.keys() - KEYS["route"]
        routes += route.get("routes", [])
    for rule in value.get("inhibit_rules", []):
        yield from rule.keys() - KEYS["inhibit_rule"]
    for named in value.get("time_intervals", []):
        yield from named.keys() - KEYS["time_intervals"]
        for each in named["time_intervals"]:
            yield from each.keys() - KEYS["time_interval"]


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_both_read_the_file(text, tmp_path):
    path = tmp_path / "notify.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_notify(path)
    assert list(_foreign(load_document(text).value)) == []


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("amtool")
    if program is None:
        pytest.skip("amtool is not installed: apt install prometheus-alertmanager")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_amtool_accepts_the_file(text, tmp_path):
    path = tmp_path / "notify.yaml"
    path.write_text(_without_ours(text) + GLOBAL, encoding="utf-8")
    done = amtool("check-config", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert load_notify(path).warnings


WAYS = [
    {"severity": "critical", "country": "Mali", "team": "north"},
    {"severity": "critical", "country": "Chad", "team": "north"},
    {"severity": "critical", "country": "Niger", "team": "north", "theatre": "xy"},
    {"a": "b", "c": "d"},
    {},
]


@pytest.mark.parametrize("labels", WAYS, ids=str)
def test_amtool_sends_an_alert_to_the_same_receivers(labels, tmp_path):
    path = tmp_path / "notify.yaml"
    path.write_text(EVERYTHING + GLOBAL, encoding="utf-8")
    said = [f"{name}={value}" for name, value in labels.items()]
    done = amtool("config", "routes", "test", f"--config.file={path}", *said)
    ours = [each.receiver for each in load_notify(path).route.targets(labels)]
    assert done.stdout.strip().split(",") == ours


#: What both refuse, each as the value of one key of a time interval.
NO_INTERVALS = (
    *("weekdays: ['saturday:sunday']", "weekdays: [mon]", "weekdays: ['1']", "days_of_month: ['0']"),
    *("days_of_month: ['-3:5']", "days_of_month: ['31:-1']", "days_of_month: ['-1:-3']", "days_of_month: ['32']"),
    *("months: ['august:may']", "years: ['2028:2026']", "location: Africa/Nowhere"),
    *("times: [{start_time: '22:00', end_time: '06:00'}]", "times: [{start_time: '7:00', end_time: '08:00'}]"),
)


@pytest.mark.parametrize("interval", NO_INTERVALS)
def test_amtool_refuses_what_we_refuse(interval, tmp_path, refusal):
    path = tmp_path / "notify.yaml"
    text = "route: {receiver: desk}\nreceivers: [{name: desk}]\ntime_intervals: [{name: x, time_intervals: [{%s}]}]\n"
    path.write_text(text % interval, encoding="utf-8")
    assert refusal(lambda: load_notify(path))
    assert amtool("check-config", str(path)).returncode != 0
