"""GDELT over the network: which exports are asked for, which rows are kept, and what each fault means to the operator."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.sources.pull.api import HTML, NOW, SILENCE, Asked, Client, Fault, Pulled, Said, always, at
from tests.sources.pull.gdelt import ABSENT, FOLDER, Gdelt, article
from tests.sources.test_gdelt import PROTEST, line, packed
from tests.zoo import Server
from watcher.core.errors import SourceUnavailable
from watcher.core.event import Event, Record
from watcher.sources import gdelt as reader
from watcher.sources.pull import Page, gdelt
from watcher.sources.pull.gdelt_place import gaps

OPTIONS: dict[str, Any] = {"countries": ("Mozambique",)}
PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "source-faults.md").read_text("utf-8")
#: NOW is 12:00.
Q = ["20261128111500", "20261128113000", "20261128114500", "20261128120000"]


def records(lines: bytes) -> list[Record]:
    return list(reader.read(io.BytesIO(lines), source="gdelt", today=NOW.date(), settings=reader.Settings()))


def articles(lines: bytes) -> list[str]:
    return [each.url.rpartition("/")[2] for each in records(lines) if isinstance(each, Event)] if lines else []


def four(*without: int) -> dict[str, bytes]:
    """An export for each of the last four quarters of an hour."""
    return {stamp: article(n, stamp) for n, stamp in enumerate(Q) if n not in without}


class Folder(Client):
    """A client of a folder; what comes are rows of an export and no JSON."""

    def pages(self, **where: Any) -> Any:
        self.options = {"url": self.server.url(FOLDER), **self.options}
        return super().pages(**where)

    def pull(self, **where: Any) -> Pulled:
        pages = list(self.pages(**where))
        lines = b"".join(page.lines for page in pages)
        assert lines.count(b"\n") == sum(page.rows for page in pages)
        assert [bool(page.cursor) for page in pages] == [False] * (len(pages) - 1) + [True]
        return Pulled([], pages[-1].cursor, lines, frozenset())


@pytest.fixture
def asking(tmp_path):
    """Ask a folder, with these options."""
    opened: list[Server] = []

    def ask(api: Gdelt, **options: Any) -> Folder:
        server = api.serving()
        opened.append(server.__enter__())
        return Folder(gdelt, server, tmp_path, OPTIONS | options)

    yield ask
    for server in opened:
        server.__exit__()


def failing(client: Folder, **where: Any) -> SourceUnavailable:
    with pytest.raises(SourceUnavailable) as caught:
        client.pull(**where)
    return caught.value


def read_to(stamp: str) -> str:
    """The cursor behind an export."""
    question = gdelt.Settings.model_validate(OPTIONS).question
    return json.dumps({"asked": question, "newest": stamp, "missing": []})


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_every_export_since_the_last_one_is_taken_once(asking):
    api = Gdelt(exports=four())
    client = asking(api)
    pulled = client.pull(cursor=read_to(Q[0]))
    assert articles(pulled.lines) == ["1", "2", "3"]
    assert api.stamps() == Q[1:]
    api.asked.clear()
    again = client.pull(cursor=pulled.cursor)
    assert (again.lines, again.cursor, api.stamps()) == (b"", pulled.cursor, [])


def test_a_first_pull_takes_a_day_and_one_that_is_told_from_when_takes_all(asking):
    api = Gdelt(exports=four())
    assert articles(asking(api).pull().lines) == ["0", "1", "2", "3"]
    assert (api.stamps()[0], len(api.stamps())) == ("20261127121500", 96)
    api.asked.clear()
    asking(api, **{"from": date(2026, 11, 28)}).pull()
    assert (api.stamps()[0], len(api.stamps())) == ("20261128000000", 49)


def test_another_question_reads_the_exports_anew(asking):
    api = Gdelt(exports=four())
    asking(api, countries=("Mozambique", "Mali")).pull(cursor=read_to(Q[3]))
    assert len(api.stamps()) == 96


def test_asking_anew_from_a_day_leaves_the_cursor_where_it_was(asking):
    client = asking(Gdelt(exports=four()))
    pulled = client.pull(cursor=read_to(Q[3]), since=date(2026, 11, 28))
    assert (articles(pulled.lines), pulled.cursor) == (["0", "1", "2", "3"], read_to(Q[3]))
    assert client.pull(since=date(2026, 11, 28)).cursor == "{}"


def test_a_mirror_that_is_behind_takes_nothing_back(asking):
    api = Gdelt(exports=four(3))
    assert json.loads(asking(api).pull(cursor=read_to(Q[3])).cursor)["newest"] == Q[3]


KEPT = [
    pytest.param({}, {}, True, id="a fight in the country"),
    pytest.param({}, {"ActionGeo_CountryCode": "ML"}, False, id="in another country"),
    pytest.param({"countries": ("Mali", "MOZ")}, {"ActionGeo_CountryCode": "ML"}, True, id="in one of several"),
    pytest.param({}, {"ActionGeo_CountryCode": ""}, False, id="nowhere"),
    pytest.param({}, PROTEST, False, id="a protest"),
    pytest.param({"root_codes": (14, "18")}, PROTEST, True, id="a protest that is wanted"),
    pytest.param({"root_codes": ()}, PROTEST, True, id="anything"),
    pytest.param({"root_codes": (), "quad_classes": (4,)}, PROTEST, False, id="only material conflict"),
    pytest.param({"quad_classes": (3, 4)}, {}, True, id="both kinds of conflict"),
]


@pytest.mark.parametrize(("options", "changes", "is_kept"), KEPT)
def test_which_rows_are_kept(asking, options, changes, is_kept):
    api = Gdelt(exports={Q[3]: line(DATEADDED=Q[3], **changes)})
    lines = asking(api, **options, **{"from": date(2026, 11, 28)}).pull().lines
    assert bool(lines) is is_kept


def test_a_row_that_is_none_goes_on_to_be_refused_by_its_reader(asking):
    api = Gdelt(exports={Q[3]: article(1, Q[3]) + b"1\t2\n\n" + article(2, Q[3]).rstrip(b"\n")})
    lines = asking(api).pull().lines
    assert lines.endswith(b"\n")
    assert [type(each).__name__ for each in records(lines)] == ["Rejection", "Event", "Event"]


REFUSED_OPTIONS = [
    pytest.param({"countries": ()}, "at least 1 item", id="the whole world"),
    pytest.param({"countries": ("Mozambik",)}, "did you mean 'Mozambique'", id="a country that is misspelt"),
    pytest.param({"countries": ("Aland Islands",)}, "no country that GDELT has a code for", id="a country without a code"),
    pytest.param({"root_codes": ("21",)}, "should match pattern", id="a code that there is not"),
    pytest.param({"root_codes": (True,)}, "valid string", id="a code that is none"),
    pytest.param({"quad_classes": (5,)}, "should be 1, 2, 3 or 4", id="a class that there is not"),
    pytest.param({"url": "http://data.gdeltproject.org/gdeltv2"}, "must begin with https://", id="no encryption"),
    pytest.param({"from": date(2015, 2, 18)}, "greater than or equal to 2015-02-19", id="before GDELT 2.0"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "words"), REFUSED_OPTIONS)
def test_options_that_cannot_be_asked_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        gdelt.Settings.model_validate(OPTIONS | options)


# --- what is missing --------------------------------------------------------------------------------------------------


def on(stamp: str, answer: Said) -> Fault:
    """A fault of one export."""
    return lambda asked: answer if stamp in asked.path else None


MISSING = [
    pytest.param(ABSENT, id="it is not there"),
    pytest.param(Said(403, b"<?xml version='1.0'?><Error><Code>AccessDenied"), id="a store that may not be listed"),
    pytest.param(Said(200, b"PK\x03\x04 and no more"), id="it is damaged"),
    pytest.param(Said(200, packed(a=b"1", b=b"2")), id="it is another archive"),
]


@pytest.mark.parametrize("answer", MISSING)
def test_a_missing_quarter_of_an_hour_is_asked_for_again_and_told_of_when_it_is_late(asking, answer):
    api = Gdelt(exports=four(), fault=on(Q[2], answer))
    client = asking(api)
    first = client.pull(cursor=read_to(Q[0]))
    assert articles(first.lines) == ["1", "3"]
    assert gaps(first.cursor, NOW) == []
    assert gaps(first.cursor, NOW + timedelta(hours=2)) == ["2026-11-28 11:45"]
    client.now = NOW + timedelta(hours=1)
    second = client.pull(cursor=first.cursor)
    assert gaps(second.cursor, NOW + timedelta(hours=2)) == ["2026-11-28 11:45"], "since it was first noticed"
    api.fault = lambda _: None
    api.asked.clear()
    third = client.pull(cursor=second.cursor)
    assert (articles(third.lines), api.stamps()) == (["2"], [Q[2]])
    assert gaps(third.cursor, NOW + timedelta(days=1)) == []


def test_after_a_day_it_is_passed_over_and_after_a_week_forgotten(asking):
    api = Gdelt(exports=four(2))
    client = asking(api)
    cursor = client.pull(cursor=read_to(Q[0])).cursor
    for days, told in ((1, ["2026-11-28 11:45"]), (7, [])):
        client.now = NOW + timedelta(days=days)
        stamp = f"{client.now:%Y%m%d%H%M%S}"
        api.exports = {stamp: b""}
        api.asked.clear()
        behind = json.dumps(json.loads(cursor) | {"newest": stamp})
        after = client.pull(cursor=behind).cursor
        assert (api.stamps(), list(gaps(after, client.now))) == ([], told)


def test_more_gaps_than_anybody_reads_are_not_kept(asking, monkeypatch):
    monkeypatch.setattr("watcher.sources.pull.gdelt_place._MOST", 3)
    cursor = asking(Gdelt(exports=four())).pull().cursor
    assert gaps(cursor, NOW + timedelta(hours=3)) == [f"2026-11-28 {time}" for time in ("10:30", "10:45", "11:00")]


@pytest.mark.parametrize("cursor", ["", "{}", "[]", "nonsense", '{"missing": [["yesterday", "today"]]}', '{"missing": [7]}'])  # fmt: skip
def test_a_cursor_that_says_nothing_knows_of_no_gap(cursor):
    assert gaps(cursor, NOW) == ()


# --- faults -----------------------------------------------------------------------------------------------------------


def on_list(answer: Said) -> Fault:
    return lambda asked: answer if asked.path.endswith("lastupdate.txt") else None


def on_export(answer: Said) -> Fault:
    return on(Q[3], answer)


def off_the_grid(text: str) -> bytes:
    return f"1 {'a' * 32} http://data.gdeltproject.org/gdeltv2/{text}.export.CSV.zip\n".encode()


NEEDS_PERSON = [
    pytest.param(on_list(Said(404)), "there is nothing at this address (404)", id="an address that has moved"),
    pytest.param(on_list(Said(403)), "it refuses us (403)", id="an address that is closed"),
    pytest.param(on_list(Said(200, HTML)), "it answers with a web page", id="a web page instead of a list"),
    pytest.param(on_list(Said(200, b"")), "lastupdate.txt names no export where it should", id="an empty list"),
    pytest.param(on_list(Said(200, off_the_grid("20261128120100"))), "names no export where it should", id="a newest export between two quarters of an hour"),
    pytest.param(on_list(Said(200, off_the_grid("20261328120000"))), "names no export where it should", id="a newest export of no moment"),
    pytest.param(on(Q[1], Said(403, HTML)), "it refuses us (403, with a web page)", id="a block page"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "words"), NEEDS_PERSON)
def test_what_needs_a_person_is_told_in_words(asking, fault, words):
    error = failing(asking(Gdelt(exports=four(), fault=fault)), cursor=read_to(Q[0]))
    assert words in str(error)
    assert (error.needs_person, error.where) == (True, "127.0.0.1")


def other_than(data: bytes) -> bytes:
    """The same length, and another content."""
    return data[:-1] + bytes([data[-1] ^ 1])


def torn() -> bytes:
    """A list that speaks of an archive that is none."""
    md5 = hashlib.md5(b"no archive", usedforsecurity=False).hexdigest()
    return f"10 {md5} http://x/{Q[3]}.export.CSV.zip\n".encode()


def either(asked: Asked) -> Said | None:
    return (
        Said(200, torn()) if asked.path.endswith(".txt") else Said(200, b"no archive") if Q[3] in asked.path else None
    )


PASSES = [
    pytest.param(on_list(Said(503)), "it is in trouble itself (503)", id="trouble of its own"),
    pytest.param(on_export(Said(429, b"", {"Retry_After": "60"})), "we asked too often (429)", id="too many requests"),
    pytest.param(on_export(ABSENT), "the export that it names as its newest is not there yet", id="a newest export that is not there"),
    pytest.param(on_export(Said(200, packed(export=b"short"))), "bytes, and should have", id="another size than it was said to have"),
    pytest.param(on_export(Said(200, other_than(packed(export=article(3, Q[3]))))), "is not the one that its checksum (MD5) speaks of", id="another content than it was said to have"),
    pytest.param(either, "UTC is none: the archive is damaged or locked", id="no archive at all"),
    pytest.param(on(Q[1], Said(500)), "it is in trouble itself (500)", id="trouble with an older one"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "words"), PASSES)
def test_what_passes_is_tried_again_and_nothing_half_is_finished(asking, fault, words):
    api = Gdelt(exports=four(), fault=fault)
    client = asking(api)
    kept: list[Page] = []
    with pytest.raises(SourceUnavailable) as caught:
        kept.extend(client.pages(cursor=read_to(Q[0])))
    assert words in str(caught.value)
    assert not caught.value.needs_person
    assert not any(page.cursor for page in kept)
    api.fault = lambda _: None
    position = kept[-1].position if kept else ""
    lines = b"".join(page.lines for page in [*kept, *client.pages(cursor=read_to(Q[0]), position=position)])
    assert articles(lines) == ["1", "2", "3"]


CLOCKS = [
    pytest.param("20261128090000", "", id="three hours ago"),
    pytest.param("20261128084500", "it has stopped: its newest export is of 2026-11-28 08:45 UTC", id="longer ago"),
    pytest.param("20261128121500", "its newest export is of the future (2026-11-28 12:15 UTC)", id="of the future"),
]


@pytest.mark.parametrize(("stamp", "words"), CLOCKS)
def test_a_mirror_that_has_stopped_and_one_of_the_future_are_no_quiet_time(asking, stamp, words):
    client = asking(Gdelt(exports={stamp: article(1, stamp)}), **{"from": date(2026, 11, 28)})
    if words:
        error = failing(client)
        assert words in str(error)
        assert not error.needs_person
    else:
        assert articles(client.pull().lines) == ["1"]


def test_clocks_may_lie_a_little_apart(asking):
    client = asking(Gdelt(exports=four()))
    client.now = datetime(2026, 11, 28, 11, 55, tzinfo=UTC)
    assert articles(client.pull(cursor=read_to(Q[2])).lines) == ["3"]


def test_an_archive_that_unpacks_without_end_is_no_export(asking, monkeypatch):
    monkeypatch.setattr("watcher.sources.unpack.unpacked.__kwdefaults__", {"most": 1 << 16})
    api = Gdelt(exports=four() | {Q[3]: bytes(1 << 17)})
    assert "unpacked, the archive is larger than" in str(failing(asking(api), cursor=read_to(Q[2])))


@pytest.mark.parametrize("position", ["{}", "[]", "nonsense", '{"again": [], "next": "y"}'])
def test_a_position_that_is_none_begins_anew(asking, position):
    pulled = asking(Gdelt(exports=four())).pull(cursor=read_to(Q[0]), position=position)
    assert articles(pulled.lines) == ["1", "2", "3"]


@settings(deadline=None)
@given(cut=st.integers(1, 9), missing=st.sets(st.integers(0, 5), max_size=3))
def test_every_export_comes_once_wherever_the_pull_is_cut_off(tmp_path_factory, cut, missing):
    stamps = [f"202611281{n * 15 // 60}{n * 15 % 60:02}00" for n in range(7)]
    exports = {stamp: article(n, stamp) for n, stamp in enumerate(stamps) if n not in missing}
    api = Gdelt(exports=exports, fault=at(cut, Said(503)))
    with api.serving() as server:
        client = Folder(gdelt, server, tmp_path_factory.mktemp("exports"), OPTIONS | {"from": date(2026, 11, 28)})
        lines = client.persist("503")
    assert articles(lines) == [str(n) for n in range(7) if n not in missing]


def test_the_sample_of_a_list_is_read(asking, real_data):
    sample = Said(200, (real_data / "api_samples" / "gdelt_lastupdate.reconstructed.txt").read_bytes())
    client = asking(Gdelt(exports={"20150218230000": b""}, fault=on_list(sample)))
    client.now = datetime(2015, 2, 18, 23, 5, tzinfo=UTC)
    error = failing(client, cursor=read_to("20150218224500"))
    assert "bytes, and should have 150,383" in str(error)


def test_the_real_export_is_pulled(asking, real_data):
    stamp = "20191024143000"
    data = (real_data / "gdelt" / f"{stamp}.export.CSV").read_bytes()
    client = asking(Gdelt(exports={stamp: data}), countries=("Syria", "Turkey"))
    client.now = datetime(2019, 10, 24, 14, 35, tzinfo=UTC)
    pulled = client.pull(since=date(2019, 10, 24))
    rows = [row.split(b"\t") for row in data.splitlines()]
    wanted = [row for row in rows if row[53] in {b"SY", b"TU"} and row[28] in {b"18", b"19", b"20"}]
    assert pulled.lines.count(b"\n") == len(wanted) > 10
    assert len(articles(pulled.lines)) == len({(row[60], row[53]) for row in wanted})


def test_silence_is_a_fault(asking, monkeypatch):
    monkeypatch.setattr(gdelt, "_DEADLINE", timedelta(milliseconds=200))
    assert "the" in str(failing(asking(Gdelt(exports=four(), fault=always(SILENCE)))))


@pytest.mark.parametrize("words", [pytest.param(each.values[1], id=str(each.id)) for each in [*NEEDS_PERSON, *PASSES, *CLOCKS]])  # fmt: skip
def test_the_page_of_faults_says_what_each_means(words):
    assert words in PAGE
