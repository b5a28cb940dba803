"""ACLED over its API: what is asked, what is made of the answers, and what each fault means to the operator."""

from __future__ import annotations

import io
import json
import stat
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.sources.pull.api import (
    COUNTS,
    HTML,
    NOW,
    PASSWORD,
    SECRETS,
    SILENCE,
    USER,
    Acled,
    Asked,
    Client,
    Fault,
    Said,
    always,
    at,
    deletion,
    event,
    said,
    together,
)
from tests.zoo import Server
from watcher.core.errors import SourceUnavailable
from watcher.core.event import Deletion, Event, Record, Rejection
from watcher.sources import acled as reader
from watcher.sources.pull import Page, acled

OPTIONS: dict[str, Any] = {"user": {"env": "USER"}, "password": {"env": "PASSWORD"}, "from": date(2026, 1, 1)}
EVENTS, DELETIONS = "/api/acled/read", "/api/deleted/read"


def records(lines: bytes) -> list[Record]:
    return list(reader.read(io.BytesIO(lines), source="acled", today=NOW.date(), settings=reader.Settings()))


@pytest.fixture
def asking(tmp_path):
    """Ask an API, with these options."""
    opened: list[Server] = []

    def ask(api: Acled, **options: Any) -> Client:
        server = api.serving()
        opened.append(server.__enter__())
        return Client(acled, server, tmp_path, OPTIONS | {"limit": 2} | options)

    yield ask
    for server in opened:
        server.__exit__()


def failing(client: Client, **where: Any) -> SourceUnavailable:
    with pytest.raises(SourceUnavailable) as caught:
        client.pull(**where)
    assert not any(secret in str(caught.value) for secret in (USER, PASSWORD, "access-", "refresh-"))
    return caught.value


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_a_first_pull_takes_the_history_and_what_was_deleted_page_by_page_until_an_empty_one(asking):
    api = Acled(rows=[event(n) for n in range(5)], deleted=[deletion(9)])
    client = asking(api)
    pulled = client.pull()
    assert [type(each) for each in records(pulled.lines)] == [Event] * 5 + [Deletion]
    pages = [(each.path, each.asked["page"]) for each in api.asked]
    assert pages == [(EVENTS, "1"), (EVENTS, "2"), (EVENTS, "3"), (EVENTS, "4"), (DELETIONS, "1"), (DELETIONS, "2")]
    assert all(each.asked["_format"] == "json" and "timestamp" not in each.asked for each in api.asked)
    first_day = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    assert api.asked[-1].asked["deleted_timestamp"] == str(first_day - 2 * 86_400)
    assert set(client.pauses) == {timedelta(milliseconds=250)}
    assert len(client.pauses) == len(api.asked) - 1


def test_a_long_history_is_asked_for_year_by_year(asking):
    api = Acled(rows=[event(1, day="2024-03-01"), event(2, day="2025-12-31"), event(3)])
    client = asking(api, **{"from": date(2024, 2, 1)})
    assert len(client.pull().rows) == 3
    days = [each.asked["event_date"] for each in api.asked if each.path == EVENTS]
    assert list(dict.fromkeys(days)) == ["2024-02-01|2024-12-31", "2025-01-01|2025-12-31", "2026-01-01"]


def test_the_next_pull_asks_for_what_was_stamped_since_with_an_overlap(asking):
    newest = 1_790_000_000
    api = Acled(rows=[event(1), event(2, stamp=newest)], deleted=[deletion(7, stamp=newest + 9)])
    client = asking(api)
    cursor = client.pull().cursor
    api.asked.clear()
    api.rows.append(event(3, stamp=newest - 86_400))
    again = client.pull(cursor=cursor)
    assert [row["event_id_cnty"] for row in again.rows] == ["MLI2", "MLI3", "MLI7"]
    assert api.asked[0].asked["timestamp"] == str(newest - 2 * 86_400)
    assert api.asked[-1].asked["deleted_timestamp"] == str(newest + 9 - 2 * 86_400)
    assert again.cursor == cursor


