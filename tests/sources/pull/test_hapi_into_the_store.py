"""From HDX HAPI into the store: restated months, what counts as nothing, and what a rule adds up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.installation import Installation, installed
from tests.sources.pull.api import Said
from tests.sources.pull.hapi import IDENTIFIER, Hapi, month
from watcher.core.selector import EVERYTHING
from watcher.sources.pull import hapi
from watcher.store.events import find_events, history
from watcher.store.pulls import find_pulls

SETTINGS = """\
sources:
  monthly:
    kind: hapi
    hold_above: 1
    query_offset: 0d
    allow_networks: [127.0.0.0/8]
    pull: {{url: '{url}', app_identifier: {{env: HAPI_IDENTIFIER}}, from: 2026-08-01, countries: [MOZ], limit: 2}}
"""
RULES = """\
indicators:
  - {indicator: incidents, sum: incidents, where: {event_type: political_violence}, source: monthly}
rules:
  - {alert: Many incidents, threshold: {indicator: incidents, window: 31d}, condition: [value >= 5]}
"""


@pytest.fixture(autouse=True)
def _identifier_and_no_pauses(monkeypatch):
    monkeypatch.setattr(hapi, "_PAUSE", timedelta())
    monkeypatch.setenv("HAPI_IDENTIFIER", IDENTIFIER)


@contextmanager
def asking(folder: Path, api: Hapi) -> Iterator[Installation]:
    """An installation that asks this API."""
    with (
        api.serving() as server,
        installed(folder, settings=SETTINGS.format(url=server.url("")), rules=RULES) as it,
    ):
        yield it


def incidents(it: Installation) -> dict[str, int | None]:
    with it.app.store.reading() as tx:
        return {version.event.admin2: version.event.incidents for version in find_events(tx, EVERYTHING)}


def test_months_are_stored_restated_and_taken_back(tmp_path):
    api = Hapi(rows=[month("P"), month("Q"), month("R", events=0, fatalities=0), month("S", of="2026-11")])
    with asking(tmp_path, api) as it:
        [done] = it.turn("2026-11-20 12:00").ingested
        assert (incidents(it), done.added, done.unchanged) == ({"P": 2, "Q": 2}, 2, 1)
        api.rows = [month("P", events=4), month("Q", events=0, fatalities=0), month("R", events=1), api.rows[3]]
        [done] = it.turn("2026-11-21 12:00").ingested
        assert (incidents(it), done.revised, done.deleted, done.added) == ({"P": 4, "R": 1}, 1, 1, 1)
        [done] = it.turn("2026-12-01 12:00").ingested
        assert (incidents(it), done.added, done.unchanged) == ({"P": 4, "R": 1, "S": 2}, 1, 3)


def test_what_was_not_restated_costs_no_version(tmp_path):
    api = Hapi(rows=[month(f"P{n}") for n in range(5)])
    with asking(tmp_path, api) as it:
        it.turn("2026-11-20 12:00")
        api.rows = [row | {"resource_hdx_id": "another", "warning": "PCode unknown"} for row in api.rows]
        [done] = it.turn("2026-11-21 12:00").ingested
        assert (done.unchanged, done.changed) == (5, 0)
        with it.app.store.reading() as tx:
            [version] = history(tx, "monthly", "MOZ/2/MZ01/MZ01P0/Cabo Delgado/P0/political_violence/2026-10")
        assert (version.revision, version.event.notes) == (1, "PCode unknown")


def test_a_rule_adds_up_the_incidents_of_one_type(tmp_path):
    rows = [month("P"), month("Q", events=3), month("Q", events=40, event_type="civilian_targeting")]
    with asking(tmp_path, Hapi(rows=[*rows, month("P", of="2026-09", events=50)])) as it:
        it.turn("2026-11-20 12:00")
        [told] = it.told()
        assert "5 incidents" in str(told)


def test_nothing_half_is_stored_and_a_killed_pull_goes_on_where_it_was(tmp_path):
    api = Hapi(rows=[month(f"P{n}") for n in range(5)])
    api.fault = lambda asked: Said(503) if asked.asked["offset"] == "2" else None
    with asking(tmp_path, api) as it:
        it.turn("2026-11-20 12:00")
        assert incidents(it) == {}
        api.fault = lambda _: None
        api.asked.clear()
        it.restart()
        it.turn("2026-11-20 12:10")
        assert len(incidents(it)) == 5
        assert api.offsets() == [2, 4, 5]
        spooled = [path.read_text() for path in (it.folder / "state" / "pulls").rglob("*") if path.is_file()]
        assert not any(IDENTIFIER in text for text in spooled)


def test_rows_that_hdx_marks_wrong_wait_in_quarantine_and_a_changed_layout_is_told(tmp_path):
    rows = [month(f"P{n}", lunar_phase="full") for n in range(30)]
    rows[3]["error"] = "no such place"
    with asking(tmp_path, Hapi(rows=rows)) as it:
        [done] = it.turn("2026-11-20 12:00").ingested
        assert (done.added, done.quarantined) == (29, 1)
        with it.app.store.reading() as tx:
            assert [pull.unknown for pull in find_pulls(tx)] == [("lunar_phase",)]
