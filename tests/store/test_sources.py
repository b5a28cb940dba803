"""Sources and loads: how far each has been read, and what stood in the way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from watcher.core.errors import StoreError
from watcher.store.events import Recorded
from watcher.store.sources import (
    advance_load,
    ensure_source,
    find_sources,
    finish_load,
    loaded_before,
    source_failed,
    start_load,
)

MONDAY = datetime(2020, 7, 6, 12, tzinfo=UTC)
TUESDAY = datetime(2020, 7, 7, 12, tzinfo=UTC)


@pytest.fixture
def tx(store):
    with store.writing() as connection:
        ensure_source(connection, "acled", kind="acled")
        yield connection


def only(tx):
    [state] = find_sources(tx)
    return state


def test_a_new_source_has_read_nothing(tx):
    state = only(tx)
    assert (state.name, state.kind, state.loads, state.last_success, state.newest_event) == (
        "acled",
        "acled",
        0,
        None,
        None,
    )


def test_naming_a_source_again_changes_nothing(tx):
    ensure_source(tx, "acled", kind="acled")
    assert only(tx).name == "acled"


def test_a_source_of_another_kind_needs_another_name(tx):
    with pytest.raises(StoreError, match="'acled' holds records of kind 'acled', not 'ucdp'"):
        ensure_source(tx, "acled", kind="ucdp")


def test_sources_are_found_by_name(tx):
    ensure_source(tx, "a table", kind="table")
    assert [state.name for state in find_sources(tx)] == ["a table", "acled"]


def test_a_load_adds_up_what_its_chunks_brought(tx):
    load = start_load(tx, "acled", name="mali.csv", sha256="aa", now=MONDAY)
    advance_load(
        tx, load.id, rows=1000, recorded=Recorded(added=990, revised=4, unchanged=3, older=1, deleted=2), quarantined=5
    )
    advance_load(tx, load.id, rows=1500, recorded=Recorded(added=499), quarantined=1)
    done = finish_load(tx, load.id, now=TUESDAY)
    assert done == load._replace(
        finished_at=TUESDAY, rows=1500, added=1489, revised=4, unchanged=3, older=1, deleted=2, quarantined=6
    )


def test_a_chunk_of_bad_rows_only_moves_the_cursor_as_well(tx):
    load = start_load(tx, "acled", name="mali.csv", sha256="aa", now=MONDAY)
    advance_load(tx, load.id, rows=7, quarantined=7)
    assert (finish_load(tx, load.id, now=MONDAY).rows, only(tx).loads) == (7, 1)


def test_a_load_that_was_cut_off_is_taken_up_where_it_stood(tx):
    load = start_load(tx, "acled", name="mali.csv", sha256="aa", now=MONDAY)
    advance_load(tx, load.id, rows=1000, recorded=Recorded(added=1000))
    again = start_load(tx, "acled", name="renamed.csv", sha256="aa", now=TUESDAY)
    assert (again.id, again.rows, again.added) == (load.id, 1000, 1000)


@pytest.mark.parametrize(
    ("source", "sha256"),
    [pytest.param("acled", "bb", id="other bytes"), pytest.param("other", "aa", id="another source")],
)
def test_a_load_is_not_taken_up_for(tx, source, sha256):
    ensure_source(tx, "other", kind="acled")
    load = start_load(tx, "acled", name="mali.csv", sha256="aa", now=MONDAY)
    assert start_load(tx, source, name="mali.csv", sha256=sha256, now=MONDAY).id != load.id


def test_only_a_completed_load_counts_as_loaded_before(tx):
    load = start_load(tx, "acled", name="mali.csv", sha256="aa", now=MONDAY)
    assert loaded_before(tx, "acled", sha256="aa") is None
    done = finish_load(tx, load.id, now=TUESDAY)
    assert loaded_before(tx, "acled", sha256="aa") == done
    assert loaded_before(tx, "acled", sha256="bb") is None


def test_a_file_that_is_loaded_again_on_purpose_is_a_load_of_its_own(tx):
    for now in (MONDAY, TUESDAY):
        finish_load(tx, start_load(tx, "acled", name="mali.csv", sha256="aa", now=now).id, now=now)
    before = loaded_before(tx, "acled", sha256="aa")
    assert before is not None
    assert before.started_at == TUESDAY
    assert only(tx).loads == 2


def test_a_failure_is_told_until_the_source_can_be_read_again(tx):
    source_failed(tx, "acled", why="no such folder", now=MONDAY)
    assert (only(tx).failure, only(tx).last_failure) == ("no such folder", MONDAY)
    finish_load(tx, start_load(tx, "acled", name="mali.csv", sha256="aa", now=TUESDAY).id, now=TUESDAY)
    assert (only(tx).failure, only(tx).last_failure, only(tx).last_success) == ("", MONDAY, TUESDAY)
