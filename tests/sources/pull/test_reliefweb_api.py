"""ReliefWeb over its API: every change comes, once, whatever happens meanwhile, and each fault is told in words."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.sources.pull.api import HTML, SILENCE, Client, Fault, Said, always, at, said
from tests.sources.pull.reports import APPNAME, UNAPPROVED, ReliefWeb, disaster, refused, report
from tests.zoo import Server
from watcher.core.errors import SourceUnavailable
from watcher.sources.pull import reliefweb

OPTIONS: dict[str, Any] = {"appname": APPNAME, "from": "2026-01-01"}


@pytest.fixture
def asking(tmp_path):
    """Ask an API, with these options."""
    opened: list[Server] = []

    def ask(api: ReliefWeb, **options: Any) -> Client:
        server = api.serving()
        opened.append(server.__enter__())
        return Client(reliefweb, server, tmp_path, OPTIONS | {"limit": 2} | options)

    yield ask
    for server in opened:
        server.__exit__()


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["id"]) for row in rows]


def moment(minute: int) -> str:
    return f"2026-11-{1 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00+00:00"


# --- what comes -------------------------------------------------------------------------------------------------------


def test_every_page_is_asked_for_and_each_report_comes_once(asking):
    api = ReliefWeb(rows=[report(n, changed=moment(n)) for n in range(1, 8)])
    client = asking(api)
    pulled = client.pull()
    assert ids(pulled.rows) == [1, 2, 3, 4, 5, 6, 7]
    assert {each.path for each in api.asked} == {"/v2/reports"}
    assert len(client.pauses) == len(api.asked) - 1, "we take our time between two pages"


def test_reports_that_were_changed_in_one_second_are_counted_off(asking):
    api = ReliefWeb(rows=[report(n) for n in range(1, 8)])
    assert sorted(ids(asking(api).pull().rows)) == [1, 2, 3, 4, 5, 6, 7]
    assert [each["offset"] for each in api.questions] == [0, 0, 1, 2, 3, 4, 5]


def test_a_report_that_is_changed_meanwhile_shifts_no_other_out_of_sight(asking):
    api = ReliefWeb(rows=[report(n, changed=moment(n)) for n in range(1, 8)])

    def touch(number: int) -> None:
        api.rows[number - 1] = report(number, changed=moment(100 + number))

    api.meanwhile = lambda number: touch(number) if number <= 3 else None
    assert {*ids(asking(api).pull().rows)} == {1, 2, 3, 4, 5, 6, 7}


def test_neither_do_those_that_were_changed_in_one_second(asking):
    api = ReliefWeb(rows=[report(n) for n in range(1, 8)])

    def touch(number: int) -> None:
        if number == 4:
            api.rows[:3] = [report(n, changed=moment(1_000 + n)) for n in range(1, 4)]

    api.meanwhile = touch
    assert {*ids(asking(api).pull().rows)} == {1, 2, 3, 4, 5, 6, 7}


@settings(max_examples=40, deadline=None)
@given(
    minutes=st.lists(st.integers(0, 6), min_size=1, max_size=9),
    touched=st.lists(st.integers(0, 8), max_size=5),
    limit=st.integers(2, 4),
)
def test_nothing_is_missed_whatever_the_stamps_and_whatever_changes_meanwhile(
    tmp_path_factory, minutes, touched, limit
):
    api = ReliefWeb(rows=[report(n, changed=moment(minute)) for n, minute in enumerate(minutes)])

    def meanwhile(number: int) -> None:
        if number <= len(touched) and touched[number - 1] < len(api.rows):
            place = touched[number - 1]
            api.rows[place] = report(place, changed=moment(100 + number))

    api.meanwhile = meanwhile
    with api.serving() as server:
        client = Client(reliefweb, server, tmp_path_factory.mktemp("pull"), OPTIONS | {"limit": limit})
        assert {*ids(client.pull().rows)} == {*range(len(minutes))}


def test_the_next_pull_begins_a_little_before_the_newest_change(asking):
    api = ReliefWeb(rows=[report(1, changed=moment(0)), report(2, changed=moment(3_000))])
    client = asking(api)
    cursor = client.pull().cursor
    api.rows += [report(3, changed=moment(3_001)), report(4, changed=moment(2_000))]
    again = client.pull(cursor=cursor)
    assert ids(again.rows) == [4, 2, 3], "what came out late is within the overlap"
    assert client.pull(cursor=again.cursor).cursor == again.cursor


def test_a_quiet_time_keeps_the_cursor(asking):
    api = ReliefWeb(rows=[report(1)])
    client = asking(api, overlap="0d")
    cursor = client.pull().cursor
    api.rows.clear()
    quiet = client.pull(cursor=cursor)
    assert (quiet.rows, quiet.cursor) == ([], cursor)


def test_with_another_question_everything_is_asked_for_anew(asking):
    api = ReliefWeb(rows=[report(1, changed=moment(0)), report(2, changed=moment(9_000))])
    cursor = asking(api).pull().cursor
    assert ids(asking(api, formats=["Situation Report"]).pull(cursor=cursor).rows) == [1, 2]
    assert ids(asking(api).pull(cursor=cursor).rows) == [2]


def test_asked_anew_since_a_day_the_cursor_stays_where_it_was(asking):
    api = ReliefWeb(rows=[report(1), report(2, changed=moment(30_000), date={"created": "2026-11-20T00:00:00+00:00"})])
    client = asking(api)
    cursor = client.pull().cursor
    again = client.pull(cursor=cursor, since=datetime(2026, 11, 15, tzinfo=UTC).date())
    assert (ids(again.rows), again.cursor) == ([2], cursor)


def test_a_stamp_of_the_future_moves_the_cursor_no_further_than_to_now(asking):
    client = asking(ReliefWeb(rows=[report(1, changed="2031-01-01T00:00:00+00:00")]))
    assert json.loads(client.pull().cursor)["changed"] == client.now.isoformat()


CHOSEN = [
    pytest.param({}, {1, 2}, id="of all countries, and not of the world"),
    pytest.param({"countries": ["Niger"]}, {2}, id="a country by name"),
    pytest.param({"countries": ["MLI", "NE"]}, {1, 2}, id="countries by their codes"),
    pytest.param({"formats": ["Map"]}, {2}, id="a format"),
    pytest.param({"themes": ["Protection and Human Rights"]}, {1, 2}, id="a theme"),
    pytest.param({"query": "Report 1"}, {1}, id="words"),
    pytest.param({"from": "2026-10-31"}, {2}, id="posted from a day on"),
    pytest.param({"content": "disasters"}, {4}, id="disasters"),
]


@pytest.mark.parametrize(("options", "found"), CHOSEN)
def test_what_is_asked_for_comes_and_nothing_else(asking, options, found):
    niger = report(2, iso3="ner", format=[{"name": "Map"}], date={"created": "2026-11-02T00:00:00+00:00"})
    api = ReliefWeb(rows=[report(1), niger, report(3, iso3="wld"), disaster(4)])
    assert {*ids(asking(api, **options).pull().rows)} == found


BAD_OPTIONS = [
    pytest.param(
        {"countries": ["Malli"]}, "'Malli' is no country on the list; did you mean 'Mali'", id="a misspelling"
    ),
    pytest.param({"appname": "me & you"}, "appname", id="a name that is none"),
    pytest.param({"limit": 1_001}, "limit", id="more than it gives"),
    pytest.param({"content": "disasters", "formats": ["Map"]}, "only reports have formats", id="a format of disasters"),
    pytest.param({"url": "http://reliefweb.example"}, "it must begin with https://", id="no encryption"),
]


@pytest.mark.parametrize(("options", "words"), BAD_OPTIONS)
def test_options_that_make_no_sense_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        reliefweb.Settings.model_validate(OPTIONS | options)


def test_a_killed_pull_goes_on_behind_its_last_whole_page(asking):
    api = ReliefWeb(rows=[report(n, changed=moment(n)) for n in range(1, 8)])
    api.fault = at(3, Said(503))
    client = asking(api)
    rows = [json.loads(line) for line in client.persist("it is in trouble itself").splitlines()]
    assert {*ids(rows)} == {1, 2, 3, 4, 5, 6, 7}
    assert len(api.questions) == 6, "no page is asked for twice"


def test_a_key_that_nobody_knows_is_told(asking):
    row = report(1, new_key={"name": "x"})
    assert asking(ReliefWeb(rows=[row])).pull().unknown == {"new_key"}


# --- what is wrong ----------------------------------------------------------------------------------------------------


def envelope(**parts: Any) -> Fault:
    return always(said({"totalCount": 1, "count": 1, "data": [report(1)]} | parts))


NEEDS_PERSON = [
    pytest.param(always(UNAPPROVED), f"it does not know the appname '{APPNAME}' (403: You are not using an approved appname.)", id="an appname that is not approved"),
    pytest.param(always(refused(403, "no", http=200)), f"it does not know the appname '{APPNAME}' (403: no)", id="the same inside HTTP 200"),
    pytest.param(always(Said(403, HTML)), "it refuses us (403, with a web page)", id="a wall"),
    pytest.param(always(refused(410, "This version is gone.")), "this version of its API is gone (410: This version is gone.)", id="a version that is gone"),
    pytest.param(always(Said(404, b"not here")), "there is nothing at this address (404: not here)", id="a moved address"),
    pytest.param(always(refused(400, "unknown field")), "it does not understand what we ask (400: unknown field)", id="a question that it does not know"),
    pytest.param(always(Said(301, b"", {"Location": "https://example.org/"})), "it has moved (301)", id="an address that sends us on"),
    pytest.param(always(Said(200, HTML)), "it answers with a web page instead of data", id="a web page"),
    pytest.param(always(Said(202)), "it answers without data (202): something stands before it that lets only browsers through", id="a challenge for browsers"),
    pytest.param(always(Said(200)), "it answers without data (200): something stands before it that lets only browsers through", id="an empty answer"),
    pytest.param(envelope(data=None), "there are no rows, or no number of them, where they should be", id="no rows"),
    pytest.param(envelope(totalCount="many"), "there are no rows, or no number of them, where they should be", id="no number of rows"),
    pytest.param(always(said([])), "there are no rows, or no number of them, where they should be", id="another layout"),
    pytest.param(envelope(totalCount=0, data=[]), "it answers, and has none of its reports of what is asked", id="nothing at all at first"),
    pytest.param(envelope(totalCount=2, data=[report(1), report(2, changed="2026-10-31T00:00:00+00:00")]), "it does not give them in the order that was asked for", id="another order"),
    pytest.param(envelope(data=[report(1, iso3="ner")]), "it gives what is about other countries than were asked for (ner)", id="other countries"),
]  # fmt: skip
PASSES = [
    pytest.param(always(Said(429, b"slow", {"Retry_After": "60"})), "we asked too often (429: slow)", id="too often"),
    pytest.param(always(Said(503, HTML)), "it is in trouble itself (503, with a web page)", id="in trouble"),
    pytest.param(always(refused(500, "db", http=200)), "it is in trouble itself (500: db)", id="in trouble inside HTTP 200"),
    pytest.param(envelope(error={"message": "maintenance"}), "it reports a fault: maintenance", id="a fault without a number"),
    pytest.param(envelope(error=True), "it reports a fault: without saying which", id="a fault without a word"),
    pytest.param(always(Said(504)), "the answer takes it too long, or is too large (504)", id="too slow"),
    pytest.param(envelope(totalCount=2), "a page has 1 rows and should have 2, so nothing of this pull is stored", id="a short page"),
    pytest.param(always(Said(200, b'{"totalCount": 1, "data": [{"id')), "its answer is no whole JSON", id="half an answer"),
    pytest.param(always(Said(200, b"[" * 100_000)), "its answer nests too deep", id="a nest"),
    pytest.param(envelope(totalCount=6, data=[report(1), report(2)]), "its pages do not follow each other, so nothing of this pull is stored", id="no pages"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "words", "needs_person"),
    [pytest.param(*each.values, needs, id=each.id) for needs, rows in ((True, NEEDS_PERSON), (False, PASSES)) for each in rows],
)  # fmt: skip
def test_each_fault_is_told_in_words(asking, fault, words, needs_person):
    client = asking(ReliefWeb(rows=[report(1)], fault=fault), countries=["Mali"])
    with pytest.raises(SourceUnavailable) as caught:
        client.pull()
    assert words in str(caught.value)
    assert caught.value.needs_person is needs_person


def test_what_does_not_come_in_time_is_told(asking, monkeypatch):
    monkeypatch.setattr(reliefweb, "_DEADLINE", timedelta(seconds=0.2))
    with pytest.raises(SourceUnavailable, match="the deadline passed"):
        asking(ReliefWeb(fault=always(SILENCE))).pull()


def test_who_has_no_approved_name_is_told_where_to_ask(asking):
    with pytest.raises(SourceUnavailable) as caught:
        asking(ReliefWeb(rows=[report(1)]), appname="nobody").pull()
    assert "have it approved: https://apidoc.reliefweb.int" in caught.value.todo


def test_it_is_left_alone_as_long_as_it_says(asking):
    with pytest.raises(SourceUnavailable) as caught:
        asking(ReliefWeb(fault=always(Said(429, b"", {"Retry_After": "3600"})))).pull()
    assert caught.value.wait == timedelta(hours=1)


@settings(max_examples=60, deadline=None)
@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "fields", "date", "changed", "primary_country", "iso3", "data", "totalCount", "status", "error", "message"]), inner, max_size=4), max_leaves=12))  # fmt: skip
def test_whatever_it_answers_is_taken_or_told(tmp_path_factory, value):
    with ReliefWeb(fault=always(said(value))).serving() as server:
        client = Client(reliefweb, server, tmp_path_factory.mktemp("pull"), OPTIONS)
        with suppress(SourceUnavailable):
            assert next(client.pages()).rows >= 0


def test_the_reconstructed_answer_is_taken(asking, real_data):
    body = (real_data / "api_samples" / "reliefweb_v2_reports.reconstructed.json").read_bytes()
    pulled = asking(ReliefWeb(fault=always(Said(200, body)))).pull()
    assert (ids(pulled.rows), pulled.unknown) == ([4142589], frozenset())
