"""The turn as a whole: what it reads, judges and sends, and what stops it and what does not."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from tests.installation import RULES, SETTINGS, at, installed
from watcher.core.alert import State
from watcher.core.errors import DataError, SourceUnavailable
from watcher.ingest import CHUNK
from watcher.receivers import Receiver, Rendered
from watcher.store.sources import find_sources

TWO_SOURCES = SETTINGS + "  other: {kind: acled, paths: [other], query_offset: 0d}\n"
#: Longer than any file system takes.
IMPOSSIBLE = "x" * 300


@pytest.fixture
def it(tmp_path):
    with installed(tmp_path) as it:
        yield it


def test_a_turn_reads_judges_and_sends(it):
    it.release("2020-06-01 12:00", "MOZ1  2020-05-28  10  Palma")
    done = it.turn("2020-06-01 13:00")
    assert [each.added for each in done.ingested] == [1]
    assert (done.evaluated.judged, done.evaluated.transitions, done.messages, done.delivered.delivered) == (1, 1, 1, 1)
    assert done.did_something
    assert len(it.told()) == 1


def test_a_turn_with_nothing_to_do_does_nothing(it):
    it.turn("2020-06-01 13:00")
    again = it.turn("2020-06-01 13:00:10")
    assert not again.did_something
    assert (again.ingested, again.messages, again.failures) == ((), 0, ())


def test_without_notification_the_message_is_never_written(it):
    it.release("2020-06-01 12:00", "MOZ1  2020-05-28  10  Palma")
    assert it.turn("2020-06-01 13:00", notify=False).messages == 0
    assert it.turn("2020-06-01 13:05").messages == 0
    assert it.alerts()["Palma"].state is State.FIRING


def test_a_turn_that_does_not_wait_leaves_the_sending_to_its_workers(it):
    it.release("2020-06-01 12:00", "MOZ1  2020-05-28  10  Palma")
    done = it.turn("2020-06-01 13:00", wait=False)
    assert (done.messages, done.delivered.attempts) == (1, 0)
    assert it.app.couriers.join(timeout=5)
    assert len(it.told()) == 1


def test_a_file_that_is_refused_stops_nothing_else(it):
    (it.folder / "inbox" / "1-refused.csv").write_text("not,a,header\n1,2,3\n")
    it.release("2020-06-01 12:00", "MOZ1  2020-05-28  10  Palma")
    done = it.turn("2020-06-01 13:00")
    assert [type(each) for each in done.failures] == [DataError]
    assert done.evaluated.transitions == 1
    with it.app.store.reading() as tx:
        [source] = find_sources(tx)
    assert (source.last_failure, source.last_success) == (at("2020-06-01 13:00"), at("2020-06-01 13:00"))


def test_a_file_that_is_refused_is_reported_once_and_again_when_it_has_changed(it):
    bad = it.folder / "inbox" / "bad.csv"
    bad.write_text("not,a,header\n1,2,3\n")
    reports = [len(it.turn(f"2020-06-01 13:0{minute}").failures) for minute in (0, 2, 4)]
    bad.write_text("not,a,header,either\n1,2,3,4\n")
    assert [*reports, len(it.turn("2020-06-01 13:06").failures)] == [1, 0, 0, 1]


def test_a_file_that_cannot_be_read_now_is_tried_again(it):
    # What it points at is a file that can be opened and not read.
    (it.folder / "inbox" / "unreadable.csv").symlink_to("/proc/self/mem")
    failures = [it.turn(f"2020-06-01 13:0{minute}").failures for minute in (0, 2)]
    assert [[type(each) for each in found] for found in failures] == [[SourceUnavailable], [SourceUnavailable]]


def test_a_folder_that_cannot_be_looked_into_stops_no_other_source(tmp_path):
    with installed(tmp_path, settings=TWO_SOURCES.replace("[other]", f"[{IMPOSSIBLE}]")) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  10  Palma")
        done = it.turn("2020-06-01 13:00")
        assert [type(each) for each in done.failures] == [SourceUnavailable]
        assert "cannot be looked into" in str(done.failures[0])
        assert done.evaluated.transitions == 1


def test_a_source_is_looked_at_as_often_as_its_settings_say_or_when_somebody_asks(tmp_path):
    with installed(tmp_path, settings=SETTINGS.replace("query_offset: 0d", "query_offset: 0d, every: 1h")) as it:
        it.turn("2020-06-01 13:00")
        it.release("2020-06-01 13:01", "MOZ1  2020-05-28  10  Palma")
        assert it.turn("2020-06-01 13:30").ingested == ()
        assert len(it.turn("2020-06-01 13:31", eager=True).ingested) == 1
        it.release("2020-06-01 13:32", "MOZ2  2020-05-28  1  Palma")
        assert it.turn("2020-06-01 14:00").ingested == ()
        assert len(it.turn("2020-06-01 14:31").ingested) == 1


def test_half_a_release_is_never_judged(tmp_path):
    holds_half_way = RULES.replace("value >= 10", f"value >= {CHUNK}, value < {CHUNK + 50}")
    with installed(tmp_path, rules=holds_half_way) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  0  Palma")
        it.turn("2020-06-01 13:00")
        it.release("2020-06-03 12:00", *(f"MOZ{n}  2020-06-02  1  Palma" for n in range(2, CHUNK + 102)))
        assert it.turn("2020-06-03 13:00").ingested[0].added == CHUNK + 100
        assert it.transitions() == []


class Unable:
    """A way out that fails while a message is written: a bug, a full disk, a power cut."""

    CHANNEL = "file"

    @staticmethod
    def recipients(_settings: object) -> tuple[str, ...]:
        return ("",)

    @staticmethod
    def render(*_: object, **__: object) -> Rendered:
        raise PowerCut


class PowerCut(Exception):
    pass


def test_a_transition_and_its_message_are_stored_together_or_not_at_all(it):
    it.release("2020-05-30 12:00", "MOZ1  2020-05-28  1  Palma")
    it.turn("2020-06-08 13:00")
    sound = it.app
    [(name, endpoint)] = [(name, each) for name, each in sound.board.endpoints.items() if each.receiver == "desk"]
    broken = replace(endpoint, channel=cast("Receiver", Unable))
    it.app = replace(sound, board=replace(sound.board, endpoints={**sound.board.endpoints, name: broken}))
    # It became known before the last turn: only its mark says that there is anything to judge.
    it.release("2020-06-01 12:00", "MOZ2  2020-05-28  10  Palma")
    with pytest.raises(PowerCut):
        it.turn("2020-06-08 13:02")
    assert it.transitions() == []
    it.app = sound
    it.turn("2020-06-08 13:04")
    assert [each.after for each in it.transitions()] == [State.FIRING]
    assert len(it.told()) == 1


def test_state_survives_a_new_process(it):
    it.release("2020-06-01 12:00", "MOZ1  2020-05-28  10  Palma")
    it.turn("2020-06-01 13:00")
    it.restart()
    it.turn("2020-06-01 13:05")
    it.turn("2020-06-02 13:05")
    assert [each.seq for each in it.transitions()] == [1]
    assert len(it.told()) == 1


def test_a_query_offset_of_a_source_holds_its_watermark_back(tmp_path):
    with installed(tmp_path, rules=RULES, settings=SETTINGS.replace("0d", "7d")) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-01  1  Palma", "MOZ2  2020-05-30  10  Palma")
        it.turn("2020-06-01 13:00")
        assert it.transitions() == []
        it.turn("2020-06-07 13:00")
        assert [(each.tick, str(each.watermark)) for each in it.transitions()] == [(at("2020-06-06"), "2020-05-30")]
