from __future__ import annotations

import json

import pytest

from watcher.store.alerts import find_alerts

ADD = ("silence", "add", 'country="Mali"', "--comment", "known", "--author", "amina")
WEEKEND = "\ntime_intervals:\n  - {name: weekend, time_intervals: [{weekdays: [saturday, sunday]}]}\n"


@pytest.fixture
def noon(it_is):
    it_is("2020-09-16T12:00")


def listed(good, *options: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(good("silence", "list", "--format", "json", *options))
    return found


def test_a_silence_is_added_listed_and_ended(noon, it_is, good):
    assert good(*ADD, "--for", "1d12h") == 'silence 1: country="Mali", until 2020-09-18 00:00 UTC\n'
    [row] = listed(good)
    assert (row["id"], row["state"], row["author"], row["comment"]) == (1, "active", "amina", "known")
    it_is("2020-09-16T13:00")
    assert good("silence", "expire", "1", "--author", "juma") == "silence 1 is over\n"
    assert listed(good) == []
    [over] = listed(good, "--all")
    assert (over["state"], over["expired_by"], over["expired"]) == ("over", "juma", "2020-09-16T13:00:00+00:00")


STATES = {
    "one that has not begun": (("--from", "2020-09-17", "--for", "1d"), "pending"),
    "one of weekends, on a Wednesday": (("--during", "weekend", "--endless"), "resting"),
    "one without an end": (("--endless",), "active"),
    "one with a moment as its end": (("--until", "2020-09-16T12:01"), "active"),
}


@pytest.mark.parametrize(("options", "state"), STATES.values(), ids=STATES.keys())
def test_how_a_silence_stands(noon, home, good, options, state):
    notify = home / "notify.yaml"
    notify.write_text(notify.read_text() + WEEKEND)
    good(*ADD, *options)
    assert [row["state"] for row in listed(good)] == [state]


def test_one_that_has_not_begun_can_be_ended(noon, good):
    good(*ADD, "--from", "2020-09-17", "--for", "1d")
    good("silence", "expire", "1")
    assert listed(good) == []
    assert [row["state"] for row in listed(good, "--all")] == ["over"]


def test_the_matchers_of_one_alert_are_its_name_and_its_group(noon, it_is, good, store):
    it_is("2020-09-13T09:00")
    good("check")
    it_is("2020-09-14T09:00")
    good("check")
    good("assert", "rivalry", "isgs,jnim", "truce", "--from", "2020-09-14")
    it_is("2020-09-14T10:00")
    good("check")
    with store.reading() as tx:
        alert = find_alerts(tx)[0]
    said = good("silence", "add", "--alert", alert.fingerprint[:8], "--for", "1d", "--comment", "known")
    assert said.startswith('silence 1: alertname="')
    assert all(f'{name}="{value}"' in said for name, value in alert.group)


REFUSED = {
    "without an end": (ADD, "a silence needs an end (write one of --for 7d, --until 2026-12-01, --endless)"),
    "with two ends": ((*ADD, "--for", "1d", "--endless"), "a silence needs an end"),
    "with an end that is past": ((*ADD, "--until", "2020-09-01"), "the silence would be over before it begins"),
    "with a length that is none": ((*ADD, "--for", "long"), "--for: 'long' is no length of time"),
    "about nothing": (("silence", "add", "--for", "1d", "--comment", "x"), "say what is silenced"),
    "about everything": (
        ("silence", "add", 'country=~".*"', "--for", "1d", "--comment", "x"),
        "this would silence every alert (name a label that an alert must have)",
    ),
    "with a matcher that is none": (
        ("silence", "add", "Mali", "--for", "1d", "--comment", "x"),
        "'Mali' is no matcher",
    ),
    "about an alert that is not there": (
        ("silence", "add", "--alert", "4f1c", "--for", "1d", "--comment", "x"),
        "there is no alert '4f1c'",
    ),
    "during an interval that is none": (
        (*ADD, "--endless", "--during", "weekend"),
        "there is no time interval 'weekend'",
    ),
    "ended, and not there": (("silence", "expire", "7"), "there is no silence 7 that goes on"),
}


@pytest.mark.parametrize(("command", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_silence_that_makes_no_sense_is_refused(noon, run, command, why):
    said = run(*command)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"watcher: {why}")


def test_a_silence_needs_a_reason(noon, run):
    assert run("silence", "add", 'country="Mali"', "--for", "1d").code == 2


def test_what_is_held_is_shown_with_the_reason(it_is, good, run):
    for moment in ("2020-09-13T09:00", "2020-09-14T09:00"):
        it_is(moment)
        good("check")
    good("silence", "add", 'alertname=~".+"', "--for", "2d", "--comment", "known", "--author", "amina")
    good("assert", "rivalry", "isgs,jnim", "truce", "--from", "2020-09-14")
    it_is("2020-09-14T10:00")
    good("check")
    why = "silence 1 of amina, until 2020-09-16 09:00 UTC: known"
    held = json.loads(good("status", "--format", "json"))["held"]
    assert {(each["endpoint"], each["because"]) for each in held} == {("desk/file/1", why)}
    assert "WAITING TO BE TOLD" in good("status")
    [alert, *_] = json.loads(good("alerts", "--format", "json"))
    assert f"waiting for desk/file/1: {why}" in good("alerts", alert["fingerprint"])
    step = json.loads(good("alerts", alert["fingerprint"], "--format", "json"))["history"][-1]
    assert [each["why"] for each in step["held"]] == [why]
    it_is("2020-09-16T10:00")
    good("check")
    assert json.loads(good("status", "--format", "json"))["held"] == []
    assert "told desk/file/1" in good("alerts", alert["fingerprint"])
