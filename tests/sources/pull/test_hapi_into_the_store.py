"""From HDX HAPI into the store: restated months, what counts as nothing, and what a rule adds up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.installation import Installation, at, installed
from tests.sources.pull.api import Said
from tests.sources.pull.hapi import IDENTIFIER, Hapi, month
from watcher.core.selector import EVERYTHING
from watcher.ingest import ingest_file
from watcher.sources.pull import hapi
from watcher.spool import Spool
from watcher.store.events import find_events, history
from watcher.store.pulls import find_pulls
from watcher.store.sources import load_totals

SETTINGS = """\
sources:
  monthly:
    kind: hapi
    hold_above: {hold_above}
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
def asking(folder: Path, api: Hapi, *, hold_above: float = 1) -> Iterator[Installation]:
    """An installation that asks this API."""
    with (
        api.serving() as server,
        installed(folder, settings=SETTINGS.format(url=server.url(""), hold_above=hold_above), rules=RULES) as it,
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


def test_figures_that_are_restated_and_then_restated_back_are_what_they_were(tmp_path):
    api = Hapi(rows=[month("P")])
    with asking(tmp_path, api) as it:
        for day, events in (("20", 2), ("21", 4), ("22", 2), ("23", 2)):
            api.rows = [month("P", events=events)]
            [done] = it.turn(f"2026-11-{day} 12:00").ingested
            assert incidents(it) == {"P": events}
        assert done.seen


def vanishing(count: int) -> list[dict[str, object]]:
    """So many districts, and the only one of the month before."""
    return [*(month(f"P{n:02}") for n in range(count)), month("P00", of="2026-09", events=9)]


def districts(it: Installation) -> set[str]:
    with it.app.store.reading() as tx:
        return {version.event.external_id.rpartition("/political")[0] for version in find_events(tx, EVERYTHING)}


@pytest.mark.parametrize(
    ("again", "left"),
    [
        pytest.param([month("Q")], {"MOZ/2/MZ01/MZ01Q/Cabo Delgado/Q"}, id="a row that is not given any more"),
        pytest.param(
            [month("P", admin2_code="MZ0199"), month("Q")],
            {"MOZ/2/MZ01/MZ0199/Cabo Delgado/P", "MOZ/2/MZ01/MZ01Q/Cabo Delgado/Q"},
            id="a place with another code",
        ),
        pytest.param(
            [month("", admin1_code="", admin2_code="", provider_admin1_name="", admin_level=0)],
            {"MOZ/0////"},
            id="a country that is told of at another level",
        ),
        pytest.param([month("R", events=0, fatalities=0)], set(), id="nothing but a row of nothing"),
    ],
)
def test_what_a_restated_month_does_not_tell_of_any_more_is_taken_back(tmp_path, again, left):
    api = Hapi(rows=[month("P"), month("Q")])
    with asking(tmp_path, api) as it:
        it.turn("2026-11-20 12:00")
        api.rows = again
        it.turn("2026-11-21 12:00")
        assert districts(it) == left


@pytest.mark.parametrize("silent", ["2026-09", "2026-10"])
def test_a_month_of_which_no_row_comes_is_no_month_without_violence(tmp_path, silent):
    api = Hapi(rows=vanishing(2))
    with asking(tmp_path, api) as it:
        it.turn("2026-11-20 12:00")
        before = districts(it)
        api.rows = [row for row in api.rows if not row["reference_period_start"].startswith(silent)]
        [done] = it.turn("2026-11-21 12:00").ingested
        assert (done.deleted, districts(it)) == (0, before)
        with it.app.store.reading() as tx:
            assert {version.event.incidents for version in find_events(tx, EVERYTHING)} == {2, 9}


def test_nothing_is_taken_back_while_a_row_cannot_be_read(tmp_path):
    api = Hapi(rows=vanishing(30))
    with asking(tmp_path, api) as it:
        it.turn("2026-11-20 12:00")
        api.rows = [api.rows[0] | {"error": "no such place"}, *api.rows[2:]]
        [done] = it.turn("2026-11-21 12:00").ingested
        assert (done.quarantined, done.deleted) == (1, 0)
        api.rows = vanishing(30)[1:]
        [done] = it.turn("2026-11-22 12:00").ingested
        assert (done.quarantined, done.deleted) == (0, 1)


def test_what_would_vanish_at_once_is_held_for_a_person(tmp_path):
    api = Hapi(rows=vanishing(50))
    with asking(tmp_path, api, hold_above=0.1) as it:
        it.turn("2026-11-20 12:00")
        api.rows = vanishing(29)
        [done] = it.turn("2026-11-21 12:00").ingested
        assert "delete 21 of 51 stored records" in done.held
        assert len(districts(it)) == 50


def test_what_was_put_there_may_be_a_part_of_a_month(tmp_path):
    api = Hapi(rows=vanishing(3))
    with asking(tmp_path, api) as it:
        it.turn("2026-11-20 12:00")
        lines = json.dumps(month("P00", events=5)).encode() + b"\n"
        Spool(it.settings.state_dir / "pulls").put(
            "monthly", lines, rows=1, key="sent", cursor="{}", now=at("2026-11-20 13:00")
        )
        [sent] = it.turn("2026-11-20 13:01").ingested
        (it.folder / "part.jsonl").write_bytes(lines.replace(b"5", b"6"))
        by_hand = ingest_file(
            it.app.store, it.app.feeds["monthly"], it.folder / "part.jsonl", it.app.rules, now=at("2026-11-20 14:00")
        )
        assert (sent.revised, sent.deleted, by_hand.deleted, len(districts(it))) == (1, 0, 0, 3)


def test_a_load_that_was_cut_off_before_the_end_takes_back_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr("watcher.ingest.CHUNK", 2)
    api = Hapi(rows=vanishing(9))
    with asking(tmp_path, api) as it:
        it.turn("2026-11-20 12:00")
        api.rows = vanishing(4)
        with monkeypatch.context() as patch:
            patch.setattr("watcher.ingest.finish_load", _cut)
            with pytest.raises(PowerCut):
                it.turn("2026-11-21 12:00")
        assert len(districts(it)) == 4
        it.restart()
        it.turn("2026-11-21 12:10")
        assert len(districts(it)) == 4
        with it.app.store.reading() as tx:
            assert load_totals(tx)["monthly", "deleted"] == 5


class PowerCut(Exception):
    """The process dies here."""


def _cut(*_: object, **__: object) -> None:
    raise PowerCut