@pytest.mark.parametrize("stamp", [int(NOW.timestamp()) + 72_000, 4_000_000_000], ids=["tomorrow", "2096"])
def test_a_stamp_of_the_future_does_not_move_the_cursor_there(asking, stamp):
    api = Acled(rows=[event(1, stamp=1_790_000_000), event(2, stamp=stamp)])
    assert json.loads(asking(api).pull().cursor)["timestamp"] <= NOW.timestamp()


def test_another_question_takes_the_history_anew(asking):
    api = Acled(rows=[event(1), event(2, iso="508", country="Mozambique", stamp=1_700_000_000)])
    cursor = asking(api, countries=("Mali",)).pull().cursor
    assert len(asking(api, countries=("Mali", "Mozambique")).pull(cursor=cursor).rows) == 2


def test_what_is_asked_for_is_what_the_options_say(asking):
    api = Acled(rows=[event(1), event(2, iso="508"), event(3, event_type="Protests")])
    options = {
        "countries": ("Mali", "MOZ"),
        "regions": ("Western Africa", "eastern africa"),
        "event_types": ("Battles",),
    }
    assert len(asking(api, **options).pull().rows) == 2
    asked = api.asked[0].asked
    assert (asked["iso"], asked["region"], asked["event_type"]) == ("466|508", "1|3", "Battles")
    assert asked["event_type_where"] == "="


def test_asking_anew_from_a_day_leaves_the_cursor_where_it_was(asking):
    api = Acled(rows=[event(1, day="2026-02-01"), event(2, stamp=1_790_000_000)])
    client = asking(api)
    cursor = client.pull().cursor
    api.rows.append(event(3, day="2026-07-01", stamp=1_795_000_000))
    again = client.pull(cursor=cursor, since=date(2026, 6, 1))
    assert [row["event_id_cnty"] for row in again.rows] == ["MLI2", "MLI3"]
    assert again.cursor == cursor
    first = client.pull(since=date(2026, 6, 1)).cursor
    assert len(client.pull(cursor=first).rows) == 3, "a first pull of some days is no history"


REFUSED_OPTIONS = [
    pytest.param({"countries": ("Malli",)}, "did you mean 'Mali'", id="a country that is misspelt"),
    pytest.param({"countries": ("Kosovo",)}, "no country that ACLED has a number for", id="a country without a number"),
    pytest.param(
        {"regions": ("Sahel",)}, "no region of ACLED; they are: Western Africa", id="a region it does not have"
    ),
    pytest.param({"event_types": ("A|B",)}, "should match pattern", id="two event types in one"),
    pytest.param({"url": "http://acleddata.com"}, "must begin with https://", id="a password without encryption"),
    pytest.param({"from": date(1996, 12, 31)}, "greater than or equal to 1997-01-01", id="before ACLED begins"),
]


@pytest.mark.parametrize(("options", "words"), REFUSED_OPTIONS)
def test_options_that_cannot_be_asked_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        acled.Settings.model_validate(OPTIONS | options)


# --- the login --------------------------------------------------------------------------------------------------------


def test_the_next_run_uses_the_same_token_from_a_file_that_nobody_else_can_read(asking):
    api = Acled(rows=[event(1)])
    client = asking(api)
    client.pull()
    client.pull()
    assert [login["grant_type"] for login in api.logins] == ["password"]
    assert stat.S_IMODE(client.access.tokens.stat().st_mode) == 0o600
    assert [path.name for path in client.access.tokens.parent.iterdir()] == ["source.tokens"]


def test_a_token_that_runs_out_is_renewed_without_the_password(asking):
    api = Acled(rows=[event(1)])
    client = asking(api)
    client.pull()
    client.now = NOW + timedelta(hours=24)
    client.pull()
    assert [login["grant_type"] for login in api.logins] == ["password", "refresh_token"]
    assert "password" not in api.logins[1]


