"""Quarantine: nothing of a row that could not be read is lost, and it is not kept twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from watcher.core.errors import UsageError
from watcher.core.event import Rejection
from watcher.store.quarantine import add_rejections, find_quarantined, quarantined, release
from watcher.store.sources import ensure_source, start_load

MONDAY = datetime(2020, 7, 6, 12, tzinfo=UTC)
TUESDAY = datetime(2020, 7, 7, 12, tzinfo=UTC)
HEADER = "event_id_cnty,event_date,fatalities"


def bad(row: int, raw: str = "MOZ1,1 May 2020,many", header: str = HEADER) -> Rejection:
    return Rejection(row, row + 1, "fatalities", "'many' is no number", raw, header)


@pytest.fixture
def tx(store):
    with store.writing() as connection:
        for source in ("acled", "other"):
            ensure_source(connection, source, kind="acled")
        yield connection


@pytest.fixture
def add(tx):
    """Add rows as a load of a file; files of one name are one load."""

    def add(*rejections, file="a.csv", source="acled"):
        load = start_load(tx, source, name=file, sha256=file, now=MONDAY)
        return add_rejections(tx, rejections, source=source, load=load.id, now=MONDAY)

    return add


def test_a_row_comes_back_whole(tx, add):
    rejection = bad(7, raw='MOZ1,"1 May 2020\nor so",  Ménaka, ')
    add(rejection)
    [kept] = find_quarantined(tx)
    assert (kept.rejection, kept.source, kept.at, kept.released_at) == (rejection, "acled", MONDAY, None)
    assert quarantined(tx, kept.id) == kept


def test_nothing_to_add_is_nothing(tx, add):
    assert add() == 0
    assert find_quarantined(tx) == []


def test_rows_are_found_by_source_oldest_first_up_to_a_limit(tx, add):
    add(bad(1), bad(2, raw="x"), bad(3, raw="y"))
    add(bad(1), source="other")
    assert [each.rejection.row for each in find_quarantined(tx, source="acled")] == [1, 2, 3]
    assert [each.rejection.row for each in find_quarantined(tx, limit=2)] == [1, 2]


def test_equal_rows_of_one_file_are_all_kept(tx, add):
    assert add(bad(1), bad(2)) == 2
    assert add(bad(1001)) == 1


@pytest.mark.parametrize(
    ("how", "kept_again"),
    [
        pytest.param(None, 0, id="waits already is not added again"),
        pytest.param("dismissed", 0, id="was dismissed is not added again"),
        pytest.param("retried", 1, id="was read at a retry and cannot be read now is added"),
    ],
)
def test_a_row_of_next_weeks_export_that(tx, add, how, kept_again):
    add(bad(1))
    if how:
        release(tx, find_quarantined(tx)[0].id, how=how, now=TUESDAY)
    assert add(bad(30), file="next week.csv") == kept_again


@pytest.mark.parametrize(
    ("rejection", "source"),
    [
        pytest.param(bad(1, raw="MOZ2,1 May 2020,many"), "acled", id="another row"),
        pytest.param(bad(1, header="event_date,event_id_cnty,fatalities"), "acled", id="another header"),
        pytest.param(bad(1), "other", id="another source"),
    ],
)
def test_the_same_row_again_is_not(tx, add, rejection, source):
    add(bad(1))
    assert add(rejection, source=source, file="next week.csv") == 1


def test_more_rows_than_a_statement_takes_are_compared_as_well(tx, add):
    rows = [bad(row, raw=f"MOZ{row}") for row in range(1, 1202)]
    assert add(*rows) == 1201
    assert add(*rows, bad(1202, raw="new"), file="next week.csv") == 1


def test_a_released_row_is_shown_only_when_asked_for(tx, add):
    add(bad(1))
    [kept] = find_quarantined(tx)
    released = release(tx, kept.id, how="dismissed", now=TUESDAY)
    assert (released.released_at, released.released_how) == (TUESDAY, "dismissed")
    assert find_quarantined(tx) == []
    assert find_quarantined(tx, open_only=False) == [released]


def test_the_first_release_stands(tx, add):
    add(bad(1))
    number = find_quarantined(tx)[0].id
    first = release(tx, number, how="retried", now=MONDAY)
    assert release(tx, number, how="dismissed", now=TUESDAY) == first


def test_a_number_that_is_not_there_is_said_so(tx):
    with pytest.raises(UsageError, match="nothing in quarantine has the number 99"):
        release(tx, 99, how="dismissed", now=MONDAY)
