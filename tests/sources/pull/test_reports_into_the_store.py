"""From ReliefWeb into the store: counted, matched, revised where it counts, and quiet where nothing has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation, installed
from tests.sources.pull import test_reliefweb_api
from tests.sources.pull.api import Said, always, at
from tests.sources.pull.reports import UNAPPROVED, ReliefWeb, report
from watcher.core.selector import EVERYTHING
from watcher.retry import retry
from watcher.sources.pull import reliefweb
from watcher.store.events import find_events, history
from watcher.store.pulls import find_pulls
from watcher.store.quarantine import find_quarantined
from watcher.wiring import load_rule_set

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "source-faults.md").read_text("utf-8")
SETTINGS = """\
sources:
  reports:
    kind: reliefweb
    every: 1h
    query_offset: 0d
    hold_above: 1
    bad_rows: 0.5
    allow_networks: [127.0.0.0/8]
    pull: {{url: '{url}', appname: example.org-watcher, from: 2026-01-01, limit: 2}}
"""
RULES = """\
version: 1
indicators:
  - {indicator: reports, title: Reports, count: events, where: {disorder_type: Report}, by: [country]}
rules:
  - alert: Fighting in a title
    match: {where: {source: reports, notes: {contains: fighting}}, by: [country], cluster: 0d}
  - alert: Many reports
    threshold: {indicator: reports, window: 7d}
    condition: [value >= 3]
"""


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(reliefweb, "_PAUSE", timedelta())


@contextmanager
def asking(folder: Path, api: ReliefWeb, **parts: str) -> Iterator[Installation]:
    with api.serving() as server, installed(folder, settings=SETTINGS.format(url=server.url("")), **parts) as it:
        yield it


def reports(number: int, **changes: Any) -> list[dict[str, Any]]:
    """Reports that were posted one day after another."""
    return [
        report(
            n,
            date={
                "original": f"2026-10-{20 + n}T00:00:00+00:00",
                "created": f"2026-10-{20 + n}T08:00:00+00:00",
                "changed": f"2026-10-{20 + n}T09:00:00+00:00",
            },
            **changes,
        )
        for n in range(1, number + 1)
    ]


def titles(it: Installation) -> dict[str, str]:
    with it.app.store.reading() as tx:
        return {each.event.external_id: each.event.notes for each in find_events(tx, EVERYTHING)}


def test_reports_are_counted_and_their_titles_matched(tmp_path):
    api = ReliefWeb(rows=reports(4, title="All quiet"))
    with asking(tmp_path, api, rules=RULES) as it:
        it.turn("2026-11-01 09:00")
        assert [alert.rule for alert in it.alerts().values() if alert.state == "firing"] == ["many-reports"]
        api.rows.append(report(9, title="Heavy FIGHTING near Anywhere"))
        [done] = it.turn("2026-11-01 12:00").ingested
        assert (done.added, done.quarantined) == (1, 0)
        fired = sorted(alert.rule for alert in it.alerts().values() if alert.state == "firing")
        assert fired == ["fighting-in-a-title", "many-reports"]


def test_what_comes_again_costs_no_version_and_what_changes_one(tmp_path):
    api = ReliefWeb(rows=reports(3))
    with asking(tmp_path, api) as it:
        it.turn("2026-11-01 12:00")
        stamp = "2026-11-01T12:30:00+00:00"
        api.rows = [report(1, changed=stamp, title="A better title"), *reports(3)[1:]]
        api.rows[0]["fields"]["date"] |= {"original": "2026-10-21T00:00:00+00:00"}
        [again] = it.turn("2026-11-01 13:00").ingested
        assert (again.revised, again.added) == (0, 0)
        assert titles(it)["1"] == "A better title"
        api.rows[0] = report(1, changed="2026-11-01T13:30:00+00:00", format=[{"name": "Map"}])
        [revised] = it.turn("2026-11-01 14:00").ingested
        assert revised.revised == 1
        with it.app.store.reading() as tx:
            assert [version.event.event_type for version in history(tx, "reports", "1")] == ["Situation Report", "Map"]


def test_nothing_half_is_stored_and_a_killed_pull_goes_on_where_it_was(tmp_path):
    api = ReliefWeb(rows=reports(6), fault=at(3, Said(503)))
    with asking(tmp_path, api) as it:
        it.turn("2026-11-01 12:00")
        assert titles(it) == {}
        asked = len(api.questions)
        it.restart()
        it.turn("2026-11-01 12:10")
        assert len(titles(it)) == 6
        assert api.questions[asked]["filter"]["conditions"][1]["value"]["from"] == "2026-10-23T09:00:00+00:00"


def test_a_report_that_waits_in_quarantine_is_stored_when_it_can_be_read(tmp_path):
    early = report(7, date={"original": "2026-11-05T00:00:00+00:00"})
    with asking(tmp_path, ReliefWeb(rows=[*reports(3), early])) as it:
        [done] = it.turn("2026-11-01 12:00").ingested
        assert (done.added, done.quarantined) == (3, 1)
        with it.app.store.reading() as tx:
            waiting = list(find_quarantined(tx))
        assert "lies in the future" in waiting[0].rejection.reason
        rules = load_rule_set(it.settings)
        [retried] = retry(it.app.store, it.app.feeds["reports"], waiting, rules, now=it.now + timedelta(days=9))
        assert retried.is_read
        assert "7" in titles(it)


def test_a_changed_layout_is_told(tmp_path):
    with asking(tmp_path, ReliefWeb(rows=[report(1, new_key="x")])) as it:
        it.turn("2026-11-01 12:00")
        with it.app.store.reading() as tx:
            assert [pull.unknown for pull in find_pulls(tx)] == [("new_key",)]


# --- what the operator sees -------------------------------------------------------------------------------------------

SEEN = [*test_reliefweb_api.NEEDS_PERSON, *test_reliefweb_api.PASSES]


@pytest.mark.parametrize("words", [pytest.param(each.values[1], id=each.id) for each in SEEN])
def test_the_page_of_faults_says_what_each_means(words):
    assert words in PAGE


def test_an_appname_that_is_not_approved_needs_a_person_at_once(tmp_path):
    with asking(tmp_path, ReliefWeb(fault=always(UNAPPROVED))) as it:
        [failure] = it.turn("2026-11-01 12:00").failures
        assert "reports: 127.0.0.1: it does not know the appname" in str(failure)
        assert it.subjects() == ["[WARNING] reports cannot be read"]