def test_a_token_that_cannot_be_renewed_is_got_with_the_password(asking):
    api = Acled(rows=[event(1)])
    client = asking(api)
    client.pull()
    api.tokens.clear()
    api.refreshes.clear()
    client.pull()
    assert [login["grant_type"] for login in api.logins] == ["password", "refresh_token", "password"]


def test_a_token_that_is_refused_in_mid_pull_is_renewed_once(asking):
    api = Acled(rows=[event(n) for n in range(5)])
    client = asking(api)
    client.pull()
    api.fault = lambda asked: api.tokens.clear() if asked.asked["page"] == "2" and len(api.logins) == 1 else None
    assert len(client.pull().rows) == 5
    assert len(api.logins) == 2


def test_what_gets_tokens_is_kept_where_no_other_is_handed_out(asking):
    api = Acled(rows=[event(1)], tokens={"again"})
    client = asking(api)
    client.pull()
    again = said({"access_token": "again", "expires_in": "86400"})
    api.login_fault = lambda form: again if form.get("refresh_token") == "refresh-1" else None
    for days in (1, 2):
        client.now = NOW + timedelta(days=days)
        client.pull()
    assert [login["grant_type"] for login in api.logins] == ["password", "refresh_token", "refresh_token"]


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        pytest.param("expires_in", "9" * 5_000, id="for ever and ever"),
        pytest.param("refresh_token", "\ud800", id="and another that cannot be sent"),
        pytest.param("refresh_token", ["x"], id="and another that is none"),
    ],
)
def test_a_login_that_hands_out_a_token(asking, name, odd):
    api = Acled(rows=[event(1)], tokens={"this"})
    api.login_fault = lambda form: said({"access_token": "this", name: odd}) if len(api.logins) == 1 else None
    client = asking(api)
    for days in (0, 40):
        client.now = NOW + timedelta(days=days)
        assert len(client.pull().rows) == 1


def test_a_token_that_was_half_written_is_in_nobodys_way(asking):
    api = Acled(rows=[event(1)])
    client = asking(api)
    client.access.tokens.parent.mkdir()
    client.access.tokens.with_name("source.tokens.tmp").write_text("ha")
    assert len(client.pull().rows) == 1


@pytest.mark.parametrize("damage", ["{", "[]", '{"for": 1}', '{"for": "x", "access": "stolen"}'])
def test_a_damaged_file_of_tokens_is_passed_over(asking, damage):
    api = Acled(rows=[event(1)])
    client = asking(api)
    client.access.tokens.parent.mkdir()
    client.access.tokens.write_text(damage)
    client.access.tokens.chmod(0o600)
    assert len(client.pull().rows) == 1


def test_tokens_that_others_could_read_or_of_another_account_are_not_used(asking, monkeypatch):
    api = Acled(rows=[event(1)])
    client = asking(api)
    client.pull()
    client.access.tokens.chmod(0o644)
    client.pull()
    assert len(api.logins) == 2
    monkeypatch.setitem(SECRETS, "USER", "other@example.org")
    assert "the login is refused" in str(failing(client))


LOGIN_FAULTS = [
    pytest.param(said({"error": "invalid_grant", "message": f"no {USER}"}, 400), "the user name or the password is wrong", id="a wrong password"),
    pytest.param(said({"error": "invalid_grant"}), "the user name or the password is wrong", id="a wrong password under HTTP 200"),
    pytest.param(Said(401, b"no"), "the user name or the password is wrong", id="a wrong password without JSON"),
    pytest.param(said({"error": "invalid_scope"}, 400), "wants something else than we say (invalid_scope)", id="another scope"),
    pytest.param(said({"token_type": "Bearer"}), "hands out no token", id="an answer without a token"),
    pytest.param(said({"access_token": "a\nb"}), "hands out no token", id="a token that is none"),
    pytest.param(Said(403, HTML), "it answers with a web page", id="a block page"),
    pytest.param(Said(303, b"", {"Location": "/user"}), "its login has moved (303)", id="a login that has moved"),
    pytest.param(Said(404, b"no"), "there is nothing at this address (404)", id="no login there"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "words"), LOGIN_FAULTS)
