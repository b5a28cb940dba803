"""What changed since the last message: on every reminder and whenever it gets worse, in whole turns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.installation import RULES, Installation, at, installed
from tests.test_recompute import delete
from watcher.core.alert import State

ROUTES = """\
route: {receiver: desk, group_by: [alertname], repeat_interval: 1d}
receivers:
  - {name: desk, file_configs: [{path: desk.jsonl}]}
"""
TIERS = RULES.replace("30d", "10d") + "    severity: {critical: value >= 100, otherwise: warning}\n"


@pytest.fixture
def it(tmp_path):
    """Fired and told on 10 January, by three records."""
    with installed(tmp_path, rules=TIERS, routes=ROUTES) as it:
        it.release("2020-01-08 12:00", "MOZ1  2020-01-01  1  Palma")
        it.turn("2020-01-08 13:00")
        it.release("2020-01-09 12:00", "MOZ2  2020-01-08  20  Palma", "MOZ3  2020-01-08  4  Palma")
        it.turn("2020-01-10")
        assert len(it.subjects()) == 1
        yield it


def told(it: Installation) -> tuple[dict[str, Any], str]:
    """The one new message: the alert's detail, and the text as words."""
    [document] = it.told()
    [detail] = document["watcher"]["alerts"].values()
    return detail, " ".join(document["watcher"]["text"].split())


def test_a_reminder_names_what_the_source_did_and_what_left_the_window(it):
    it.release("2020-01-10 12:00", "MOZ2  2020-01-08  22  Palma", "MOZ4  2020-01-09  3  Palma")
    delete(it, "MOZ3", "2020-01-10 12:00")
    it.turn("2020-01-11 01:00")
    detail, text = told(it)
    changed = detail["changed"]
    assert {kind: changed[kind] for kind in ("new", "deleted", "revised", "left", "entered")} == {
        "new": ["MOZ4"],
        "deleted": ["MOZ3"],
        "revised": ["MOZ2"],
        "left": [],
        "entered": [],
    }
    assert changed["window"] == {"before": ["2019-12-30", "2020-01-08"], "after": ["2019-12-31", "2020-01-09"]}
    assert (changed["before"], changed["after"], changed["since"]) == (25, 26, at("2020-01-10").isoformat())
    assert detail["previous_values"]["value"] == 25
    assert "Since the last message (10 Jan 2020, 00:00 UTC): value 25 → 26; the source deleted 1 record" in text
    assert "Records: 1 deleted (MOZ3), 1 revised (MOZ2), 1 new (MOZ4)." in text


def test_the_next_reminder_speaks_of_what_changed_since_the_last_one(it):
    it.release("2020-01-10 12:00", "MOZ4  2020-01-09  3  Palma")
    it.turn("2020-01-11 01:00")
    it.told()
    it.release("2020-01-11 12:00", "MOZ5  2020-01-11  1  Palma")
    it.turn("2020-01-12 02:00")
    detail, text = told(it)
    assert (detail["changed"]["new"], detail["changed"]["left"]) == (["MOZ5"], ["MOZ1"])
    assert detail["previous_values"]["value"] == detail["changed"]["before"] == 28
    assert "(11 Jan 2020, 01:00 UTC): the numbers are the same; the source added 1 record; the window moved on" in text
    assert "1 new (MOZ5), 1 left the window (MOZ1)." in text


def test_when_nothing_changed_it_says_so(it):
    it.turn("2020-01-11 01:00")
    detail, text = told(it)
    assert detail["changed"]["what"] == ""
    assert "A reminder: it was told before, and goes on. The numbers are the same." in text


def test_what_comes_in_late_with_an_old_stamp_is_news(it):
    it.release("2020-01-09 18:00", "MOZ6  2020-01-08  2  Palma", name="late.csv")
    it.turn("2020-01-11 01:00")
    detail, _ = told(it)
    assert detail["changed"]["new"] == ["MOZ6"]


def test_when_it_gets_worse_it_says_by_what(it):
    it.release("2020-01-10 12:00", "MOZ7  2020-01-10  90  Palma")
    it.turn("2020-01-10 13:00")
    detail, text = told(it)
    assert (detail["severity"], detail["changed"]["new"]) == ("critical", ["MOZ7"])
    assert "Severity warning → critical. Since the last message (10 Jan 2020, 00:00 UTC): value 25 → 115" in text


def test_a_revision_that_was_stamped_before_it_fired_and_came_in_later_takes_it_back(it):
    it.release("2020-01-09 12:00", "MOZ2  2020-01-08  1  Palma", name="late.csv")
    it.turn("2020-01-10 06:00")
    detail, _ = told(it)
    assert detail["state"] == State.RETRACTED.value
    assert (detail["diff"]["revised"], detail["diff"]["before"], detail["diff"]["after"]) == (["MOZ2"], 25, 6)


def test_a_stated_baseline_that_changed_is_named(tmp_path):
    rules = """\
version: 1
citations:
  - {citation: report, title: A report, publisher: A desk, published: 2020-01-03, reliability: B, credibility: 2}
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}}
baselines:
  - {baseline: stated, period: {from: 2019-01-01, to: 2019-12-31}, fatalities: 12, indicators: [deaths], cite: report}
rules:
  - {alert: Faster than stated, pace: {indicator: deaths, above: stated}, condition: [ratio > 1]}
"""
    with installed(tmp_path, rules=rules, routes=ROUTES) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-01-01  0  Palma")
        it.turn("2020-06-01 13:00")
        it.release("2020-06-02 12:00", "MOZ2  2020-06-01  20  Palma")
        it.turn("2020-06-02 13:00")
        it.told()
        it.write_rules(rules.replace("fatalities: 12", "fatalities: 1200"))
        it.turn("2020-06-02 14:00")
        detail, text = told(it)
        assert detail["state"] == State.RETRACTED.value
        assert detail["diff"]["baseline"] == {"output": "baseline_total", "before": 12, "after": 1200}
        assert "the baseline changed from 12 to 1200: 20 → 20 deaths" in text.lower()
