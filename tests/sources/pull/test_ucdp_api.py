"""UCDP over its API: which releases there are, which of them is believed, and what each fault means to the operator."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.sources.pull.api import HTML, NOW, TOKEN, Asked, Client, Fault, Said, Ucdp, always, clash, said
from tests.zoo import Server
from watcher.core.errors import SourceUnavailable
from watcher.core.event import Deletion, Event, Record
from watcher.sources import ucdp as reader
from watcher.sources.pull import Page, ucdp
from watcher.sources.ucdp_release import Release

OPTIONS: dict[str, Any] = {"token": {"env": "TOKEN"}}


def records(lines: bytes) -> list[Record]:
    return list(reader.read(io.BytesIO(lines), source="ged", today=NOW.date(), settings=reader.Settings()))


@pytest.fixture
def asking(tmp_path):
    """Ask an API, with these options."""
    opened: list[Server] = []

    def ask(api: Ucdp, **options: Any) -> Client:
        server = api.serving()
        opened.append(server.__enter__())
        return Client(ucdp, server, tmp_path, OPTIONS | {"pagesize": 2} | options)

    yield ask
    for server in opened:
        server.__exit__()


def failing(client: Client, **where: Any) -> SourceUnavailable:
    with pytest.raises(SourceUnavailable) as caught:
        client.pull(**where)
    assert TOKEN not in str(caught.value)
    return caught.value


def taken(cursor: str) -> list[str]:
    found: list[str] = json.loads(cursor)["releases"]
    return found


# --- releases ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "begins", "ends"),
    [
        ("25.1", "1989-01-01", "2024-12-31"),
        ("26.0.2", "2026-02-01", "2026-02-28"),
        ("26.0.12", "2026-12-01", "2026-12-31"),
        ("25.01.25.09", "2025-01-01", "2025-09-30"),
    ],
)
def test_a_release_says_what_it_covers(name, begins, ends):
    release = Release.read(name)
    assert (str(release.begins), str(release.ends), release.name) == (begins, ends, name)


@pytest.mark.parametrize("name", ["", "25", "25.2", "26.0.13", "26.0.0", "25.01.26.03", "25.01.25.13", "v25.1"])
def test_what_is_no_release_is_refused(name):
    with pytest.raises(ValueError, match="is no release of UCDP"):
        Release.read(name)


def test_the_order_in_which_releases_are_believed():
    order = ["24.1", "24.0.1", "24.01.24.06", "24.0.6", "24.01.24.12", "24.0.12", "25.1", "25.0.1", "25.01.25.02"]
    assert sorted(order, key=lambda name: Release.read(name).stamp) == order == sorted(order, key=Release.read)


REPLACING = [
    pytest.param("26.1", "25.1", True, id="a final release replaces the one before"),
    pytest.param("26.1", "25.0.12", True, id="and the candidates of its last year"),
    pytest.param("26.1", "26.0.1", False, id="not the candidates behind it"),
    pytest.param("26.01.26.03", "26.0.3", False, id="a month is believed over what ends with it"),
    pytest.param("26.01.26.04", "26.0.3", True, id="not over what goes on longer"),
    pytest.param("26.01.26.04", "25.0.3", False, id="other years are not its business"),
]


@pytest.mark.parametrize(("newer", "older", "is_so"), REPLACING)
def test_what_replaces_what(newer, older, is_so):
    assert Release.read(newer).replaces(Release.read(older)) is is_so


PUBLISHED = [
    pytest.param({"24.1", "25.1"}, ["25.1"], id="the newest final release"),
    pytest.param({"25.1", "26.1"}, ["26.1"], id="one of this year"),
    pytest.param({"25.1", "25.0.1", "25.0.3", "26.0.2"}, ["25.1", "25.0.1", "25.0.3", "26.0.2"], id="months of both years, also behind a gap"),
    pytest.param({"26.1", "25.0.12", "26.0.1"}, ["26.1", "26.0.1"], id="no candidates of what is final"),
    pytest.param({"26.1", "26.01.26.03", "26.01.26.06", "26.0.5", "26.0.7"}, ["26.1", "26.01.26.06", "26.0.7"], id="the newest of the cumulative ones, and the months behind it"),
]  # fmt: skip


@pytest.mark.parametrize(("published", "found"), PUBLISHED)
@pytest.mark.parametrize(
    "unpublished", [Said(404), Said(400), said({"TotalCount": 0, "Result": []})], ids=["404", "400", "empty"]
)
def test_the_releases_to_be_believed_are_found_by_asking(asking, published, found, unpublished):
    rows = {name: [clash(n)] for n, name in enumerate(sorted(published))}
    api = Ucdp(releases=rows, unpublished=unpublished)
    pulled = asking(api).pull()
    assert taken(pulled.cursor) == found
    assert [row["release"] for row in pulled.rows] == found[::-1], "the best first"


def test_a_release_is_taken_once_and_what_is_new_behind_it(asking):
    api = Ucdp(releases={"26.1": [clash(1)], "26.0.9": [clash(2)]})
    client = asking(api)
    cursor = client.pull().cursor
    api.releases["26.0.10"] = [clash(3)]
    api.asked.clear()
    again = client.pull(cursor=cursor)
    assert [row["id"] for row in again.rows] == [3]
    assert taken(again.cursor) == ["26.1", "26.0.9", "26.0.10"]
    assert "26.1" not in api.probed(), "what was taken is not looked for"
    assert client.pull(cursor=again.cursor).rows == []


def test_the_number_of_rows_says_which_page_is_the_last(asking):
    api = Ucdp(releases={"26.1": [clash(n) for n in range(1, 5)]})
    asking(api).pull()
    assert api.pulled() == [("26.1", 0), ("26.1", 1)]


def test_no_candidates_when_nobody_wants_them(asking):
    api = Ucdp(releases={"26.1": [clash(1)], "26.0.9": [clash(2)]})
    assert taken(asking(api, candidates=False).pull().cursor) == ["26.1"]
    assert api.probed() == ["26.1"]


def test_another_question_takes_every_release_anew(asking):
    api = Ucdp(releases={"26.1": [clash(1), clash(2, country="Niger", country_id=436)]})
    cursor = asking(api, countries=("Mali",)).pull().cursor
    assert len(asking(api, countries=("Mali", "Niger")).pull(cursor=cursor).rows) == 2


def test_what_is_asked_for_is_what_the_options_say(asking):
    rows = [clash(1), clash(2, country_id=340), clash(3, type_of_violence=3), clash(4, day="2021-12-31")]
    api = Ucdp(releases={"26.1": rows})
    options = {
        "countries": ("Mali", "SRB"),
        "types_of_violence": ("non-state", "state-based"),
        "from": date(2022, 1, 1),
    }
    assert [row["id"] for row in asking(api, **options).pull().rows] == [1, 2]
    asked = api.asked[-1].asked
    assert (asked["Country"], asked["TypeOfViolence"], asked["StartDate"]) == ("340,345,432", "1,2", "2022-01-01")
    assert all(each.headers["x-ucdp-access-token"] == TOKEN for each in api.asked)


def test_asking_anew_from_a_day_leaves_the_cursor_where_it_was(asking):
    api = Ucdp(releases={"26.1": [clash(1, day="2020-01-01"), clash(2, day="2025-05-05")]})
    client = asking(api)
    cursor = client.pull().cursor
    api.releases["26.0.1"] = [clash(3)]
    again = client.pull(cursor=cursor, since=date(2025, 1, 1))
    assert ([row["id"] for row in again.rows], again.cursor) == ([3, 2], cursor)


REFUSED_OPTIONS = [
    pytest.param({"countries": ("Malli",)}, "did you mean 'Mali'", id="a country that is misspelt"),
    pytest.param({"countries": ("Aruba",)}, "no country that UCDP has a number for", id="a country without a number"),
    pytest.param({"url": "http://ucdpapi.pcr.uu.se"}, "must begin with https://", id="a token without encryption"),
    pytest.param({"pagesize": 1_001}, "less than or equal to 1000", id="larger pages than there are"),
    pytest.param({"from": date(1988, 1, 1)}, "greater than or equal to 1989-01-01", id="before GED begins"),
]


@pytest.mark.parametrize(("options", "words"), REFUSED_OPTIONS)
def test_options_that_cannot_be_asked_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        ucdp.Settings.model_validate(OPTIONS | options)


# --- what a newer release has no more ---------------------------------------------------------------------------------


def test_what_a_newer_release_has_no_more_is_taken_back(asking):
    march = [clash(n, day="2025-03-05") for n in (1, 2, 3)]
    api = Ucdp(releases={"25.1": [clash(9, day="2024-01-01")], "25.0.3": march})
    client = asking(api)
    cursor = client.pull().cursor
    api.releases["26.1"] = [clash(9, day="2024-01-01"), march[0], clash(3, day="2025-01-05")]
    pulled = client.pull(cursor=cursor)
    gone = [each for each in records(pulled.lines) if isinstance(each, Deletion)]
    assert gone == [Deletion("ged", "2", Release.read("26.1").stamp)]
    assert taken(pulled.cursor) == ["26.1"]
    assert client.pull(cursor=pulled.cursor).rows == []


def test_an_event_that_a_newer_release_dates_earlier_is_not_taken_back(asking):
    api = Ucdp(releases={"26.1": [clash(9, day="2024-01-01")], "26.0.3": [clash(1, day="2026-03-01")]})
    client = asking(api)
    cursor = client.pull().cursor
    api.releases["26.01.26.04"] = [clash(1, day="2025-12-31")]
    assert [row.get("removed") for row in client.pull(cursor=cursor).rows] == [None]


def test_an_event_that_two_releases_have_is_handed_on_from_both(asking):
    api = Ucdp(releases={"26.1": [clash(1)], "26.0.1": [clash(1)]})
    assert [row["release"] for row in asking(api).pull().rows] == ["26.0.1", "26.1"]


def test_what_was_removed_from_a_release_that_is_gone_cannot_be_known(asking):
    api = Ucdp(releases={"25.1": [clash(9, day="2024-01-01")], "25.0.3": [clash(2, day="2025-03-05")]})
    client = asking(api)
    cursor = client.pull().cursor
    api.releases = {"26.1": [clash(9, day="2024-01-01")]}
    pulled = client.pull(cursor=cursor)
    assert [row.get("removed") for row in pulled.rows] == [None]
    assert taken(pulled.cursor) == ["26.1"]


def test_a_month_that_was_there_before_is_not_compared_with_what_is_not_believed_over_it(asking):
    api = Ucdp(releases={"26.1": [clash(9, day="2024-01-01")], "26.0.3": [clash(1), clash(2)]})
    client = asking(api)
    cursor = client.pull().cursor
    api.releases["26.01.26.03"] = [clash(1)]
    assert [row.get("removed") for row in client.pull(cursor=cursor).rows] == [None]


# --- faults -----------------------------------------------------------------------------------------------------------

HAS = {"26.1": [clash(n) for n in range(1, 6)]}
NEEDS_PERSON = [
    pytest.param(said({"message": "no"}, 401), "it refuses the token (401)", id="a token that is refused"),
    pytest.param(said({"message": "no"}, 403), "it refuses the token (403)", id="a token that may not"),
    pytest.param(Said(403, HTML), "it refuses us (403, with a web page)", id="a block page"),
    pytest.param(Said(200, HTML), "it answers with a web page", id="a web page instead of JSON"),
    pytest.param(Said(404, HTML), "there is nothing at this address (404, with a web page)", id="an address that has moved"),
    pytest.param(Said(404), "it has no final release of the last 4 years", id="no release at all"),
    pytest.param(said({"Result": [{}]}), "no number of them, where they should be", id="another envelope"),
    pytest.param(said({"TotalCount": "9" * 5_000, "Result": [clash(1)]}), "no number of them, where they should be", id="more rows than there are numbers for"),
    pytest.param(said([]), "no number of them, where they should be", id="no envelope"),
    pytest.param(said({"TotalCount": 1, "Result": [7]}), "no number of them, where they should be", id="rows that are none"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "words"), NEEDS_PERSON)
def test_what_needs_a_person_is_told_in_words(asking, fault, words):
    error = failing(asking(Ucdp(releases=HAS, fault=always(fault))))
    assert words in str(error)
    assert error.needs_person
    assert error.where == "127.0.0.1"


def on_rows(answer: Said) -> Fault:
    """A fault of the second page of rows."""
    return lambda asked: answer if asked.asked["pagesize"] != "1" and asked.asked["page"] == "1" else None


PASSES = [
    pytest.param(Said(429, b"", {"Retry_After": "120"}), "we asked too often (429)", 120, id="too many requests"),
    pytest.param(Said(500, HTML), "it is in trouble itself (500, with a web page)", None, id="trouble of its own"),
    pytest.param(Said(504), "the answer takes it too long", None, id="a gateway that waits no longer"),
    pytest.param(Said(200, b'{"TotalCount": 5, "Res'), "its answer is no whole JSON", None, id="an answer that is cut off"),
    pytest.param(said({"TotalCount": 5, "Result": [clash(3)]}), "it gives 1 of the 2 rows of page 1 of 26.1", None, id="a page with a row missing"),
    pytest.param(said({"TotalCount": 5, "Result": []}), "it gives 0 of the 2 rows of page 1 of 26.1", None, id="a page without rows"),
    pytest.param(said({"TotalCount": 4, "Result": [clash(3), clash(4)]}), "its pages do not make one release", None, id="another number of rows than before"),
    pytest.param(said({"TotalCount": 5, "Result": [clash(2), clash(3)]}), "its pages do not make one release", None, id="a row that came before"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "words", "wait"), PASSES)
def test_what_passes_is_tried_again_and_nothing_half_is_finished(asking, fault, words, wait):
    api = Ucdp(releases=HAS, fault=on_rows(fault))
    client = asking(api)
    kept: list[Page] = []
    with pytest.raises(SourceUnavailable) as caught:
        kept.extend(client.pages())
    assert words in str(caught.value)
    assert (caught.value.needs_person, caught.value.wait) == (False, None if wait is None else timedelta(seconds=wait))
    assert not any(page.cursor for page in kept)
    api.fault = lambda _: None
    again = list(client.pages(position=kept[-1].position))
    lines = b"".join(page.lines for page in kept + again)
    assert {each.external_id for each in records(lines) if isinstance(each, Event)} == {"1", "2", "3", "4", "5"}


def test_a_first_pull_that_brings_nothing_is_no_quiet_time(asking):
    api = Ucdp(releases={"26.1": [clash(1)]})
    error = failing(asking(api, countries=("Iceland",)))
    assert "it answers, and has no event at all of what is asked" in str(error)
    assert error.needs_person


def test_a_release_that_was_found_and_has_no_rows_is_none(asking):
    nothing = said({"TotalCount": 0, "Result": []})
    api = Ucdp(releases=HAS, fault=lambda asked: None if asked.asked["pagesize"] == "1" else nothing)
    assert "its pages do not make one release" in str(failing(asking(api)))


def test_another_question_that_brings_nothing_is_no_quiet_time(asking):
    api = Ucdp(releases=HAS)
    cursor = asking(api).pull().cursor
    assert "has no event at all of what is asked" in str(failing(asking(api, countries=("Iceland",)), cursor=cursor))


@pytest.mark.parametrize("number", [432, "432", " 0432 ", "432.0", "", None], ids=str)
def test_a_country_that_was_asked_for_is_known_however_it_is_written(asking, number):
    both = said({"TotalCount": 1, "Result": [clash(1, country_id=number)]})
    api = Ucdp(fault=lambda asked: both if asked.path.endswith("/26.1") else Said(404))
    assert len(asking(api, countries=("Mali",)).pull().rows) == 1


def test_a_country_that_was_not_asked_for_is_refused(asking):
    both = said({"TotalCount": 2, "Result": [clash(1), clash(2, country_id=541)]})
    error = failing(asking(Ucdp(fault=always(both)), countries=("Mali",)))
    assert "it gives events of other countries than were asked for (country_id 541)" in str(error)
    assert error.needs_person


def test_a_candidate_without_events_of_what_is_asked_is_a_release_all_the_same(asking):
    api = Ucdp(releases={"26.1": [clash(1)], "26.0.1": [clash(2, country="Niger", country_id=436)]})
    assert taken(asking(api, countries=("Mali",)).pull().cursor) == ["26.1", "26.0.1"]


def test_keys_that_nobody_knows_are_told(asking):
    api = Ucdp(releases={"26.1": [clash(1, deaths_a=3), clash(2, lunar_phase="full")]})
    assert asking(api).pull().unknown == {"lunar_phase"}


# --- resuming ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("killed_after", range(8))
def test_a_killed_pull_goes_on_behind_its_last_page(asking, killed_after):
    api = Ucdp(releases={"25.1": [clash(90, day="2024-02-02")], "25.0.3": [clash(n) for n in range(1, 4)]})
    client = asking(api)
    cursor = client.pull().cursor
    api.releases["26.1"] = [clash(n) for n in range(2, 7)]
    api.releases["26.0.1"] = [clash(n) for n in range(7, 9)]
    whole = client.pull(cursor=cursor)
    pages = client.pages(cursor=cursor)
    kept = [next(pages) for _ in range(killed_after)]
    pages.close()
    rest = list(client.pages(cursor=cursor, position=kept[-1].position if kept else ""))
    assert b"".join(page.lines for page in kept + rest) == whole.lines
    assert rest[-1].cursor == whole.cursor
    assert {row["id"] for row in whole.rows if row.get("removed")} == {"1", "90"}


@pytest.mark.parametrize("position", ["{}", "[]", "page 2", '{"left": ["x"], "releases": [], "replaced": []}'])
def test_a_position_of_another_version_begins_anew(asking, position):
    assert len(asking(Ucdp(releases=HAS)).pull(position=position).rows) == 5


@pytest.mark.parametrize("cursor", ["{}", "[]", "page 2", '{"asked": "{}", "releases": ["x"]}', '{"asked": "{}"}'])
def test_a_cursor_of_another_version_begins_anew(asking, cursor):
    assert len(asking(Ucdp(releases=HAS)).pull(cursor=cursor).rows) == 5


@settings(deadline=None)
@given(total=st.integers(1, 12), pagesize=st.integers(2, 13), faults=st.sets(st.integers(1, 40), max_size=6))
def test_any_paging_of_the_same_rows_gives_the_same_records(tmp_path_factory, total, pagesize, faults):
    rows = [clash(n + 1, day=f"2025-0{n % 9 + 1}-03") for n in range(total)]
    api = Ucdp(releases={"26.1": rows, "26.0.1": [clash(100)]})
    numbers = iter(range(1, 1_000))
    api.fault = lambda _: Said(503) if next(numbers) in faults else None
    with api.serving() as server:
        client = Client(ucdp, server, tmp_path_factory.mktemp("paging"), OPTIONS | {"pagesize": pagesize})
        lines = client.persist("503")
    found = [each.external_id for each in records(lines) if isinstance(each, Event)]
    assert found == ["100", *(str(n + 1) for n in range(total))]


# --- samples ----------------------------------------------------------------------------------------------------------


def test_the_sample_of_an_answer_is_read(asking, real_data):
    sample = Said(200, (real_data / "api_samples" / "ucdp_gedevents.reconstructed.json").read_bytes())

    def only_the_final(asked: Asked) -> Said:
        return sample if asked.path.endswith("/26.1") else Said(404)

    pulled = asking(Ucdp(fault=only_the_final), pagesize=1_000).pull()
    assert pulled.unknown == frozenset()
    found = [each for each in records(pulled.lines) if isinstance(each, Event)]
    assert [(each.iso3, each.fatalities) for each in found] == [("MLI", 12), ("BFA", 2), ("BFA", 19)]
    assert {each.stamp for each in found} == {datetime(2025, 12, 31, 0, 2, tzinfo=UTC)}
