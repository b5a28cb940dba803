"""From GDELT into the store: articles are counted once, what is missing is told, and nothing half is judged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.installation import Installation, installed
from tests.sources.pull.api import Said
from tests.sources.pull.gdelt import ABSENT, FOLDER, Gdelt, article
from watcher.core.message.phrase import mappings, texts
from watcher.core.selector import EVERYTHING
from watcher.sources.pull import gdelt
from watcher.store.events import find_events, history

SETTINGS = """\
sources:
  attention:
    kind: gdelt
    hold_above: 1
    query_offset: 0d
    allow_networks: [127.0.0.0/8]
    pull: {{url: '{url}', countries: [Mozambique], from: 2026-11-28}}
"""
RULES = """\
indicators:
  - {indicator: articles, count: events, unit: articles, where: {country: Mozambique}, source: attention}
rules:
  - {alert: Many articles, threshold: {indicator: articles, window: 1d}, condition: [value >= 3]}
"""
Q = ["20261128000000", "20261128001500", "20261128003000", "20261128004500"]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(gdelt, "_PAUSE", timedelta())


@contextmanager
def asking(folder: Path, api: Gdelt) -> Iterator[Installation]:
    """An installation that asks this folder."""
    with (
        api.serving() as server,
        installed(folder, settings=SETTINGS.format(url=server.url(FOLDER)), rules=RULES) as it,
    ):
        yield it


def articles(it: Installation) -> list[str]:
    with it.app.store.reading() as tx:
        return sorted(version.event.url.rpartition("/")[2] for version in find_events(tx, EVERYTHING))


def test_a_rule_counts_articles_and_not_what_was_read_out_of_them(tmp_path):
    api = Gdelt(exports={Q[0]: article(1, Q[0]) * 5 + article(2, Q[0])})
    with asking(tmp_path, api) as it:
        it.turn("2026-11-28 00:05")
        assert (articles(it), it.told()) == (["1", "2"], [])
        api.exports[Q[1]] = article(2, Q[1]) + article(3, Q[1])
        [done] = it.turn("2026-11-28 00:20").ingested
        assert (done.added, done.revised, done.unchanged) == (1, 0, 1)
        [told] = it.told()
        assert "3 articles" in str(told)


GRAVE = {"EventCode": "203", "EventRootCode": "20", "Actor1Name": "MILITIA"}
LESSER = {"EventCode": "182", "EventRootCode": "18", "Actor1Name": "STUDENT"}


def codes(it: Installation) -> list[tuple[str, list[str]]]:
    with it.app.store.reading() as tx:
        found = [version.event for version in find_events(tx, EVERYTHING)]
    return [(event.sub_event_type, [actor.name for actor in event.actors]) for event in found]


def test_of_an_article_in_several_exports_of_a_day_the_gravest_stays(tmp_path):
    api = Gdelt(exports={Q[0]: article(1, Q[0])})
    with asking(tmp_path, api) as it:
        it.turn("2026-11-28 00:05")
        api.exports[Q[1]] = article(1, Q[1], **GRAVE)
        [graver] = it.turn("2026-11-28 00:20").ingested
        assert codes(it) == [("203", ["MILITIA", "POLICE", "RIVER FRONT"])]
        api.exports[Q[2]] = article(1, Q[2], **LESSER)
        [named] = it.turn("2026-11-28 00:35").ingested
        assert codes(it) == [("203", ["MILITIA", "POLICE", "RIVER FRONT", "STUDENT"])]
        api.exports[Q[3]] = article(1, Q[3], **LESSER)
        [same] = it.turn("2026-11-28 00:50").ingested
        assert (graver.revised, named.revised, same.unchanged) == (1, 1, 1)


def test_an_export_that_comes_late_counts_from_then_on(tmp_path):
    api = Gdelt(exports={Q[0]: article(0, Q[0]), Q[2]: article(1, Q[2], **LESSER)})
    with asking(tmp_path, api) as it:
        it.turn("2026-11-28 00:35")
        api.exports |= {Q[1]: article(1, Q[1], **GRAVE), Q[3]: b""}
        it.turn("2026-11-28 00:50")
        with it.app.store.reading() as tx:
            [found] = [each for each in find_events(tx, EVERYTHING) if each.event.url.endswith("/1")]
            versions = history(tx, "attention", found.event.external_id)
        assert [each.event.sub_event_type for each in versions] == ["182", "203"]
        assert [f"{each.known_from:%H:%M}" for each in versions] == ["00:30", "00:50"]


def test_a_missing_quarter_of_an_hour_is_told_and_no_longer_when_it_has_come(tmp_path):
    api = Gdelt(exports={stamp: article(n, stamp) for n, stamp in enumerate(Q) if n != 1})
    with asking(tmp_path, api) as it:
        it.turn("2026-11-28 00:50")
        assert articles(it) == ["0", "2", "3"]
        assert not any("gap" in subject for subject in it.subjects())
        api.named = "20261128024500"
        api.exports |= {f"20261128{h:02}{m:02}00": b"" for h in range(3) for m in (0, 15, 30, 45) if (h, m) > (0, 45)}
        it.turn("2026-11-28 02:51")
        it.turn("2026-11-28 02:52")
        assert it.subjects() == ["[INFO] attention has a gap"]
        api.exports[Q[1]] = article(1, Q[1])
        it.turn("2026-11-28 03:06")
        it.turn("2026-11-28 03:07")
        assert articles(it) == ["0", "1", "2", "3"]
        assert [subject.partition(" ")[0] for subject in it.subjects() if "Gap" in subject] == ["[ENDED]"]


def test_nothing_half_is_stored_and_a_killed_pull_goes_on_where_it_was(tmp_path):
    api = Gdelt(exports={stamp: article(n, stamp) for n, stamp in enumerate(Q)})
    api.fault = lambda asked: Said(503) if Q[2] in asked.path else None
    with asking(tmp_path, api) as it:
        it.turn("2026-11-28 00:50")
        assert articles(it) == []
        api.fault = lambda _: None
        api.asked.clear()
        it.restart()
        it.turn("2026-11-28 00:55")
        assert (articles(it), api.stamps()) == (["0", "1", "2", "3"], Q[2:])


def test_a_quiet_quarter_of_an_hour_moves_the_cursor_all_the_same(tmp_path):
    api = Gdelt(exports={Q[0]: article(0, Q[0])})
    with asking(tmp_path, api) as it:
        it.turn("2026-11-28 00:05")
        api.exports[Q[1]] = b""
        api.asked.clear()
        for minute in (20, 25, 35):
            it.turn(f"2026-11-28 00:{minute}")
        assert api.stamps() == [Q[1]]


def test_another_number_of_fields_refuses_the_pull_whole(tmp_path):
    wider = article(0, Q[0]).replace(b"\n", b"\tmore\n")
    with asking(tmp_path, Gdelt(exports={Q[0]: wider})) as it:
        [failure] = it.turn("2026-11-28 00:05").failures
        assert "an export of GDELT has 61" in str(failure)
        assert it.subjects() == ["[WARNING] attention cannot be read"]


def test_a_mirror_that_has_stopped_is_told(tmp_path):
    api = Gdelt(exports={Q[0]: article(0, Q[0])}, fault=lambda asked: ABSENT if "export" in asked.path else None)
    with asking(tmp_path, api) as it:
        [failure] = it.turn("2026-11-28 06:00").failures
        assert "it has stopped: its newest export is of 2026-11-28 00:00 UTC" in str(failure)


def test_who_stands_on_both_sides_of_an_article_is_named_once(tmp_path):
    rows = [article(n, Q[0]) + article(n, Q[0], **LESSER, Actor2Name="RIVER FRONT") for n in range(3)]
    with asking(tmp_path, Gdelt(exports={Q[0]: b"".join(rows)})) as it:
        it.turn("2026-11-28 00:05")
        record = mappings(it.transitions()[-1].evidence["records"])[0]
        assert sorted(texts(record["actors"])) == ["POLICE", "RIVER FRONT", "STUDENT"]