def test_what_is_wrong_with_the_login_is_told_in_words_and_needs_a_person(asking, fault, words):
    error = failing(asking(Acled(login_fault=lambda _: fault)))
    assert words in str(error)
    assert error.needs_person
    assert error.where == "127.0.0.1"


def test_a_login_in_trouble_is_tried_again_later(asking):
    error = failing(asking(Acled(login_fault=lambda _: Said(503, b"", {"Retry_After": "90"}))))
    assert (error.needs_person, error.wait) == (False, timedelta(seconds=90))


# --- faults -----------------------------------------------------------------------------------------------------------

TIER = "the login is good, and the account may not read events (403: Access denied)"
NEEDS_PERSON = [
    pytest.param(said({"message": "Access denied"}, 403), TIER, id="no access to the API, or terms not accepted"),
    pytest.param(said({"status": 403, "success": False, "error": [{"message": "Access denied"}]}), TIER, id="the same under HTTP 200"),
    pytest.param(said({"success": False, "error": [{"status": 403, "message": "Access denied"}]}), TIER, id="the same with the status inside"),
    pytest.param(said({"success": False, "error": {"status": 403, "message": "Access denied"}}), TIER, id="the same in the old envelope"),
    pytest.param(said({"message": "Access denied"}), TIER, id="the same without any status"),
    pytest.param(said({"message": "Unauthenticated."}, 401), "the token that it hands out is refused (401: Unauthenticated.)", id="a good token that is refused"),
    pytest.param(Said(403, HTML), "it answers with a web page", id="a block page"),
    pytest.param(Said(200, HTML), "it answers with a web page", id="a web page instead of JSON"),
    pytest.param(Said(410, b""), "there is nothing at this address (410)", id="an address that has moved"),
    pytest.param(said({"status": 404, "success": False, "message": "gone"}), "nothing at this address (404: gone)", id="the same under HTTP 200"),
    pytest.param(said({"status": 200, "success": True}), "there are no rows where they should be", id="an envelope without rows"),
    pytest.param(said({"status": 200, "success": True, "count": 0, "data": []}), "shows this account no event at all", id="nothing of any time"),
    pytest.param(Said(400, b"bad timestamp_where"), "it does not understand what we ask (400: bad timestamp_where)", id="a question it does not know"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "words"), NEEDS_PERSON)
def test_what_needs_a_person_is_told_in_words(asking, fault, words):
    error = failing(asking(Acled(rows=[event(1)], fault=always(fault))))
    assert words in str(error)
    assert error.needs_person


PASSES = [
    pytest.param(Said(429, b"", {"Retry_After": "120"}), "we asked too often (429)", 120, id="too many requests"),
    pytest.param(Said(429), "we asked too often (429)", 60, id="too many requests, without a time"),
    pytest.param(Said(429, b"", {"Retry_After": "Tue, 07 Jul 99999999999 06:00:05 GMT"}), "we asked too often (429)", 60, id="too many requests, until a year that never comes"),
    pytest.param(said({"status": 429, "success": False, "message": "slow"}), "too often (429: slow)", 60, id="the same under HTTP 200"),
    pytest.param(Said(502, HTML), "it is in trouble itself (502, with a web page)", None, id="a bad gateway"),
    pytest.param(said({"status": 500, "success": False, "error": [{"message": "db"}]}), "in trouble itself (500: db)", None, id="trouble under HTTP 200"),
    pytest.param(said({"success": False, "error": "maintenance"}), "it reports a fault: maintenance", None, id="a fault that says no status"),
    pytest.param(said({"status": "9" * 5_000, "success": False, "error": "maintenance"}), "it reports a fault: maintenance", None, id="a fault whose status is no number"),
    pytest.param(said({"success": "false", "data": []}), "it reports a fault: without saying which", None, id="a fault that says nothing"),
    pytest.param(said({"success": True, "count": 2, "data": []}), "it gives fewer rows than it says there are", None, id="an empty page that speaks of rows"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "words", "wait"), PASSES)
