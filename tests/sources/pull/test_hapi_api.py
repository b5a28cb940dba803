"""HDX HAPI over its API: which months are asked for, page after page, and what each fault means to the operator."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.sources.pull.api import HTML, NOW, SECRETS, Client, Said, always, at, said
from tests.sources.pull.hapi import IDENTIFIER, Hapi, month
from tests.zoo import Server
from watcher.core.errors import SourceUnavailable
from watcher.core.event import Deletion, Event, Record
from watcher.sources import hapi as reader
from watcher.sources.pull import Page, hapi

OPTIONS: dict[str, Any] = {"app_identifier": {"env": "HAPI"}, "from": date(2026, 8, 1), "countries": ("Mozambique",)}
PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "source-faults.md").read_text("utf-8")


def records(lines: bytes) -> list[Record]:
    return list(reader.read(io.BytesIO(lines), source="hapi", today=NOW.date(), settings=reader.Settings()))


def places(rows: list[dict[str, Any]]) -> list[str]:
    return [row["provider_admin2_name"] for row in rows]


@pytest.fixture(autouse=True)
def _identifier(monkeypatch):
    monkeypatch.setitem(SECRETS, "HAPI", IDENTIFIER)


@pytest.fixture
def asking(tmp_path):
    """Ask an API, with these options."""
    opened: list[Server] = []

    def ask(api: Hapi, **options: Any) -> Client:
        server = api.serving()
        opened.append(server.__enter__())
        return Client(hapi, server, tmp_path, OPTIONS | {"limit": 2} | options)

    yield ask
    for server in opened:
        server.__exit__()


def failing(client: Client, **where: Any) -> SourceUnavailable:
    with pytest.raises(SourceUnavailable) as caught:
        client.pull(**where)
    assert IDENTIFIER not in str(caught.value)
    return caught.value


# --- what is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", range(1, 6))
def test_pages_are_asked_for_until_one_is_empty(asking, total):
    api = Hapi(rows=[month(f"P{n}") for n in range(total)])
    assert places(asking(api).pull().rows) == [f"P{n}" for n in range(total)]
    assert api.offsets() == [*range(0, total, 2), total]


def test_a_server_that_gives_less_than_it_is_asked_for_gives_all_the_same(asking):
    api = Hapi(rows=[month(f"P{n}") for n in range(7)], most=3)
    assert len(asking(api, limit=10).pull().rows) == 7


def test_the_month_that_goes_on_is_not_asked_for(asking):
    api = Hapi(rows=[month("old", of="2026-07"), month("P"), month("Q", of="2026-11")])
    assert places(asking(api).pull().rows) == ["P"]
    asked = api.asked[0].asked
    # Behind the last day of October, so that a month that ends a second before midnight is in it.
    assert (asked["start_date"], asked["end_date"], asked["location_code"]) == ("2026-08-01", "2026-11-01", "MOZ")
    assert all(each.headers["x-hdx-hapi-app-identifier"] == IDENTIFIER for each in api.asked)
    assert not any(IDENTIFIER in str(each.asked) for each in api.asked)


def test_each_country_is_asked_for_by_the_year_and_all_of_them_by_the_month(asking):
    api = Hapi(rows=[month("P", of="2025-01"), month("Q")])
    asking(api, **{"countries": ("MLI", "Mozambique"), "from": date(2025, 1, 15)}).pull()
    steps = [
        (each.asked["location_code"], each.asked["start_date"]) for each in api.asked if each.asked["offset"] == "0"
    ]
    assert steps == [("MLI", "2025-01-01"), ("MLI", "2026-01-01"), ("MOZ", "2025-01-01"), ("MOZ", "2026-01-01")]
    api.asked.clear()
    asking(api, countries=()).pull()
    asked = [each.asked["start_date"] for each in api.asked if each.asked["offset"] == "0"]
    assert asked == ["2026-08-01", "2026-09-01", "2026-10-01"]
    assert not any("location_code" in each.asked for each in api.asked)


def test_the_next_pull_begins_as_far_back_as_figures_are_restated(asking):
    api = Hapi(rows=[month("P")])
    client = asking(api, **{"from": date(2020, 1, 1), "again": timedelta(days=100)})
    cursor = client.pull().cursor
    api.asked.clear()
    assert places(client.pull(cursor=cursor).rows) == ["P"]
    assert api.asked[0].asked["start_date"] == "2026-07-01"


def test_another_question_asks_for_everything_anew(asking):
    rows = [month("P", of="2020-02"), month("Q", of="2020-02", location_code="MLI", location_name="Mali")]
    start = {"from": date(2020, 1, 1), "again": timedelta(days=31)}
    cursor = asking(Hapi(rows=rows), **start).pull().cursor
    assert places(asking(Hapi(rows=rows), **start, countries=("Mozambique", "Mali")).pull(cursor=cursor).rows) == ["Q", "P"]  # fmt: skip


def test_asking_anew_from_a_day_leaves_the_cursor_where_it_was(asking):
    api = Hapi(rows=[month("P", of="2026-08"), month("Q")])
    client = asking(api)
    cursor = client.pull().cursor
    again = client.pull(cursor=cursor, since=date(2026, 9, 20))
    assert (places(again.rows), again.cursor) == (["Q"], cursor)
    assert client.pull(since=date(2026, 11, 2)).cursor == "{}"


def test_before_the_day_that_is_written_nothing_is_asked_for(asking):
    api = Hapi(rows=[month("P", of="2026-07"), month("Q")])
    assert places(asking(api).pull(since=date(2020, 1, 1)).rows) == ["Q"]


def test_a_server_that_is_not_exact_about_days_gives_a_row_more_than_once(asking):
    [once, nothing] = [said({"data": [month("P")]}), said({"data": []})]
    api = Hapi(fault=lambda asked: once if asked.asked["offset"] == "0" else nothing)
    assert places(asking(api, countries=()).pull().rows) == ["P", "P", "P"]


def test_before_the_first_month_is_over_there_is_nothing_to_ask(asking):
    api = Hapi()
    assert asking(api, **{"from": date(2026, 11, 3)}).pull().rows == []
    assert api.asked == []


REFUSED_OPTIONS = [
    pytest.param({"countries": ("Mozambik",)}, "did you mean 'Mozambique'", id="a country that is misspelt"),
    pytest.param({"url": "http://hapi.humdata.org"}, "must begin with https://", id="no encryption"),
    pytest.param({"limit": 10_001}, "less than or equal to 10000", id="larger pages than there are"),
    pytest.param({"from": date(1996, 12, 1)}, "greater than or equal to 1997-01-01", id="before the data begin"),
    pytest.param({"again": "7d"}, "it must be 31d or more", id="less than a month anew"),
]


@pytest.mark.parametrize(("options", "words"), REFUSED_OPTIONS)
def test_options_that_cannot_be_asked_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        hapi.Settings.model_validate(OPTIONS | options)


# --- faults -----------------------------------------------------------------------------------------------------------

ROWS = [month(f"P{n}") for n in range(5)]
STRAY = month("P", location_code="MLI")
NEEDS_PERSON = [
    pytest.param(said({"error": "Missing app identifier"}, 403), "it refuses the app identifier (403)", id="no identifier"),
    pytest.param(said({"error": "Invalid app identifier"}, 400), "it refuses the app identifier (400)", id="one that is none"),
    pytest.param(said({"detail": "denied"}, 403), "HDX turns many servers away", id="this machine is turned away"),
    pytest.param(Said(403, HTML + b"no identifier"), "it refuses us (403, with a web page)", id="a block page"),
    pytest.param(Said(200, HTML), "it answers with a web page", id="a web page instead of JSON"),
    pytest.param(said({"detail": "Not Found"}, 404), "there is nothing at this address (404", id="an address that has moved"),
    pytest.param(said({"detail": "bad date"}, 422), "it does not understand what we ask (422", id="another layout of questions"),
    pytest.param(said({"rows": []}), "there are no rows where they should be", id="another envelope"),
    pytest.param(said([]), "there are no rows where they should be", id="no envelope"),
    pytest.param(said({"data": [7]}), "there are no rows where they should be", id="rows that are none"),
    pytest.param(said({"data": []}), "it answers, and has no row at all of what is asked", id="nothing at all"),
    pytest.param(said({"data": [STRAY]}), "it gives rows of another country than was asked for (MLI)", id="another country"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "words"), NEEDS_PERSON)
def test_what_needs_a_person_is_told_in_words(asking, fault, words):
    error = failing(asking(Hapi(fault=always(fault))))
    assert words in str(error)
    assert (error.needs_person, error.where) == (True, "127.0.0.1")


PASSES = [
    pytest.param(Said(429, b"", {"Retry_After": "120"}), "we asked too often (429)", 120, id="too many requests"),
    pytest.param(Said(502, HTML), "it is in trouble itself (502, with a web page)", None, id="trouble of its own"),
    pytest.param(Said(200, b'{"data": [{"loca'), "its answer is no whole JSON", None, id="an answer that is cut off"),
    pytest.param(Said(504), "the answer takes it too long", None, id="a gateway that waits no longer"),
    pytest.param(said({"data": [ROWS[2], ROWS[2]]}), "its pages do not go together", None, id="a row twice on a page"),
    pytest.param(said({"data": [ROWS[1], ROWS[2]]}), "its pages do not go together", None, id="a row that came before"),
]


@pytest.mark.parametrize(("fault", "words", "wait"), PASSES)
def test_what_passes_is_tried_again_and_nothing_half_is_finished(asking, fault, words, wait):
    api = Hapi(rows=ROWS, fault=lambda asked: fault if asked.asked["offset"] == "2" else None)
    client = asking(api)
    kept: list[Page] = []
    with pytest.raises(SourceUnavailable) as caught:
        kept.extend(client.pages())
    assert words in str(caught.value)
    assert (caught.value.needs_person, caught.value.wait) == (False, None if wait is None else timedelta(seconds=wait))
    assert not any(page.cursor for page in kept)
    api.fault = lambda _: None
    lines = b"".join(page.lines for page in [*kept, *client.pages(position=kept[-1].position)])
    assert {each.admin2 for each in records(lines) if isinstance(each, Event)} == {"P0", "P1", "P2", "P3", "P4"}


def test_pages_that_do_not_go_together_are_asked_for_from_the_beginning(asking):
    api = Hapi(rows=ROWS, fault=lambda asked: said({"data": [ROWS[0]]}) if asked.asked["offset"] == "2" else None)
    kept: list[Page] = []
    with pytest.raises(SourceUnavailable):
        kept.extend(asking(api).pages())
    api.asked.clear()
    api.fault = lambda _: None
    asking(api).pull(position=kept[-1].position)
    assert api.offsets()[0] == 0


def test_who_asks_is_not_repeated_in_an_error(asking):
    assert "403: *** is nobody" in str(
        failing(asking(Hapi(fault=always(Said(403, f"{IDENTIFIER} is nobody".encode())))))
    )


def test_who_is_turned_away_by_429_is_told_of_the_file(asking):
    error = failing(asking(Hapi(fault=always(Said(429)))))
    assert "download the dataset hdx-hapi-conflict-event as CSV" in str(error)


def test_what_is_too_much_is_asked_for_in_smaller_pages(asking):
    api = Hapi(rows=[month(f"P{n}") for n in range(3_000)])
    api.fault = lambda asked: Said(524) if int(asked.asked["limit"]) > 700 else None
    pulled = asking(api, limit=10_000).pull()
    assert len(pulled.rows) == 3_000
    assert [int(each.asked["limit"]) for each in api.asked][:4] == [10_000, 2_500, 625, 625]


@pytest.mark.parametrize(
    "position", ["", "{}", "[]", '{"left": 1}', '{"left": [["MOZ", "2026"]], "until": "2026-10-31"}']
)
def test_a_position_that_is_none_begins_anew(asking, position):
    assert places(asking(Hapi(rows=ROWS)).pull(position=position).rows) == ["P0", "P1", "P2", "P3", "P4"]


@pytest.mark.parametrize("cursor", ["{}", "nonsense", '{"until": "yesterday", "asked": ""}', "[]"])
def test_a_cursor_that_is_none_asks_for_everything(asking, cursor):
    assert len(asking(Hapi(rows=ROWS)).pull(cursor=cursor).rows) == 5


def test_a_row_that_cannot_be_written_plainly_is_for_its_reader_to_judge(asking):
    rows = [month("P"), month("Q", events=1.5), month("R", warning="PCode unknown", lunar_phase="full")]
    pulled = asking(Hapi(rows=rows)).pull()
    assert pulled.unknown == {"lunar_phase"}
    assert [getattr(each, "notes", getattr(each, "column", "")) for each in records(pulled.lines)] == ["", "events", "PCode unknown"]  # fmt: skip


def test_a_month_restated_to_nothing_is_taken_back(asking):
    [gone] = records(asking(Hapi(rows=[month("P", events=0, fatalities=0)])).pull().lines)
    assert gone == Deletion("hapi", "MOZ/2/MZ01/MZ01P/Cabo Delgado/P/political_violence/2026-10", None)


@settings(deadline=None)
@given(total=st.integers(1, 9), limit=st.integers(1, 4), most=st.integers(1, 4), cut=st.integers(1, 9))
def test_every_row_comes_once_however_it_is_paged_and_wherever_it_is_cut_off(tmp_path_factory, total, limit, most, cut):
    api = Hapi(rows=[month(f"P{n}") for n in range(total)], most=most, fault=at(cut, Said(503)))
    with api.serving() as server:
        client = Client(hapi, server, tmp_path_factory.mktemp("paging"), OPTIONS | {"limit": limit})
        rows = [json.loads(line) for line in client.persist("503").splitlines()]
    assert places(rows) == [f"P{n}" for n in range(total)]


def test_the_sample_of_an_answer_is_read(asking, real_data):
    sample = Said(200, (real_data / "api_samples" / "hapi_conflict_events.reconstructed.json").read_bytes())
    nothing = said({"data": []})
    api = Hapi(fault=lambda asked: sample if asked.asked["offset"] == "0" else nothing)
    pulled = asking(api, **{"from": date(2025, 12, 1)}).pull()
    assert pulled.unknown == frozenset()
    [event] = [each for each in records(pulled.lines) if isinstance(each, Event)]
    assert (event.iso3, event.admin2, event.incidents, event.fatalities) == ("MOZ", "Macomia", 2, 3)


@pytest.mark.parametrize("words", [pytest.param(each.values[1], id=str(each.id)) for each in [*NEEDS_PERSON, *PASSES]])
def test_the_page_of_faults_says_what_each_means(words):
    assert words in PAGE
