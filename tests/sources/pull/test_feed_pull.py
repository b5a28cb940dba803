"""A feed at an address: asked for when it has changed, stored, matched, and each fault told in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation, installed
from tests.sources.feeds import ATOM, BOMB, WALL, XHTML, item, rss
from tests.sources.pull.api import Client
from tests.zoo import Act, Server, answer, hang_up
from watcher.core.errors import SourceUnavailable
from watcher.core.selector import EVERYTHING
from watcher.sources.pull import feed
from watcher.store.events import find_events, history
from watcher.store.quarantine import find_quarantined

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "source-faults.md").read_text("utf-8")
SETTINGS = """\
sources:
  news:
    kind: feed
    every: 1h
    query_offset: 0d
    allow_networks: [127.0.0.0/8]
    pull: {{url: '{url}'}}
    options: {{countries: [Mali, Niger]}}
"""
RULES = """\
version: 1
rules:
  - alert: Drones in the news
    match: {where: {source: news, notes: {contains: drone}}, by: [country], cluster: 0d}
"""


@contextmanager
def asking(folder: Path, *acts: Act, **parts: str) -> Iterator[tuple[Installation, Server]]:
    server = Server(*acts)
    with server, installed(folder, settings=SETTINGS.format(url=server.url("/rss")), **parts) as it:
        yield it, server


def mali(number: int, **changes: Any) -> str:
    return item(number, **({"title": f"Mali: fighting, part {number}"} | changes))


def news(*items: str) -> Act:
    return answer(200, body=rss(*items))


def titles(it: Installation) -> dict[str, str]:
    with it.app.store.reading() as tx:
        return {each.event.external_id: each.event.notes.split("\n")[0] for each in find_events(tx, EVERYTHING)}


# --- what becomes of it -----------------------------------------------------------------------------------------------


def test_a_word_in_the_news_is_told_once(tmp_path):
    drone = mali(2, title="A drone over Mali", pubDate="Wed, 04 Nov 2026 08:00:00 GMT")
    acts = (news(mali(1)), news(mali(1), drone), news(drone, mali(1)))
    with asking(tmp_path, *acts, rules=RULES) as (it, _):
        it.turn("2026-11-04 10:00")
        assert it.alerts() == {}
        it.turn("2026-11-04 11:00")
        assert [alert.rule for alert in it.alerts().values() if alert.state == "firing"] == ["drones-in-the-news"]
        assert it.subjects() == ["[WARNING] Mali: 1 report on 4 Nov 2026: “A drone over Mali”"]
        it.turn("2026-11-04 12:00")
        assert it.told() == []


def test_it_is_asked_for_only_when_it_has_changed(tmp_path):
    acts = (answer(200, body=rss(mali(1)), ETag='"one"', Last_Modified="Tue, 03 Nov 2026 10:00:00 GMT"), answer(304))
    with asking(tmp_path, *acts) as (it, server):
        it.turn("2026-11-04 10:00")
        done = it.turn("2026-11-04 11:00")
        assert (done.ingested, done.failures) == ((), ())
        first, second = server.requests
        assert "if-none-match" not in first.headers
        assert second.headers["if-none-match"] == '"one"'
        assert second.headers["if-modified-since"] == "Tue, 03 Nov 2026 10:00:00 GMT"
        assert "rss" in first.headers["accept"]


def test_what_comes_again_costs_no_version_and_a_new_title_none_either(tmp_path):
    acts = (
        news(mali(1)),
        news(mali(1, title="Mali: a better title")),
        news(mali(1, pubDate="Wed, 04 Nov 2026 08:00:00 GMT")),
    )
    with asking(tmp_path, *acts) as (it, _):
        it.turn("2026-11-04 10:00")
        [again] = it.turn("2026-11-04 11:00").ingested
        assert (again.added, again.revised, again.unchanged) == (0, 0, 1)
        assert titles(it) == {"tag:1": "Mali: a better title"}
        [moved] = it.turn("2026-11-04 12:00").ingested
        assert moved.revised == 1, "another day is another version"
        with it.app.store.reading() as tx:
            assert len(history(tx, "news", "tag:1")) == 2


def test_what_a_feed_has_no_more_stays(tmp_path):
    with asking(tmp_path, news(mali(1)), news(mali(2)), news()) as (it, _):
        for hour in (10, 11, 12):
            assert it.turn(f"2026-11-04 {hour}:00").failures == ()
        assert sorted(titles(it)) == ["tag:1", "tag:2"]


def test_an_item_without_a_date_waits_and_the_others_are_stored(tmp_path):
    with asking(tmp_path, news(*(mali(n) for n in range(30)), mali(30, pubDate=None))) as (it, _):
        [done] = it.turn("2026-11-04 10:00").ingested
        assert (done.added, done.quarantined) == (30, 1)
        with it.app.store.reading() as tx:
            assert [each.rejection.reason for each in find_quarantined(tx)] == ["there is no date"]


def test_a_feed_that_has_moved_is_followed(tmp_path):
    with Server(news(mali(1))) as there, asking(tmp_path, answer(301, Location=there.url("/new"))) as (it, _):
        it.turn("2026-11-04 10:00")
        assert list(titles(it)) == ["tag:1"]


def test_a_wall_for_an_hour_is_no_empty_feed(tmp_path):
    acts = (news(mali(1)), answer(200, body=WALL, ETag='"wall"'), news(mali(1), mali(2)))
    with asking(tmp_path, *acts) as (it, server):
        it.turn("2026-11-04 10:00")
        [failure] = it.turn("2026-11-04 11:00").failures
        assert "news: 127.0.0.1: it answers with a web page instead of data" in str(failure)
        assert it.subjects() == ["[WARNING] news cannot be read"]
        it.turn("2026-11-04 12:00")
        assert "if-none-match" not in server.requests[-1].headers, "what the wall called itself is forgotten"
        assert sorted(titles(it)) == ["tag:1", "tag:2"]


def test_a_silent_feed_is_told(tmp_path):
    with asking(tmp_path, news(mali(1))) as (it, _):
        it.turn("2026-11-04 10:00")
        it.told()
        it.turn("2026-11-19 10:00")
        assert it.subjects() == ["[WARNING] news brings nothing new"]


# --- asking it --------------------------------------------------------------------------------------------------------


def pulled(folder: Path, act: Act, **where: Any) -> Any:
    with Server(act) as server:
        return Client(feed, server, folder, {}).pull(**where)


def test_asked_anew_it_is_not_asked_whether_it_has_changed(tmp_path):
    with Server(answer(200, body=ATOM)) as server:
        client = Client(feed, server, tmp_path, {})
        client.pull(cursor='{"etag": "\\"one\\""}', since=client.now.date())
        assert "if-none-match" not in server.requests[0].headers


def test_an_empty_feed_is_no_fault(tmp_path):
    assert pulled(tmp_path, news()).rows == []


NEEDS_PERSON = [
    pytest.param(answer(200, body=WALL), "it answers with a web page instead of data", id="a wall"),
    pytest.param(answer(200, body=XHTML), "this is a web page, and no feed", id="a page that is XML"),
    pytest.param(answer(200, body=b'{"items": []}'), "this is no feed", id="JSON"),
    pytest.param(answer(200, body=b"<opml><body/></opml>"), "this is no feed: its first element is 'opml'", id="a list of feeds"),
    pytest.param(answer(200, body=BOMB), "the feed declares entities, by which a few lines can grow without end", id="a bomb"),
    pytest.param(answer(200, body=rss("<a>" * 99 + "</a>" * 99)), "the feed nests deeper than 64 elements, or has more than 50,000", id="a nest"),
    pytest.param(answer(200, body=b"<rss>" + b"x" * (10 << 20)), "its answer is larger than 10,485,760 bytes", id="an endless answer"),
    pytest.param(answer(200, body=rss("&" * (1 << 20))), "the feed is not well-formed, and larger than 1 MB", id="much damage"),
    pytest.param(answer(410), "there is nothing at this address (410)", id="gone for good"),
    pytest.param(answer(404), "there is nothing at this address (404)", id="a moved address"),
    pytest.param(answer(403, body=WALL), "it refuses us (403, with a web page)", id="a refusal"),
    pytest.param(answer(401), "it refuses us (401)", id="a feed for members"),
    pytest.param(answer(302, Location="/rss"), "it sends us on and on", id="a circle"),
]  # fmt: skip
PASSES = [
    pytest.param(answer(200), "its answer is empty, without even a feed", id="an empty answer"),
    pytest.param(answer(200, body=rss(item(1))[:-9]), "the feed is cut off before its end", id="half a feed"),
    pytest.param(answer(429, Retry_After="60"), "we asked too often (429)", id="too often"),
    pytest.param(answer(503), "it is in trouble itself (503)", id="in trouble"),
    pytest.param(answer(301, Location="http://127.0.0.2:1/"), "nobody takes the connection", id="moved to nowhere"),
    pytest.param(hang_up, "the connection was cut", id="a cut connection"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("act", "words", "needs_person"),
    [pytest.param(*each.values, needs, id=each.id) for needs, rows in ((True, NEEDS_PERSON), (False, PASSES)) for each in rows],
)  # fmt: skip
def test_each_fault_is_told_in_words(tmp_path, act, words, needs_person):
    with pytest.raises(SourceUnavailable) as caught:
        pulled(tmp_path, act)
    assert words in str(caught.value)
    assert caught.value.needs_person is needs_person
    assert words in PAGE, "the page of faults says what it means"