def test_what_passes_is_tried_again(asking, fault, words, wait):
    error = failing(asking(Acled(fault=always(fault))))
    assert words in str(error)
    assert (error.needs_person, error.wait) == (False, None if wait is None else timedelta(seconds=wait))


def test_an_answer_that_repeats_our_token_is_not_repeated(asking):
    error = failing(asking(Acled(fault=lambda asked: Said(400, f"bad {asked.headers['authorization']}".encode()))))
    assert "bad Bearer ***" in str(error)


@pytest.mark.parametrize("page", [HTML, b"no"], ids=["a web page", "a word"])
def test_a_token_that_was_withdrawn_is_renewed_however_that_is_said(asking, page):
    api = Acled(rows=[event(1)])
    client = asking(api)
    client.pull()
    api.fault = lambda asked: None if asked.headers["authorization"] == "Bearer access-2" else Said(403, page)
    assert len(client.pull().rows) == 1


def test_a_refusal_right_behind_the_login_is_not_tried_again(asking):
    api = Acled(fault=always(said({"message": "Access denied"}, 403)))
    failing(asking(api))
    assert (len(api.asked), len(api.logins)) == (1, 1)


def test_a_refusal_is_tried_with_one_new_token_and_no_more(asking):
    api = Acled(rows=[event(1)])
    client = asking(api)
    client.pull()
    api.asked.clear()
    api.fault = always(said({"message": "Access denied"}, 403))
    failing(client)
    assert (len(api.asked), [login["grant_type"] for login in api.logins]) == (2, ["password", "refresh_token"])


def test_a_quiet_time_is_no_fault_when_older_events_are_shown(asking):
    api = Acled(rows=[event(1)])
    client = asking(api)
    cursor = client.pull().cursor
    api.rows[0]["timestamp"] = "1500000000"
    assert client.pull(cursor=cursor).rows == []
    api.rows.clear()
    assert "shows this account no event at all" in str(failing(client, cursor=cursor))


TOO_MUCH = [
    pytest.param(Said(524, HTML), id="524 from whoever stands in front of it"),
    pytest.param(Said(504), id="a gateway that waits no longer"),
    pytest.param(Said(408), id="it waits no longer itself"),
    pytest.param(said({"status": 524, "success": False, "message": "slow"}), id="the same under HTTP 200"),
    pytest.param(Said(200, b'{"success": true, "data": [{"event_id_cnty'), id="an answer that is cut off"),
]


@pytest.mark.parametrize("fault", TOO_MUCH)
def test_what_is_too_much_is_asked_for_in_smaller_pages_and_then_for_fewer_days(asking, fault):
    days = [f"2026-{month:02}-01" for month in range(1, 12)]

    def heavy(asked: Any) -> Said | None:
        first, _, last = asked.asked.get("event_date", "2026-11-01|2026-11-01").partition("|")
        is_long = not last or date.fromisoformat(last) - date.fromisoformat(first) > timedelta(days=90)
        return fault if int(asked.asked["limit"]) > 500 or (is_long and first < "2026-11-20") else None

    api = Acled(rows=[event(n, day=day) for n, day in enumerate(days)], fault=heavy)
    client = asking(api, limit=5_000)
    pages = list(client.pages())
    assert sorted(
        {row["event_id_cnty"] for page in pages for row in map(json.loads, page.lines.splitlines())}
    ) == sorted(row["event_id_cnty"] for row in api.rows)
    limits = [int(each.asked["limit"]) for each in api.asked if each.asked["page"] == "1"]
    assert list(dict.fromkeys(limits)) == [5_000, 1_250, 500], "for the rest of the pull"
    assert all(page.position for page in pages), "smaller pages are noted, and hold the lease"


