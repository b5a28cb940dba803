"""Runs: when watcher was at work and how it went."""

from __future__ import annotations

from datetime import UTC, datetime

from watcher.store.runs import Run, finish_run, last_runs, start_run

START = datetime(2020, 7, 6, 12, tzinfo=UTC)
END = datetime(2020, 7, 6, 12, 1, tzinfo=UTC)


def test_a_run_that_goes_on_has_no_end(store):
    with store.writing() as tx:
        number = start_run(tx, "check", now=START)
    with store.reading() as tx:
        assert last_runs(tx) == [Run(number, "check", START, None, None, {})]


def test_a_run_that_is_over_says_how_it_went(store):
    with store.writing() as tx:
        number = start_run(tx, "daemon", now=START)
        finish_run(tx, number, exit_code=1, summary={"firing": 2, "why": "a receiver in Tillabéri"}, now=END)
    with store.reading() as tx:
        [run] = last_runs(tx)
    assert (run.finished_at, run.exit_code) == (END, 1)
    assert run.summary == {"firing": 2, "why": "a receiver in Tillabéri"}


def test_the_newest_come_first_and_no_more_than_asked_for(store):
    with store.writing() as tx:
        numbers = [start_run(tx, "check", now=START) for _ in range(3)]
    with store.reading() as tx:
        assert [run.id for run in last_runs(tx, 2)] == [numbers[2], numbers[1]]
