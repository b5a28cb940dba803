"""Feeds as records: every dialect, damage, and what strangers write to do harm."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.sources.feeds import ATOM, BOMB, INNER, RDF, RSS_09, RSS_091, STEAL, WALL, XHTML, item, rss
from tests.sources.samples import events, the_event, the_rejection
from watcher.core.errors import DataError
from watcher.core.event import Event, Record, Rejection
from watcher.sources import feed, feed_items

TODAY = date(2026, 11, 28)


def read(data: bytes, **options: Any) -> list[Record]:
    chosen = feed.Settings.model_validate({"countries": ["Mali"]} | options)
    return list(feed.read(io.BytesIO(data), source="news", today=TODAY, settings=chosen))


# --- what an item becomes ---------------------------------------------------------------------------------------------


def test_an_item_is_a_record():
    event = the_event(read(rss(item(1))))
    assert (event.source, event.external_id) == ("news", "tag:1")
    assert (event.date_start, event.date_end, event.time_precision) == (date(2026, 11, 3), date(2026, 11, 3), 1)
    assert (event.iso3, event.country) == ("MLI", "Mali")
    assert (event.disorder_type, event.event_type, event.publishers) == ("Report", "Article", "Daily Paper")
    assert event.notes == "Fighting near Anywhere, part 1\nTwo fronts & a bridge"
    assert (event.url, event.tags) == ("https://news.example/1", "category: Conflict")
    assert event.stamp == datetime(2026, 11, 3, 8, tzinfo=UTC)
    assert event.fatalities is None


DIALECTS = [
    pytest.param(ATOM, "urn:1", "Fighting again\nAt a bridge", id="Atom"),
    pytest.param(RDF, "https://news.example/1", "Fighting again", id="RSS 1.0"),
    pytest.param(RSS_091, "https://news.example/1", "Fighting again", id="RSS 0.91, with its list of entities elsewhere"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "key", "notes"), DIALECTS)
def test_every_dialect_is_read(data, key, notes):
    event = the_event(read(data))
    assert (event.external_id, event.date_start, event.notes) == (key, date(2026, 11, 3), notes)


def test_the_newer_of_two_dates_is_the_stamp():
    event = the_event(read(ATOM))
    assert (event.date_start, event.stamp) == (date(2026, 11, 3), datetime(2026, 11, 4, 8, tzinfo=UTC))


WRITTEN = [
    pytest.param(b"\n\n " + rss(item(1)), id="blanks before the preamble"),
    pytest.param(b"\n" + rss(item(1, description="x" * (1 << 20))), id="the same, and much text"),
    pytest.param(rss(item(1), head=""), id="no preamble"),
    pytest.param(b"\xef\xbb\xbf" + rss(item(1)), id="a byte order mark"),
    pytest.param(rss(item(1), head='<?xml version="1.0" encoding="utf-16"?>').decode().encode("utf-16"), id="UTF-16"),
    pytest.param(rss(item(1), item(2, title="War & peace", guid=None, link="https://news.example/2")), id="a bare ampersand"),
    pytest.param(rss(item(1), item(2, title="War&nbsp;&eacute;")), id="entities of HTML"),
    pytest.param(rss(item(1), item(2, title="Ol\u00e9")).decode().encode("latin-1"), id="Latin-1 that says it is UTF-8"),
    pytest.param(rss(item(1)) + b"<!-- 12 ms --><script>", id="something behind the end"),
]  # fmt: skip


@pytest.mark.parametrize("data", WRITTEN)
def test_what_people_can_read_is_read(data):
    found = events(read(data))
    assert found[0].external_id == "tag:1"
    assert len(found) == data.replace(b"\0", b"").count(b"<item>")


KEYS = [
    pytest.param({"guid": "<guid>https://news.example/g</guid>"}, "https://news.example/g", id="a guid that is a link"),
    pytest.param({"guid": None}, "https://news.example/1", id="a link where there is no guid"),
    pytest.param({"guid": None, "link": "HTTPS://News.Example:443/a/?id=7&amp;utm_source=x&amp;fbclid=y#top"}, "https://news.example/a?id=7", id="without what tells who followed it"),
    pytest.param({"guid": None, "link": "//[bad"}, "//[bad", id="a link that is none"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "key"), KEYS)
def test_an_item_is_known_again(changes, key):
    assert the_event(read(rss(item(1, **changes)))).external_id == key


def test_an_old_item_with_a_new_guid_is_known_by_its_link_when_that_is_wanted():
    again = item(1, guid="<guid>another</guid>")
    assert len({each.external_id for each in events(read(rss(item(1), again)))}) == 2
    assert len({each.external_id for each in events(read(rss(item(1), again), identity="link"))}) == 1


def test_a_guid_that_all_items_share_tells_nothing_apart():
    found = events(read(rss(*(item(n, guid="<guid>site</guid>") for n in range(3)))))
    assert sorted(each.external_id for each in found) == [f"https://news.example/{n}" for n in range(3)]


def test_an_item_without_a_title_is_its_summary():
    assert the_event(read(rss(item(1, title=None, description="Calm")))).notes == "Calm"


def test_only_addresses_of_pages_become_links():
    assert the_event(read(rss(item(1, link="javascript:alert(1)")))).url == ""


def test_parts_may_be_the_same_in_all_records():
    constants = {"event_type": "Analysis", "location": "Gao", "publishers": "Desk"}
    event = the_event(read(rss(item(1)), constants=constants))
    assert (event.event_type, event.location, event.publishers) == ("Analysis", "Gao", "Desk")


ABOUT = [
    pytest.param({"title": "Niger and Mali talk"}, "NER", id="the one that the title names first"),
    pytest.param({"category": "Niger", "description": "Guinea", "title": "Mali"}, "MLI", id="rather than another text"),
    pytest.param({"title": "Calm", "category": "Mali", "description": "Niger"}, "MLI", id="else a category"),
    pytest.param({"title": "Calm", "description": "In northern Mali, near Niger"}, "MLI", id="else the summary"),
    pytest.param({"title": "Nigeria and Guinea-Bissau"}, None, id="not a part of another name"),
    pytest.param({"title": "Guinea-Bissau, then Guinea"}, "GIN", id="the name itself, behind a longer one"),
    pytest.param({"title": "Calm", "category": None, "description": None}, None, id="none"),
]


@pytest.mark.parametrize(("changes", "iso3"), ABOUT)
def test_of_several_countries_an_item_is_about_the_one_it_names_first(changes, iso3):
    found = read(rss(item(1, **changes)), countries=["Mali", "Niger", "Guinea"])
    assert [each.iso3 for each in events(found)] == ([iso3] if iso3 else [])
    assert len(found) == len(events(found)), "what is about none of them is passed over"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"countries": []}, "at least 1 item", id="no country"),
        pytest.param({"countries": ["Malli"]}, "did you mean 'Mali'", id="a misspelling"),
        pytest.param({"constants": {"fatalities": "3"}}, "constants", id="deaths that nobody counted"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        read(b"", **options)


# --- what waits -------------------------------------------------------------------------------------------------------

REJECTED = [
    pytest.param({"pubDate": None}, "published", "there is no date", id="no date"),
    pytest.param({"pubDate": "next Tuesday"}, "published", "'next Tuesday' is no date as feeds write them", id="a date in words"),
    pytest.param({"pubDate": "Tue, 31 Feb 2026 10:00:00 GMT"}, "published", "is no date as feeds write them", id="a day that is none"),
    pytest.param({"pubDate": "2026-11"}, "published", "'2026-11' is no date as feeds write them", id="a month"),
    pytest.param({"pubDate": "1793700000"}, "published", "is no date as feeds write them", id="seconds"),
    pytest.param({"pubDate": "Thu, 01 Jan 1970 00:00:00 GMT"}, "published", "is no moment between 2000-01-01 and tomorrow", id="the beginning of all clocks"),
    pytest.param({"pubDate": "Sun, 03 Jan 2027 10:00:00 GMT"}, "published", "is no moment between 2000-01-01 and tomorrow", id="a day to come"),
    pytest.param({"guid": None, "link": None}, "id", "there is neither a guid nor a link", id="nothing to know it by"),
    pytest.param({"guid": f"<guid>{'x' * 1_001}</guid>"}, "id", "is longer than 1,000 characters", id="an endless guid"),
    pytest.param({"title": None, "description": None}, "title", "is empty, and must not be", id="not a word"),
    pytest.param({"title": "a\0b"}, "title", "holds a NUL character", id="NUL"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "column", "reason"), REJECTED)
def test_what_cannot_be_read_waits_in_quarantine_and_costs_no_other(changes, column, reason):
    bad, good = read(rss(item(1, **changes), item(2)))
    rejection = the_rejection([bad])
    assert (rejection.column, rejection.row) == (column, 1)
    assert reason in rejection.reason
    assert the_event([good]).external_id == "tag:2"
    again = the_rejection(read(rejection.raw.encode() + b"\n"))
    assert again.reason == rejection.reason, "its line can be read by itself"


def test_the_first_feeds_have_no_dates_and_wait():
    assert the_rejection(read(RSS_09)).reason == "there is no date"


def test_a_line_of_quarantine_becomes_a_record_when_it_can_be_read():
    line = json.loads(the_rejection(read(rss(item(1, pubDate=None)))).raw)
    line["published"] = "2026-11-03T08:00:00+00:00"
    assert the_event(read(json.dumps(line).encode())).external_id == "tag:1"


def test_items_before_a_day_are_rejected():
    assert "this source begins on 2026-11-04" in the_rejection(read(rss(item(1)), earliest="2026-11-04")).reason


# --- what is refused --------------------------------------------------------------------------------------------------

REFUSED = [
    pytest.param(WALL, "this is a web page, and no feed", id="a wall"),
    pytest.param(XHTML, "this is a web page, and no feed", id="a page that is XML"),
    pytest.param(b"<div>Just a moment</div>", "its first element is 'div'", id="a piece of a page"),
    pytest.param(b"<opml><body/></opml>", "its first element is 'opml'", id="a list of feeds"),
    pytest.param(b"<<<<", "this is no feed", id="nothing at all"),
    pytest.param(BOMB, "declares entities", id="a bomb"),
    pytest.param(BOMB.replace(b"&a11;", b"&a11;&"), "declares entities", id="a bomb that is not well-formed"),
    pytest.param(BOMB.replace(b"[", b"[<!BAD>"), "declares entities", id="a bomb behind damage"),
    pytest.param(BOMB.replace(b"[", b"[<!BAD>").decode().encode("utf-16"), "declares entities", id="the same in UTF-16"),
    pytest.param(b'<?xml version="1.0" encoding="utf-7"?>' + BOMB.replace(b"<!E", b"+ADwAIQ-E"), "declares entities", id="the same where letters hide"),
    pytest.param(STEAL, "declares entities", id="a file of ours"),
    pytest.param(INNER, "declares entities", id="entities of the declaration itself"),
    pytest.param(rss("<a>" * 70 + "</a>" * 70), "nests deeper than 64", id="a nest"),
    pytest.param(rss("<item/>" * 50_001), "more than 50,000", id="far too many elements"),
    pytest.param(rss("&" + "<item>" * 100_001), "more than 50,000", id="the same behind damage"),
    pytest.param(rss("&" + "x" * (1 << 20)), "not well-formed, and larger than 1 MB", id="much damage"),
    pytest.param(rss("x" * (10 << 20)), "larger than 10 MB", id="more than any feed"),
    pytest.param(rss(item(1))[:-9], "cut off before its end", id="half a feed"),
    pytest.param(b"", "there is no line of text", id="nothing"),
    pytest.param(b"title,date\n", "neither XML nor JSON Lines", id="a table"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "words"), REFUSED)
def test_what_is_no_feed_or_does_harm_is_refused_at_once(data, words):
    start = time.process_time()
    with pytest.raises(DataError, match=words):
        read(data)
    assert time.process_time() - start < 2


def test_a_feed_is_never_taken_for_an_address_or_a_file(tmp_path):
    path = tmp_path / "feed.xml"
    path.write_bytes(rss(item(1)))
    with pytest.raises(DataError):
        feed_items.lines_of_feed(str(path).encode())


def test_long_texts_are_cut_and_long_lists_as_well():
    long = item(
        1,
        title="x" * 5_000,
        description="y" * 50_000,
        category="".join(f"<category>c{n}</category>" for n in range(50)),
    )
    event = the_event(read(rss(long)))
    assert len(event.notes) == 2_000 + 1 + 2_000
    assert event.tags.count("category: ") == 20


def test_without_the_package_it_is_said_what_to_install():
    script = (
        "import sys; sys.modules['feedparser'] = None\n"
        "from watcher.core.errors import DataError; from watcher.sources import feed_items\n"
        "try: feed_items.lines_of_feed(b'<rss><channel/></rss>')\nexcept DataError as error: print(error)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert "the package that reads them is not installed (pip install 'watcher[rss]')" in done.stdout


PIECES = ["<rss>", "</rss>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<guid>", "<pubDate>", "2026", "&", "&amp;", "&#x0;", "&#xD800;", "<![CDATA[", "]]>", "<!DOCTYPE", "<!ENTITY a 'b'>", "<?x", "\0", "\ufffe", "<feed>", "<entry>", "<link href=''/>", "<content type='xhtml'>", "<?xml version='1.0' encoding='utf-7'?>", "<georss:point>", "<a b='", "--"]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=25), inside=st.booleans())
def test_whatever_is_written_is_read_or_refused(pieces, inside):
    text = "".join(pieces).encode("utf-8", "surrogatepass")
    try:
        found = read(rss(item(1)).replace(b"<item>", text + b"<item>") if inside else text)
    except DataError:
        return
    assert all(isinstance(each, Event | Rejection) for each in found)