def test_smaller_pages_go_on_where_the_larger_ones_ended(asking):
    api = Acled(rows=[event(n) for n in range(3_000)], fault=at(3, Said(524)))
    pulled = asking(api, limit=1_250).pull()
    assert [each.asked["page"] for each in api.asked[:5]] == ["1", "2", "3", "6", "7"]
    assert len(pulled.rows) == 3_000


def test_smaller_pages_of_a_server_that_gives_fewer_anyway_miss_nothing(asking):
    api = Acled(rows=[event(n) for n in range(1_800)], fault=at(5, Said(524)), most=300)
    assert len(asking(api, limit=5_000).pull().rows) == 1_800


def test_what_comes_again_in_fewer_days_is_no_repetition(asking):
    api = Acled(rows=[event(n, day=f"2026-01-{n + 1:02}") for n in range(9)], fault=at(7, Said(524)))
    assert len({row["event_id_cnty"] for row in asking(api, limit=1).pull().rows}) == 9


def test_smaller_pages_do_not_hide_that_rows_are_missing(asking):
    rows = [event(n) for n in range(1_500)]

    def losing(asked: Asked) -> Said | None:
        if asked.path == DELETIONS or asked.asked["limit"] == "1100":
            return Said(524) if asked.asked["page"] == "2" else None
        shown = rows[: 1_500 - 50][(int(asked.asked["page"]) - 1) * 500 :][:500]
        return said({"success": True, "count": 1_500, "data": shown})

    api = Acled(rows=rows, fault=losing, count="of everything")
    assert "it gives fewer rows than it says there are" in str(failing(asking(api, limit=1_100)))


def test_what_is_too_much_in_the_smallest_piece_is_told(asking):
    error = failing(asking(Acled(fault=always(Said(524))), limit=500))
    assert "the answer takes it too long, or is too large (524)" in str(error)


def test_a_page_that_does_not_come_in_time_is_too_much(asking, monkeypatch):
    monkeypatch.setattr(acled, "_DEADLINE", timedelta(seconds=0.2))
    api = Acled(rows=[event(1)], fault=lambda asked: SILENCE if asked.asked["limit"] == "5000" else None)
    assert len(asking(api, limit=5_000).pull().rows) == 1


def test_a_server_that_knows_no_pages_does_not_go_on_for_ever(asking):
    api = Acled(rows=[event(1)], fault=lambda asked: said({"success": True, "data": [event(1)]}))
    assert "it gives the same rows on every page" in str(failing(asking(api)))


def test_rows_that_come_twice_are_handed_on_once(asking):
    api = Acled(rows=[event(n) for n in range(4)])

    def inserted(asked: Any) -> None:
        if asked.asked["page"] == "2" and len(api.rows) == 4:
            api.rows[:0] = [event(98, stamp=1_780_000_001), event(99, stamp=1_780_000_001)]

    api.fault = inserted
    pulled = asking(api).pull()
    assert sorted(row["event_id_cnty"] for row in pulled.rows) == ["MLI0", "MLI1", "MLI2", "MLI3"]


def test_a_later_page_with_a_row_missing_is_not_kept_and_asked_for_again(asking):
    short = said({"success": True, "count": 2, "data": [event(2)]})
    api = Acled(rows=[event(n) for n in range(5)], fault=at(2, short))
    client = asking(api)
    kept: list[Page] = []
    with pytest.raises(SourceUnavailable, match="it gives fewer rows than it says there are"):
        kept.extend(client.pages())
    kept.extend(client.pages(position=kept[-1].position))
    assert len(together(kept).rows) == 5


