"""`watcher source`: list, test, pull, add, as an operator uses them."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.sources import test_hapi
from tests.zoo import Server, answer
from watcher.core.errors import StoreError
from watcher.sources.pull import PULLS

TABLE = b"ref,day,land,dead\nR1,2020-07-01,Mali,3\nR2,2020-07-02,Mali,many\nR3,2020-07-03,Mali,1\n"
SOURCE = """
  net:
    kind: table
    allow_networks: [127.0.0.0/8]
    bad_rows: 0.5
    query_offset: 0d
    pull: {url: '%s'}
    options: {columns: {id: ref, date: day, country: land, fatalities: dead}}
"""


@pytest.fixture
def asked(home, it_is):
    """A server that is a source of the settings, and what it answers."""
    it_is("2020-07-20T09:00")

    class Asked:
        def __init__(self, *acts) -> None:
            self.server = Server(*acts)

        def __enter__(self) -> Server:
            path = home / "watcher.yaml"
            text = path.read_text().replace("sources:\n", "sources:" + SOURCE % self.server.url("/log.csv"), 1)
            path.write_text(text)
            return self.server.__enter__()

        def __exit__(self, *what) -> None:
            self.server.__exit__(*what)

    return Asked


def test_a_source_is_tried_and_nothing_is_stored(asked, good):
    with asked(answer(200, body=TABLE)):
        said = good("source", "test", "net")
    assert said.splitlines() == [
        "net: 3 rows in the first page",
        "  its newest event is of 2020-07-03",
        "  1 row cannot be read; the first, fatalities: 'many' is no whole number",
    ]
    assert json.loads(good("events", "--format", "json")) == []


WRONG = [
    pytest.param(answer(401), "it refuses us (401); check", 69, id="a token that is refused"),
    pytest.param(answer(404), "there is nothing at this address (404)", 69, id="a moved endpoint"),
    pytest.param(
        answer(200, body=b"<html>login</html>"), "it answers with a web page instead of data", 69, id="a web page"
    ),
    pytest.param(answer(200, body=b"a,b\n1,2\n"), "the header lacks", 69, id="another layout"),
]


@pytest.mark.parametrize(("act", "words", "code"), WRONG)
def test_what_is_wrong_is_said_in_the_operators_words(asked, run, act, words, code):
    with asked(act):
        said = run("source", "test", "net")
    assert said.code == code
    assert words.partition(";")[0] in said.err


MONTHLY = """
  monthly:
    kind: hapi
    allow_networks: [127.0.0.0/8]
    pull: {url: '%s', app_identifier: {env: HAPI_IDENTIFIER}, from: 2020-05-01, countries: [Mozambique]}
