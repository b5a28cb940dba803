"""The spool: a pull that is killed goes on behind its last whole page, and a batch is there whole or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from watcher.core.errors import StoreError
from watcher.sources.pull import Page
from watcher.spool import Part, Spool

NOW = datetime(2026, 11, 28, 14, 32, tzinfo=UTC)
FIRST = Page(b"1\n2\n", 2, "page 2")
SECOND = Page(b"3\n", 1, "page 3", unknown=frozenset({"tags"}))


@pytest.fixture
def spool(tmp_path) -> Spool:
    return Spool(tmp_path / "pulls")


def begin(spool: Spool, *, asked: str = "all", before: str = "") -> Part:
    return spool.begin("acled", asked=asked, before=before, now=NOW)


def test_a_finished_pull_is_a_batch(spool):
    part = begin(spool, before="Monday")
    part.add(FIRST)
    part.add(SECOND)
    batch = part.finish("acled", "Tuesday")
    assert spool.batches("acled") == [batch]
    assert (batch.rows, batch.before, batch.cursor, batch.name) == (3, "Monday", "Tuesday", "pulled 20261128T143200Z")
    assert batch.path.read_bytes() == b"1\n2\n3\n"
    assert part.unknown == {"tags"}


def test_a_pull_goes_on_behind_its_last_whole_page(spool):
    begin(spool).add(FIRST)
    with (spool.folder_of("acled") / "part").open("ab") as stream:
        stream.write(b"half a pa")
    part = begin(spool)
    assert part.position == "page 2"
    part.add(SECOND)
    assert part.finish("acled", "end").path.read_bytes() == b"1\n2\n3\n"


@pytest.mark.parametrize(
    "other", [{"asked": "Mali only"}, {"before": "Monday"}], ids=["another question", "another cursor"]
)
def test_what_answers_another_question_is_not_gone_on_with(spool, other):
    begin(spool).add(FIRST)
    part = begin(spool, **other)
    assert part.position == ""
    assert part.finish("acled", "end").path.read_bytes() == b""


def test_a_batch_without_its_note_is_passed_over(spool):
    part = begin(spool)
    part.add(FIRST)
    batch = part.finish("acled", "end")
    batch.path.with_suffix(".json").unlink()
    assert spool.batches("acled") == []


def test_two_batches_of_one_second_are_two(spool):
    one = begin(spool).finish("acled", "1")
    other = begin(spool, before="1").finish("acled", "2")
    assert [each.cursor for each in spool.batches("acled")] == ["1", "2"]
    assert one.path != other.path


def test_what_is_dropped_is_gone_and_what_is_refused_is_kept_for_a_look(spool):
    part = begin(spool)
    part.add(FIRST)
    spool.refuse(part.finish("acled", "1"))
    spool.drop(begin(spool, before="1").finish("acled", "2"))
    assert spool.batches("acled") == []
    assert [path.name for path in spool.folder_of("acled").iterdir()] == ["refused"]


def test_a_note_that_is_no_note_begins_anew(spool):
    begin(spool).add(FIRST)
    (spool.folder_of("acled") / "part.json").write_text(json.dumps(["what"]))
    assert begin(spool).position == ""


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "pulls").write_text("a file, not a folder")
    with pytest.raises(StoreError, match="what was pulled cannot be kept"):
        begin(Spool(tmp_path / "pulls"))