def test_a_total_that_is_not_reached_begins_these_days_anew(asking):
    api = Acled(rows=[event(n) for n in range(5)], count="of everything")
    client = asking(api)
    pages = client.pages()
    kept = [next(pages), next(pages)]
    lost = api.rows.pop()
    with pytest.raises(SourceUnavailable, match="it gives fewer rows than it says there are"):
        kept.extend(pages)
    api.rows.append(lost)
    kept.extend(client.pages(position=kept[-1].position))
    assert {row["event_id_cnty"] for row in together(kept).rows} == {row["event_id_cnty"] for row in api.rows}


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("counts_pages_by", ["what it is asked", "what it gives"])
@pytest.mark.parametrize("count", COUNTS)
def test_a_server_that_gives_fewer_at_a_time_than_it_is_asked_gives_all_the_same(asking, most, counts_pages_by, count):
    api = Acled(
        rows=[event(n) for n in range(9)], most=most, counts_by_most=counts_pages_by == "what it gives", count=count
    )
    assert len(asking(api, limit=4).pull().rows) == 9


def test_a_country_that_was_not_asked_for_is_refused(asking):
    api = Acled(fault=lambda asked: said({"success": True, "data": [event(1), event(2, iso="508")]}))
    error = failing(asking(api, countries=("Mali",)))
    assert "it gives events of other countries than were asked for (iso 508)" in str(error)
    assert error.needs_person


def test_half_a_character_and_no_object_reach_the_quarantine_and_no_further(asking):
    api = Acled(rows=[event(1), event(2, notes="\ud800")])
    pulled = asking(api).pull()
    assert [type(each) for each in records(pulled.lines)] == [Event, Rejection]
    script = [said({"success": True, "data": [event(1), 7]}), said({"success": True, "data": []})]
    pulled = asking(Acled(fault=lambda _: script.pop(0) if len(script) > 1 else script[0])).pull()
    assert [type(each) for each in records(pulled.lines)] == [Event, Rejection]


def test_a_place_near_the_equator_keeps_its_digits(asking):
    body = json.dumps({"success": True, "data": [event(1)]}).replace('"14.5"', "-5.5e-05").replace('"4"', "4.0")
    rounded = json.dumps({"success": True, "data": [event(2)]}).replace('"4"', "1.0e+02")
    api = Acled(fault=playing(Said(200, body.encode()), Said(200, rounded.encode())))
    found, rejected = records(asking(api).pull().lines)
    assert isinstance(found, Event)
    assert (found.latitude, found.fatalities) == (-5.5e-05, 4)
    assert isinstance(rejected, Rejection)
    assert rejected.column == "fatalities"


def test_keys_that_nobody_knows_are_told(asking):
    api = Acled(rows=[event(1, Population_Best="3"), event(2, lunar_phase="full")], deleted=[deletion(3)])
    assert asking(api).pull().unknown == {"lunar_phase"}


@pytest.mark.parametrize("layout", ["2016", "2019", "now"])
def test_the_layouts_of_every_era_are_read(asking, layout):
    row = event(1)
    if layout == "2019":
        row = {k: v for k, v in row.items() if k not in {"disorder_type", "civilian_targeting", "tags"}}
        row |= {"data_id": "1", "event_id_no_cnty": "1", "iso3": "MLI"}
    if layout == "2016":
        row = {k.replace("assoc_actor", "ally_actor"): v for k, v in row.items()} | {"gwno": "432", "data_id": "1"}
    pulled = asking(Acled(rows=[row])).pull()
    assert pulled.unknown == frozenset()
    [found] = records(pulled.lines)
    assert isinstance(found, Event)
    assert (found.iso3, found.fatalities, len(found.actors)) == ("MLI", 4, 2)


