from __future__ import annotations

import json

import pytest

ROUTES = """\
route:
  receiver: desk
  group_by: [alertname, country]
  repeat_interval: 7d
  routes:
    - {matchers: [severity="critical"], receiver: duty, continue: true}
    - {matchers: [severity="info"], active_time_intervals: [office]}
    - receiver: desk
inhibit_rules:
  - {source_matchers: [severity="critical"], target_matchers: [severity="info"]}
time_intervals:
  - name: office
    time_intervals: [{weekdays: ['monday:friday'], times: [{start_time: '07:00', end_time: '18:00'}]}]
receivers:
  - name: desk
    file_configs: [{path: state/told.jsonl}]
  - name: duty
    file_configs: [{path: state/duty.jsonl}]
  - name: test
"""
SPARED = "receivers: {desk: {digest: {at: '07:00', timezone: Africa/Maputo}, max_per_hour: 3}}\n"


@pytest.fixture
def routed(home, it_is):
    it_is("2020-09-16T12:00")
    home.joinpath("notify.yaml").write_text(ROUTES)


@pytest.fixture
def spared(routed, home):
    settings = home / "watcher.yaml"
    settings.write_text(settings.read_text() + SPARED)


def asked(good, *arguments: str):
    return json.loads(good("route", "test", *arguments, "--format", "json"))


def test_the_way_through_the_tree_is_shown(routed, good):
    said = good("route", "test", 'alertname="A rule"', "severity=critical", "country=Mali").splitlines()
    assert said[:2] == ['alertname="A rule", severity="critical", country="Mali"', "at 2020-09-16 12:00 UTC"]
    assert said[3:10] == [
        "duty",
        '  way       route > routes[0] {severity="critical"}',
        "  channels  duty/file/1",
        '  group by  alertname, country: alertname="A rule", country="Mali"',
        "  times     critical: at once",
        "  reminder  after 7d",
        "  now       sent",
    ]
    assert said[11:13] == ["desk", "  way       route > routes[2]"]


def test_hours_that_are_over_say_when_they_come_again(routed, good):
    found = asked(good, "severity=info", "--at", "2020-09-18T18:00")
    [desk] = found["receivers"]
    assert (desk["out_of_hours"], desk["until"]) == ("outside of office", "2020-09-21T07:00:00+00:00")
    assert "nothing is sent outside of office, until 2020-09-21 07:00 UTC" in good(
        "route", "test", "severity=info", "--at", "2020-09-18T18:00"
    )


def test_what_a_receiver_is_spared_is_shown(spared, good):
    [desk] = asked(good, "severity=warning")["receivers"]
    assert desk["digest"] == {"at": "07:00", "timezone": "Africa/Maputo", "next": "2020-09-17T05:00:00+00:00"}
    assert desk["max_per_hour"] == 3
    text = good("route", "test", "severity=warning")
    assert "digest    at 07:00 Africa/Maputo, next 2020-09-17 05:00 UTC" in text
    assert "at most   3 messages an hour" in text


def test_what_is_critical_does_not_wait_for_the_digest(spared, good):
    assert [each["digest"] for each in asked(good, "severity=critical")["receivers"]] == [None, None]


def test_a_silence_that_mutes_it_is_shown(routed, good):
    good("silence", "add", 'country="Mali"', "--for", "1d", "--comment", "known", "--author", "amina")
    why = "silence 1 of amina, until 2020-09-17 12:00 UTC: known"
    assert asked(good, "country=Mali")["muted"] == why
    assert asked(good, "country=Niger")["muted"] == ""
    assert asked(good, "country=Mali", "--at", "2020-09-18")["muted"] == ""
    assert good("route", "test", "country=Mali").endswith(f"\nNot told now: {why}\n")


def test_without_a_store_the_routes_are_shown_all_the_same(routed, home, good):
    (home / "state" / "watcher.db").unlink()
    found = asked(good, "severity=warning")
    assert found["note"].endswith("silences and inhibitions were not looked at")
    assert [each["receiver"] for each in found["receivers"]] == ["desk"]


@pytest.mark.parametrize(
    ("expected", "code"), [(("desk", "duty"), 0), (("desk",), 1), (("desk", "duty", "test"), 1)], ids=str
)
def test_where_it_goes_can_be_tested(routed, run, expected, code):
    options = [word for each in expected for word in ("--expect", each)]
    assert run("route", "test", "severity=critical", *options).code == code


@pytest.mark.parametrize("text", ["severity", 'severity=~"c.*"', "severity!=critical"])
def test_what_is_no_label_is_refused(routed, run, text):
    said = run("route", "test", text)
    assert (said.code, said.err.startswith(f"watcher: {text!r} is no label")) == (2, True)


def test_the_tree_is_shown(routed, good):
    assert good("route", "show").splitlines() == [
        "every alert  (receiver: desk; group_by: alertname, country; repeat_interval: 7d)",
        '  severity="critical"  (receiver: duty; continue: true)',
        '  severity="info"  (active_time_intervals: office)',
        "  whatever comes  (receiver: desk)",
    ]