"""
ANSWERS = [
    pytest.param(answer(403, body=b'{"error": "Missing app identifier"}'), "it refuses the app identifier (403)", 69, id="no identifier"),
    pytest.param(answer(403), "download the dataset hdx-hapi-conflict-event as CSV", 69, id="a machine that is turned away"),
    pytest.param(answer(200, body=b'{"data": []}'), "and has no row for us in the first page", 0, id="nothing in the first months"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "words", "code"), ANSWERS)
def test_a_kind_with_an_api_is_tried_in_the_same_way(home, it_is, run, monkeypatch, *, act, words, code):
    it_is("2020-07-20T09:00")
    monkeypatch.setenv("HAPI_IDENTIFIER", "who-we-are")
    with Server(act) as server:
        path = home / "watcher.yaml"
        path.write_text(path.read_text().replace("sources:\n", "sources:" + MONTHLY % server.url(""), 1))
        said = run("source", "test", "monthly")
    assert said.code == code
    assert words in said.out + said.err


def test_a_quiet_time_is_no_fault(asked, good):
    with asked(answer(200, body=b"ref,day,land,dead\n")):
        assert "net: it answers, and has no row for us" in good("source", "test", "net")


def test_a_pull_stores_what_is_new_and_the_list_says_so(asked, good):
    with asked(answer(200, body=TABLE)):
        assert good("source", "pull", "net") == "net: 3 rows: 2 new; 1 in quarantine (see: watcher quarantine list)\n"
        assert good("source", "pull", "net") == "net: 3 rows: 0 new\n"
    rows = {row["source"]: row for row in json.loads(good("source", "list", "--format", "json"))}
    assert (rows["net"]["how"], rows["net"]["newest event"], rows["net"]["state"]) == ("pull", "2020-07-03", "ok")


def test_a_pull_that_is_refused_is_a_failure_of_the_source_until_one_is_taken(asked, run, good):
    with asked(answer(200, body=TABLE.replace(b"3", b"many")), answer(200, body=TABLE)):
        said = run("source", "pull", "net")
        assert (said.code, "of 3 rows cannot be read" in said.err) == (65, True)
        assert "of 3 rows cannot be read" in good("status")
        assert state_of("net", good).startswith("fails: 3 of 3 rows cannot be read")
        good("source", "pull", "net")
        assert state_of("net", good) == "ok"


def test_a_store_that_cannot_be_written_costs_no_answer(asked, run, good, monkeypatch):
    def full(*_, **__):
        raise StoreError("the disk is full")

    with asked(answer(200, body=TABLE)) as server:
        with monkeypatch.context() as patch:
            patch.setattr("watcher.ingest.ingest_file", full)
            assert run("source", "pull", "net").code == 74
        assert good("source", "pull", "net").startswith("net: 3 rows: 2 new")
    assert len(server.requests) == 1, "what was answered once is not asked for again"


def state_of(source: str, good) -> str:
    rows = json.loads(good("source", "list", "--format", "json"))
    return next(str(row["state"]) for row in rows if row["source"] == source)


def test_files_are_looked_into(home, it_is, good, run):
    it_is("2020-07-20T09:00")
    good("source", "add", "table", "other", "--files", "--write")
    assert "there is no such file or folder" in run("source", "test", "other").err
    (home / "incoming/other").mkdir(parents=True)
    assert "there is no file yet" in run("source", "test", "other").err
    (home / "incoming/other/july.csv").write_text("ref,day,land\nR1,2020-07-01,Mali\n")
    assert good("source", "test", "other").startswith("other: 1 row in july.csv\n")


def test_rows_that_tell_of_no_event_are_counted_apart(home, it_is, good):
    it_is("2024-06-15T09:00")
    good("source", "add", "hapi", "monthly", "--files", "--write")
    (home / "incoming/monthly").mkdir(parents=True)
    nothing = {"admin2_code": "MZ0108", "events": "0", "fatalities": "0"}
    (home / "incoming/monthly/2024.csv").write_bytes(test_hapi.months({}, nothing))
    said = good("source", "test", "monthly")
    assert "  1 row of no event, or of one that was taken back" in said.splitlines()
    good("check")
    [event] = json.loads(good("events", "--format", "json", "--where", "event_type: political_violence"))
    assert (event["source"], event["incidents"]) == ("monthly", 2)


def test_a_stanza_has_a_comment_on_every_key_and_loads(home, good):
    printed = yaml.safe_load(good("source", "add", "table", "other", "--files"))
    assert printed["sources"]["other"]["options"]["columns"] == {"id": "ref", "date": "day", "country": "land"}
    good("source", "add", "table", "other", "--files", "--write")
    assert "other" in good("source", "list")
    assert yaml.safe_load((home / "watcher.yaml").read_text())["sources"]["other"]["kind"] == "table"


def test_keys_of_every_source_and_of_its_kind_are_set_where_they_belong(home, good):
    given = ("every=2h", "allow_networks=[10.0.0.0/8]", "earliest=2018-01-01", "countries=[Mali]")
    good("source", "add", "acled", "mali", *(part for pair in given for part in ("--set", pair)), "--write")
    written = yaml.safe_load((home / "watcher.yaml").read_text())["sources"]["mali"]
    assert (written["every"], written["allow_networks"]) == ("2h", ["10.0.0.0/8"])
    assert (str(written["options"]["earliest"]), written["pull"]["countries"]) == ("2018-01-01", ["Mali"])
    assert "mali" in good("source", "list")


def test_the_address_of_a_feed_is_no_table(good):
    printed = yaml.safe_load(good("source", "add", "feed"))
    assert printed["sources"]["feed"]["pull"]["url"] == "https://example.org/feed.xml"


@pytest.mark.parametrize("kind", PULLS)
def test_the_stanza_of_every_kind_that_is_asked_has_keys_that_it_knows(kind, good, home):
    good("source", "add", kind, "asked", "--write")
    pull = yaml.safe_load((home / "watcher.yaml").read_text())["sources"]["asked"]["pull"]
    assert pull == {name: value for name, value in pull.items() if value != "..."}
    said = good("source", "list")
    assert "asked" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("add", "table", "x", "--set", "colour=red"), "has no key 'colour'", id="a key that is none"),
        pytest.param(
            ("add", "table", "acled", "--files", "--write"), "there is a source 'acled' already", id="a taken name"
        ),
        pytest.param(("pull", "acled"), "acled is not asked over the network", id="files are not pulled"),
        pytest.param(("pull", "nobody"), "there is no source 'nobody'", id="an unknown source"),
    ],
)
def test_what_cannot_be_done_is_refused(run, arguments, words):
    said = run("source", *arguments)
    assert said.code == 2
    assert words in said.err
