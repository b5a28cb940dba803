"""Pulling: a table at an address, asked when it is due, read whole, told of when it fails, goes stale or changes too much."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from tests.installation import at, installed
from tests.sources.books import book, rows
from tests.zoo import Server, answer, hang_up
from watcher.app import recover_pulls
from watcher.core.errors import SourceUnavailable
from watcher.core.selector import EVERYTHING
from watcher.pull import LEASE
from watcher.report import conclude
from watcher.store.events import find_events
from watcher.store.held import find_held
from watcher.store.pulls import claim_pull, find_pulls
from watcher.store.sources import ensure_source, find_sources

SETTINGS = """\
sources:
  log:
    kind: table
    every: 6h
    stale_after: 10d
    query_offset: 0d
    allow_networks: [127.0.0.0/8]
    pull: {{url: '{url}'}}
    options: {{columns: {{id: ref, date: day, country: land, location: place, fatalities: dead}}}}
"""
HEADER = "ref,day,land,place,dead"


def table(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def many(number: int, *, dead: int = 1) -> list[str]:
    return [f"R{n},2020-05-{n % 28 + 1:02},Mozambique,Palma,{dead}" for n in range(number)]


@pytest.fixture
def serving(tmp_path):
    """An installation that pulls from a server that plays this script."""

    class Both:
        def __init__(self, *acts) -> None:
            self.server = Server(*acts)
            self.installed = installed(tmp_path, settings=SETTINGS.format(url=self.server.url("/log.csv")))

        def __enter__(self):
            return self.installed.__enter__(), self.server.__enter__()

        def __exit__(self, *what) -> None:
            self.installed.__exit__(*what)
            self.server.__exit__(*what)

    return Both


def ids(it) -> list[str]:
    with it.app.store.reading() as tx:
        return [version.event.external_id for version in find_events(tx, EVERYTHING)]


def only(it):
    with it.app.store.reading() as tx:
        return find_sources(tx)[0]


def exit_code(it, done) -> int:
    with it.app.store.reading() as tx:
        return int(conclude(tx, done, strict=False, now=it.now).exit_code)


def test_what_was_pulled_is_stored_judged_and_told_in_one_turn(serving):
    with serving(answer(200, body=table("R1,2020-05-28,Mozambique,Palma,12"))) as (it, _):
        done = it.turn("2020-06-01 12:00")
        assert [(each.name, each.added) for each in done.ingested] == [("pulled 20200601T120000Z", 1)]
        assert [alert.state for alert in it.alerts().values()] == ["firing"]
        assert it.app.pullers.spool.batches("log") == []


def test_it_is_asked_when_it_is_due_and_told_what_we_have(serving):
    acts = (
        answer(200, body=table(*many(1)), ETag='"one"'),
        answer(304),
        answer(200, body=table(*many(2)), ETag='"two"'),
    )
    with serving(*acts) as (it, server):
        it.turn("2020-06-01 12:00")
        it.turn("2020-06-01 17:59")
        assert len(server.requests) == 1
        it.turn("2020-06-01 18:00")
        it.turn("2020-06-02 00:00")
        assert [each.headers.get("if-none-match") for each in server.requests] == [None, '"one"', '"one"']
        assert ids(it) == ["R0", "R1"]


def test_what_it_calls_itself_is_not_said_back_where_that_cannot_be_said(serving):
    acts = (answer(200, body=table(*many(1)), ETag="\u00e9", Last_Modified="monday"), answer(304))
    with serving(*acts) as (it, server):
        it.turn("2020-06-01 12:00")
        assert not it.turn("2020-06-01 18:00").failures
        said = [(each.headers.get("if-none-match"), each.headers.get("if-modified-since")) for each in server.requests]
        assert said == [(None, None), (None, "monday")]


def test_a_new_process_asks_no_sooner(serving):
    with serving(answer(200, body=table(*many(1)))) as (it, server):
        it.turn("2020-06-01 12:00")
        it.restart()
        it.turn("2020-06-01 13:00")
        assert len(server.requests) == 1


def test_a_source_that_fails_is_asked_again_sooner_and_told_when_it_lasts(serving):
    with serving(hang_up) as (it, server):
        done = it.turn("2020-06-01 12:00")
        assert [str(each) for each in done.failures] == ["log: 127.0.0.1: the connection was cut"]
        assert exit_code(it, done) == 69
        assert it.subjects() == []
        it.turn("2020-06-01 12:01")
        it.turn("2020-06-01 12:02")
        assert len(server.requests) == 2, "after one failure a minute, after two of them two"
        it.turn("2020-06-01 12:31")
        assert it.subjects() == ["[WARNING] log cannot be read"]
        quiet = it.turn("2020-06-01 12:31:30")
        assert quiet.failures == ()
        assert exit_code(it, quiet) == 69, "as long as it lasts, and without a word"


REFUSALS = [
    pytest.param(answer(401), "it refuses us (401); check the token", id="a token that is refused"),
    pytest.param(answer(404), "there is nothing at this address (404)", id="an address that has moved"),
    pytest.param(answer(200, body=b"<!DOCTYPE html><html>login"), "it answers with a web page", id="a web page"),
    pytest.param(answer(200, body=b"nothing,we,know\n1,2,3\n"), "no layout we know", id="another table"),
]


@pytest.mark.parametrize(("act", "words"), REFUSALS)
def test_what_needs_a_person_is_told_at_once(serving, act, words):
    with serving(act) as (it, _):
        done = it.turn("2020-06-01 12:00")
        assert words.partition(";")[0] in str(done.failures[0])
        assert len(it.subjects()) == 1
        assert only(it).needs_person
        assert only(it).cursor == ""


def test_a_workbook_and_a_json_array_are_pulled_like_any_table(serving):
    log = book(rows(HEADER.split(","), ("R1", date(2020, 5, 28), "Mozambique", "Palma", 12)))
    more = json.dumps([{"ref": "R2", "day": "2020-05-29", "land": "Mozambique", "place": "Palma", "dead": 1}]).encode()
    with serving(answer(200, body=log), answer(200, body=more)) as (it, _):
        it.turn("2020-06-01 12:00")
        it.turn("2020-06-02 12:00")
        assert ids(it) == ["R1", "R2"]


def test_an_empty_answer_is_no_empty_table(serving):
    with serving(answer(200)) as (it, _):
        [failure] = it.turn("2020-06-01 12:00").failures
        assert "its answer is empty, without even a header" in str(failure)
        assert only(it).cursor == ""


def test_a_source_that_wants_to_be_left_alone_is(serving):
    with serving(answer(429, Retry_After="7200")) as (it, server):
        it.turn("2020-06-01 12:00")
        it.turn("2020-06-01 13:59")
        assert len(server.requests) == 1
        it.turn("2020-06-01 14:00")
        assert len(server.requests) == 2


def test_a_source_that_answers_and_brings_nothing_new_is_stale_and_well_again_with_something_new(serving):
    stale = [answer(200, body=table(*many(1)))] * 2
    with serving(*stale, answer(200, body=table(*many(2)))) as (it, _):
        it.turn("2020-06-01 12:00")
        it.told()
        assert it.turn("2020-06-11 12:00").failures == ()
        assert it.subjects() == []
        done = it.turn("2020-06-11 12:01")
        assert it.subjects() == ["[WARNING] log brings nothing new"]
        assert exit_code(it, done) == 69
        it.turn("2020-06-11 18:00")
        assert it.subjects() == ["[ENDED] WatcherSourceStale (log): it is over"]


def test_a_bulk_change_is_held_told_once_and_stored_when_somebody_says_so(serving):
    with serving(answer(200, body=table(*many(100))), answer(200, body=table(*many(100, dead=9)))) as (it, server):
        it.turn("2020-06-01 12:00")
        it.told()
        done = it.turn("2020-06-02 12:00")
        [held] = done.ingested
        assert held.held == "it would revise 100 of 100 stored records (100%), more than the 10% allowed at once"
        assert it.subjects() == ["[WARNING] log: a bulk change is held"]
        later = it.turn("2020-06-03 12:00")
        assert (later.ingested, exit_code(it, later)) == ((), 69)
        assert len(server.requests) == 2, "behind what is held nothing is asked"
        with it.app.store.reading() as tx:
            assert [each.source for each in find_held(tx)] == ["log"]
            assert {version.event.fatalities for version in find_events(tx, EVERYTHING)} == {1}


def test_a_change_that_is_not_material_is_no_bulk_change(serving):
    marked = [f"{row},x" for row in many(100)]
    again = "\n".join([f"{HEADER},note", *marked, ""]).encode()
    with serving(answer(200, body=table(*many(100))), answer(200, body=again)) as (it, _):
        it.turn("2020-06-01 12:00")
        [done] = it.turn("2020-06-02 12:00").ingested
        assert (done.held, done.unchanged) == ("", 100)


def test_asking_one_source_at_once_says_what_is_wrong(serving):
    with serving(answer(403, body=b"terms not accepted")) as (it, _):
        it.now = at("2020-06-01 12:00")
        with pytest.raises(SourceUnavailable, match=r"it refuses us \(403: terms not accepted\)"):
            it.app.pullers.pull(it.app.feeds["log"])
        with it.app.store.reading() as tx:
            [pull] = find_pulls(tx)
        assert (pull.failures, pull.due_at - it.now) == (1, timedelta(hours=1))


def test_what_another_daemon_asks_is_left_alone_until_its_lease_runs_out(serving):
    with serving(answer(200, body=table(*many(1)))) as (it, server):
        it.now = at("2020-06-01 12:00")
        with it.app.store.writing() as tx:
            ensure_source(tx, "log", kind="table")
            assert claim_pull(tx, "log", token="another", now=it.now, lease=LEASE)
        assert not it.app.pullers.pull(it.app.feeds["log"])
        it.turn("2020-06-01 12:09")
        assert server.requests == []
        it.turn("2020-06-01 12:10")
        assert len(server.requests) == 1


def test_what_a_killed_process_was_asking_is_asked_at_once(serving):
    with serving(answer(200, body=table(*many(1)))) as (it, server):
        it.now = at("2020-06-01 12:00")
        with it.app.store.writing() as tx:
            ensure_source(tx, "log", kind="table")
            claim_pull(tx, "log", token="killed", now=it.now, lease=LEASE)
        recover_pulls(it.app)
        it.turn("2020-06-01 12:00")
        assert len(server.requests) == 1