# --- resuming ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("killed_after", range(7))
def test_a_killed_pull_goes_on_behind_its_last_page(asking, killed_after):
    rows = [event(n, day=f"202{5 + n % 2}-06-01", stamp=1_780_000_000 + n) for n in range(7)]
    api = Acled(rows=rows, deleted=[deletion(n) for n in range(20, 23)])
    client = asking(api, **{"from": date(2025, 1, 1)})
    whole = client.pull()
    pages = client.pages()
    kept = [next(pages) for _ in range(killed_after)]
    pages.close()
    api.asked.clear()
    rest = list(client.pages(position=kept[-1].position if kept else ""))
    assert b"".join(page.lines for page in kept + rest) == whole.lines
    assert rest[-1].cursor == whole.cursor
    assert len(api.asked) == len(rest), "nothing was asked twice"


@pytest.mark.parametrize("position", ["{}", "[]", "page 2", '{"left": [["x", ""]]}', '{"left": [], "other": 1}'])
def test_a_position_of_another_version_begins_anew(asking, position):
    assert len(asking(Acled(rows=[event(1)])).pull(position=position).rows) == 1


@pytest.mark.parametrize("cursor", ["{}", "[]", "page 2", '{"timestamp": 1790000000, "deleted": 1}'])
def test_a_cursor_of_another_version_begins_anew(asking, cursor):
    assert len(asking(Acled(rows=[event(1)])).pull(cursor=cursor).rows) == 1


@settings(deadline=None)
@given(
    total=st.integers(0, 12),
    limit=st.integers(1, 13),
    faults=st.sets(st.integers(1, 20), max_size=5),
    count=st.sampled_from(sorted(COUNTS)),
)
def test_any_paging_of_the_same_rows_gives_the_same_records(tmp_path_factory, total, limit, faults, count):
    rows = [event(n, day=f"2026-{n % 9 + 1:02}-03", stamp=1_780_000_000 + n) for n in range(total + 1)]
    api = Acled(rows=rows, deleted=[deletion(n) for n in range(100, 100 + total)], count=count)
    numbers = iter(range(1, 1_000))
    api.fault = lambda _: Said(503) if next(numbers) in faults else None
    with api.serving() as server:
        client = Client(acled, server, tmp_path_factory.mktemp("paging"), OPTIONS | {"limit": limit})
        lines = client.persist("503")
    found = records(lines)
    assert len(found) == len(set(found)) == 2 * total + 1
    assert sorted(each.external_id for each in found if isinstance(each, Event)) == sorted(
        row["event_id_cnty"] for row in rows
    )


# --- samples ----------------------------------------------------------------------------------------------------------


def sample(real_data: Any, name: str) -> Said:
    return Said(200, (real_data / "api_samples" / name).read_bytes())


def playing(*answers: Said) -> Fault:
    script = list(answers)
    return lambda _: script.pop(0) if script else said({"success": True, "count": None, "data": []})


def test_the_samples_of_answers_are_read(asking, real_data):
    answers = [
        sample(real_data, "acled_read_ok.reconstructed.json"),
        sample(real_data, "acled_read_empty_page.reconstructed.json"),
        sample(real_data, "acled_deleted_read.from_client_test.json"),
    ]
    token = sample(real_data, "acled_oauth_token_ok.reconstructed.json")
    api = Acled(login_fault=lambda _: token, fault=playing(*answers))
    pulled = asking(api, limit=5_000, **{"from": date(2021, 1, 1)}).pull()
    assert pulled.unknown == frozenset()
    found = records(pulled.lines)
    assert [type(each) for each in found] == [Event] * 3 + [Deletion] * 2
    assert {each.iso3 for each in found if isinstance(each, Event)} == {"MOZ"}


def test_the_samples_of_refusals_are_told_apart(asking, real_data):
    refused = sample(real_data, "acled_error_legacy_envelope.reconstructed.json")
    assert TIER in str(failing(asking(Acled(fault=always(refused)))))
    wrong = sample(real_data, "acled_oauth_token_error.inferred.json")
    assert "the login is refused" in str(failing(asking(Acled(login_fault=lambda _: wrong))))
