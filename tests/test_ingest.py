"""Ingest: whole or not at all, never twice, and on from where it was cut off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.installation import SETTINGS, at, installed
from tests.stories.records import acled_file
from watcher.core.errors import DataError, SourceUnavailable
from watcher.core.selector import EVERYTHING
from watcher.inbox import files_of
from watcher.ingest import CHUNK, _hash, ingest_file
from watcher.store.alerts import dirty_marks
from watcher.store.events import find_events
from watcher.store.quarantine import find_quarantined
from watcher.store.sources import find_sources, start_load

NOW = at("2020-06-08 13:00")


@pytest.fixture
def it(tmp_path):
    with installed(tmp_path) as it:
        yield it


def ingest(it, path, **how):
    feed = it.app.feeds["acled"]
    if "bad_rows" in how:
        feed = replace(feed, bad_rows=how.pop("bad_rows"))
    return ingest_file(it.app.store, feed, path, it.app.rules, now=NOW, **how)


def ids(it) -> list[str]:
    with it.app.store.reading() as tx:
        return sorted(version.event.external_id for version in find_events(tx, EVERYTHING))


def spoil(path, *ids: str) -> None:
    """Make the deaths of some rows unreadable."""
    lines = path.read_text().splitlines()
    spoilt = [line.replace(",10,", ",many,") if line.split(",")[0] in ids else line for line in lines]
    path.write_text("\n".join(spoilt) + "\n")


def test_a_file_is_counted_by_what_became_of_its_rows(it):
    path = it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma", "MOZ2  2020-05-28  2  Palma")
    assert ingest(it, path)[:7] == (path.name, "acled", 2, 2, 0, 0, 0)
    later = it.release(
        "2020-06-08 12:00", "MOZ1  2020-05-28  5  Palma", "MOZ2  2020-05-28  2  Palma", "MOZ3  2020-06-01  1  Palma"
    )
    done = ingest(it, later)
    assert (done.added, done.revised, done.unchanged, done.changed) == (1, 1, 1, 2)


def test_the_same_bytes_are_read_once_whatever_the_file_is_called(it):
    path = it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")
    copy = path.with_name("copy.csv")
    copy.write_bytes(path.read_bytes())
    assert [ingest(it, each).seen for each in (path, copy, path)] == [False, True, True]


def test_an_edit_that_is_undone_is_undone_in_the_store_as_well(it):
    right = it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma", name="right.csv")
    wrong = it.release("2020-06-01 12:00", "MOZ1  2020-05-28  100  Palma", name="wrong.csv")
    path = it.folder / "desk.csv"
    told = []
    for text in (right, wrong, right, right):
        path.write_bytes(text.read_bytes())
        done = ingest(it, path)
        told.append((done.seen, deaths(it)))
    assert told == [(False, 1), (False, 100), (False, 1), (True, 1)]


def test_a_copy_of_an_older_file_elsewhere_undoes_nothing(it):
    older = it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma", name="older.csv")
    newer = it.release("2020-06-01 12:00", "MOZ1  2020-05-28  100  Palma", name="newer.csv")
    copy = it.folder / "copy.csv"
    copy.write_bytes(older.read_bytes())
    assert [ingest(it, each).seen for each in (older, newer, copy, older, newer)] == [False, False, True, True, True]
    assert deaths(it) == 100


def deaths(it):
    with it.app.store.reading() as tx:
        [found] = find_events(tx, EVERYTHING)
    return found.event.fatalities


def test_older_rows_change_nothing(it):
    ingest(it, it.release("2020-06-08 12:00", "MOZ1  2020-05-28  5  Palma"))
    assert ingest(it, it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")).older == 1


def test_a_row_that_cannot_be_read_lies_in_quarantine_and_the_others_are_stored(it):
    path = it.release("2020-06-01 12:00", *(f"MOZ{n}  2020-05-28  10  Palma" for n in range(1, 41)))
    spoil(path, "MOZ7")
    done = ingest(it, path)
    assert (done.rows, done.added, done.quarantined) == (40, 39, 1)
    with it.app.store.reading() as tx:
        [rejected] = find_quarantined(tx)
    assert (rejected.rejection.row, rejected.rejection.column) == (7, "fatalities")


def test_a_file_with_too_many_bad_rows_is_refused_whole(it):
    path = it.release("2020-06-01 12:00", *(f"MOZ{n}  2020-05-28  10  Palma" for n in range(1, 11)))
    spoil(path, "MOZ5", "MOZ6", "MOZ7", "MOZ8")
    with pytest.raises(DataError, match=r"4 of 10 rows cannot be read, more than the 5%.*in column 'fatalities'"):
        ingest(it, path)
    assert ids(it) == []
    assert ingest(it, path, bad_rows=0.4).quarantined == 4


@pytest.mark.parametrize(
    ("share", "rows", "bad", "refused"),
    [
        pytest.param(0.05, 11, 1, False, id="one bad item of a short feed costs no other"),
        pytest.param(0.05, 6, 3, False, id="three of six are as many as the good ones"),
        pytest.param(0.05, 5, 3, True, id="three of five are the larger part"),
        pytest.param(0.05, 1, 1, True, id="nothing but a bad row"),
        pytest.param(0.05, 11, 4, True, id="four of eleven are no slips"),
        pytest.param(0.05, 100, 5, False, id="just the share"),
        pytest.param(0.05, 100, 6, True, id="more than the share"),
        pytest.param(0.0, 1_000, 1, True, id="somebody wants none at all"),
        pytest.param(0.0, 1_000, 0, False, id="and there is none"),
        pytest.param(1.0, 3, 3, False, id="somebody wants whatever can be read"),
        pytest.param(0.05, 0, 0, False, id="nothing at all"),
    ],
)
def test_when_a_file_is_refused_for_its_bad_rows(it, share, rows, bad, refused):
    [feed] = it.app.feeds.values()
    assert replace(feed, bad_rows=share).refuses(rows, bad=bad) is refused


def test_an_empty_file_with_a_header_is_read(it):
    assert ingest(it, it.release("2020-06-01 12:00")).rows == 0


def test_a_load_that_was_cut_off_goes_on_where_it_stopped(it):
    path = it.release("2020-06-01 12:00", *(f"MOZ{n}  2020-05-28  1  Palma" for n in range(1, CHUNK + 51)))

    class PowerCut(Exception):
        pass

    def cut(done: int, _: int) -> None:
        raise PowerCut

    with pytest.raises(PowerCut):
        ingest(it, path, progress=cut)
    assert len(ids(it)) == CHUNK
    with it.app.store.reading() as tx:
        assert dirty_marks(tx), "what is stored already waits to be judged"
        assert find_sources(tx)[0].loads == 0
    done = ingest(it, path)
    assert (done.rows, done.added) == (CHUNK + 50, 50)
    assert len(ids(it)) == CHUNK + 50
    assert ingest(it, path).seen


def test_progress_is_shown_chunk_by_chunk(it):
    path = it.release("2020-06-01 12:00", *(f"MOZ{n}  2020-05-28  1  Palma" for n in range(1, CHUNK + 51)))
    shown: list[tuple[int, int]] = []
    ingest(it, path, progress=lambda done, rows: shown.append((done, rows)))
    assert shown == [(CHUNK, CHUNK + 50), (CHUNK + 50, CHUNK + 50)]


def test_a_file_that_is_not_there_is_a_source_that_cannot_be_read(it):
    with pytest.raises(SourceUnavailable, match="cannot be read: No such file"):
        ingest(it, it.folder / "inbox" / "missing.csv")


def test_what_brings_nothing_new_leaves_no_mark(it):
    path = it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")
    it.turn("2020-06-01 13:00")
    again = it.release("2020-06-02 12:00", "MOZ1  2020-05-28  1  Palma")
    assert path != again
    assert ingest(it, again).unchanged == 1
    with it.app.store.reading() as tx:
        assert dirty_marks(tx) == {}


def test_a_load_of_other_bytes_is_another_load(it):
    path = it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")
    ingest(it, path)
    with it.app.store.writing() as tx:
        assert start_load(tx, "acled", name=path.name, sha256=_hash(path)[::-1], now=NOW).rows == 0


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        pytest.param("[inbox]", ["a.csv", "b.csv"], id="a folder"),
        pytest.param("[inbox/a.csv]", ["a.csv"], id="a file"),
        pytest.param("['inbox/b*.csv']", ["b.csv"], id="a pattern"),
        pytest.param("[inbox, inbox/a.csv]", ["a.csv", "b.csv"], id="a folder and a file in it"),
        pytest.param("['inbox/c*.csv']", [], id="a pattern that fits nothing yet"),
    ],
)
def test_the_files_of_a_source_are_those_of(paths, found, tmp_path):
    with installed(tmp_path, settings=SETTINGS.replace("[inbox]", paths)) as it:
        for name in ("b.csv", "a.csv", ".hidden.csv", "coming.csv.part", "coming.tmp"):
            (tmp_path / "inbox" / name).write_text(acled_file(["id  date"], NOW))
        (tmp_path / "inbox" / "folder").mkdir()
        assert [path.name for path in files_of(it.app.feeds["acled"])] == found


def test_a_folder_that_is_not_there_is_no_quiet_week(tmp_path):
    with (
        installed(tmp_path, settings=SETTINGS.replace("[inbox]", "[nowhere]")) as it,
        pytest.raises(SourceUnavailable, match="there is no such file or folder"),
    ):
        files_of(it.app.feeds["acled"])


def test_a_file_that_grows_while_it_is_read_is_read_again(it):
    path = it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")
    feed, inbox = it.app.feeds["acled"], it.app.inbox
    assert inbox.new_files(feed, NOW) == [path]
    it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma", "MOZ2  2020-05-28  1  Palma")
    inbox.note(feed, path)
    assert inbox.new_files(feed, NOW) == [path]
    inbox.note(feed, path)
    assert inbox.new_files(feed, NOW) == []


def test_two_sources_may_read_one_folder(tmp_path):
    both = SETTINGS + "  again: {kind: acled, paths: [inbox], query_offset: 0d}\n"
    with installed(tmp_path, settings=both) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")
        assert [(each.source, each.added) for each in it.turn("2020-06-01 13:00").ingested] == [
            ("acled", 1),
            ("again", 1),
        ]


def test_a_clock_that_was_set_back_does_not_stop_the_inbox(tmp_path):
    with installed(tmp_path, settings=SETTINGS.replace("0d", "0d, every: 1h")) as it:
        feed, inbox = it.app.feeds["acled"], it.app.inbox
        inbox.new_files(feed, NOW)
        assert [inbox.is_due(feed, at(text)) for text in ("2020-06-08 13:30", "2020-06-08 14:00", "2020-06-01")] == [
            False,
            True,
            True,
        ]
