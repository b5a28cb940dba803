"""Delivery: workers that claim, send and write down the answer, whatever the channel does."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.installation import at, write_empty_store
from watcher import deliver
from watcher.core.delivery import DeliveryState, Outcome, OutcomeClass, Outgoing
from watcher.core.errors import Locked, StoreError
from watcher.deliver import Couriers, Delivered
from watcher.endpoint import Endpoint
from watcher.net import Egress
from watcher.receivers import Access
from watcher.store import outbox
from watcher.store.deliveries import find_deliveries
from watcher.store.engine import Store
from watcher.store.outbox import claim, enqueue

NOW = at("2020-07-07 06:00")
TAKEN = Outcome(OutcomeClass.OK)
BUSY = Outcome(OutcomeClass.RECOVERABLE, code="503")
GONE = Outcome(OutcomeClass.PERMANENT, code="410")


@dataclass
class Channel:
    """A way out that does what the test says, and remembers what it was given."""

    act: Callable[[Outgoing], Outcome] = lambda _: TAKEN
    sent: list[Outgoing] = field(default_factory=list)
    CHANNEL: str = "webhook"
    LEASE: timedelta = timedelta(seconds=60)

    def send(self, outgoing: Outgoing, **_: Any) -> Outcome:
        self.sent.append(outgoing)
        return self.act(outgoing)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    write_empty_store(tmp_path / "watcher.db")
    with Store.open(f"sqlite:///{tmp_path}/watcher.db") as opened:
        yield opened


def couriers(
    store: Store, *, report: Any = None, boot: str = "now", patience: timedelta = timedelta(), **channels: Any
) -> Couriers:
    access = Access(egress=Egress(), now=lambda: NOW)
    endpoints = {
        name: Endpoint(name=name, receiver=name, channel=channel, settings=None, access=access)
        for name, channel in channels.items()
    }
    return Couriers(store, endpoints, boot=boot, report=report, patience=patience)


def write(store: Store, *messages: str, endpoint: str = "desk", group: str = "g", now: datetime = NOW) -> None:
    with store.writing() as tx:
        for each in messages:
            enqueue(
                tx,
                each,
                endpoint=endpoint,
                group_key=group,
                reason="first",
                status="firing",
                subject=each,
                content_type="application/json",
                body=each.encode(),
                items=[],
                recipients=[""],
                now=now,
                due_at=now,
            )


def states(store: Store) -> dict[str, DeliveryState]:
    with store.reading() as tx:
        return {each.message: each.state for each in find_deliveries(tx)}


def test_what_is_due_is_sent_in_order_and_only_once(store):
    channel = Channel()
    write(store, "m1", "m2", "m3")
    desk = couriers(store, desk=channel)
    assert desk.deliver(lambda: NOW) == Delivered(delivered=3)
    assert desk.deliver(lambda: NOW) == Delivered()
    assert [each.body for each in channel.sent] == [b"m1", b"m2", b"m3"]


def test_what_is_not_due_yet_waits(store):
    write(store, "m1", now=NOW + timedelta(seconds=1))
    assert couriers(store, desk=Channel()).deliver(lambda: NOW).attempts == 0


def test_a_message_that_was_not_taken_holds_up_its_own_line_and_no_other(store):
    channel = Channel(act=lambda outgoing: BUSY if outgoing.body == b"m1" else TAKEN)
    write(store, "m1", "m2", group="a")
    write(store, "m3", group="b")
    assert couriers(store, desk=channel).deliver(lambda: NOW) == Delivered(delivered=1, waiting=1)
    assert states(store) == {"m1": DeliveryState.RETRY, "m2": DeliveryState.PENDING, "m3": DeliveryState.DELIVERED}


def test_it_is_sent_again_with_the_same_key_and_the_same_bytes(store):
    answers = iter([BUSY, TAKEN])
    channel = Channel(act=lambda _: next(answers))
    write(store, "m1")
    desk = couriers(store, desk=channel)
    assert desk.deliver(lambda: NOW) == Delivered(waiting=1)
    assert desk.deliver(lambda: NOW + timedelta(minutes=2)) == Delivered(delivered=1)
    first, second = channel.sent
    assert (first.message, first.body) == (second.message, second.body)
    assert [each.attempt for each in channel.sent] == [1, 2]


def test_whoever_is_gone_for_ever_gets_nothing_more(store):
    channel = Channel(act=lambda _: GONE)
    write(store, "m1", "m2")
    assert couriers(store, desk=channel).deliver(lambda: NOW) == Delivered(dead=1)
    assert couriers(store, desk=channel).deliver(lambda: NOW) == Delivered(dead=1)
    assert len(channel.sent) == 1
    assert set(states(store).values()) == {DeliveryState.DEAD}


def test_what_is_for_an_endpoint_that_is_no_longer_configured_is_given_up(store):
    write(store, "m1", endpoint="former")
    assert couriers(store, desk=Channel()).deliver(lambda: NOW) == Delivered(dead=1)


def test_a_machine_without_more_files_tries_again_soon(store):
    def fail(_: Outgoing) -> Outcome:
        raise OSError(errno.EMFILE, "with a secret in it")

    write(store, "m1")
    assert couriers(store, desk=Channel(act=fail)).deliver(lambda: NOW) == Delivered(waiting=1)
    with store.reading() as tx:
        [stands] = find_deliveries(tx)
    assert (stands.reason, stands.due_at <= NOW + timedelta(seconds=6)) == ("system Too many open files", True)


def test_a_fault_that_nobody_foresaw_is_an_outcome_and_stops_nothing(store):
    def fail(outgoing: Outgoing) -> Outcome:
        if outgoing.body == b"m1":
            raise RuntimeError("with a secret in it")
        return TAKEN

    write(store, "m1", group="a")
    write(store, "m2", group="b")
    told = "bug unforeseen RuntimeError; please report it"
    done = couriers(store, desk=Channel(act=fail)).deliver(lambda: NOW)
    assert done == Delivered(delivered=1, waiting=1, refused=(f"desk: {told}",))
    with store.reading() as tx:
        [waiting] = find_deliveries(tx, states=[DeliveryState.RETRY])
    assert waiting.reason == told


def test_a_refusal_that_somebody_must_cure_is_told_once_however_many_messages_it_meets(store):
    unauthorised = Outcome(OutcomeClass.CONFIG, code="401", detail="Unauthorized")
    write(store, "m1", group="a")
    write(store, "m2", group="b")
    done = couriers(store, desk=Channel(act=lambda _: unauthorised)).deliver(lambda: NOW)
    assert done == Delivered(waiting=2, refused=("desk: 401 Unauthorized",))


def test_a_claim_is_committed_before_the_first_byte_leaves(store):
    seen: list[DeliveryState] = []

    def look(outgoing: Outgoing) -> Outcome:
        seen.append(states(store)[outgoing.message])
        return TAKEN

    write(store, "m1")
    couriers(store, desk=Channel(act=look)).deliver(lambda: NOW)
    assert seen == [DeliveryState.LEASED]


def test_endpoints_are_served_side_by_side(store):
    both = threading.Barrier(2, timeout=5)

    def meet(_: Outgoing) -> Outcome:
        both.wait()
        return TAKEN

    write(store, "m1", endpoint="desk")
    write(store, "m2", endpoint="duty")
    sent = couriers(store, desk=Channel(act=meet), duty=Channel(act=meet)).deliver(lambda: NOW)
    assert sent == Delivered(delivered=2)


def test_a_worker_that_waits_for_an_answer_is_not_joined_by_a_second_one(store):
    arrived, answer = threading.Event(), threading.Event()

    def hang(_: Outgoing) -> Outcome:
        arrived.set()
        answer.wait(5)
        return TAKEN

    channel = Channel(act=hang)
    write(store, "m1", group="a")
    desk = couriers(store, desk=channel)
    desk.start(lambda: NOW)
    assert arrived.wait(5)
    write(store, "m2", group="b")
    desk.start(lambda: NOW)
    assert len(channel.sent) == 1
    assert not desk.join(timeout=0)
    answer.set()
    assert desk.join(timeout=5)
    assert set(states(store).values()) == {DeliveryState.DELIVERED}, "the first one went on with what came meanwhile"


def test_a_worker_that_is_stopped_claims_nothing_more(store):
    def stop(_: Outgoing) -> Outcome:
        desk.stop()
        return TAKEN

    desk = couriers(store, desk=Channel(act=stop))
    write(store, "m1", "m2")
    assert desk.deliver(lambda: NOW) == Delivered(delivered=1)
    assert states(store)["m2"] is DeliveryState.PENDING


def test_what_is_on_the_wire_when_the_process_must_end_is_freed(store):
    arrived, answer = threading.Event(), threading.Event()

    def hang(_: Outgoing) -> Outcome:
        arrived.set()
        answer.wait(5)
        return TAKEN

    write(store, "m1")
    desk = couriers(store, desk=Channel(act=hang))
    desk.start(lambda: NOW)
    assert arrived.wait(5)
    assert desk.release(NOW) == 1
    assert states(store)["m1"] is DeliveryState.RETRY
    answer.set()
    assert desk.join(timeout=5)
    assert states(store)["m1"] is DeliveryState.DELIVERED, "an answer that comes after all counts"


def test_what_a_killed_process_had_claimed_is_sent_again_by_the_next(store):
    channel = Channel()
    write(store, "m1")
    with store.writing() as tx:
        claim(tx, NOW, boot="killed", endpoint="desk", lease=channel.LEASE)
    after = couriers(store, desk=channel, boot="next")
    assert after.deliver(lambda: NOW) == Delivered()
    assert after.recover(NOW) == 1
    assert after.deliver(lambda: NOW) == Delivered(delivered=1)
    assert (channel.sent[0].message, channel.sent[0].attempt) == ("m1", 2)


def test_an_answer_that_cannot_be_written_down_is_an_error_and_the_message_is_sent_again(store):
    with closing(sqlite3.connect(str(store.path), isolation_level=None, check_same_thread=False)) as other:

        def keep_the_store_busy(_: Outgoing) -> Outcome:
            with store.writing() as tx:
                tx.execute(text("pragma busy_timeout = 1"))
            other.execute("begin immediate")
            return TAKEN

        write(store, "m1")
        with pytest.raises(Locked):
            couriers(store, desk=Channel(act=keep_the_store_busy), boot="busy").deliver(lambda: NOW)
    channel = Channel()
    later = NOW + channel.LEASE
    assert couriers(store, desk=channel).deliver(lambda: later) == Delivered(delivered=1)
    assert (channel.sent[0].message, channel.sent[0].attempt) == ("m1", 2)


def test_an_answer_is_kept_until_the_store_can_be_written_again(store, monkeypatch):
    monkeypatch.setattr(deliver, "PAUSE", timedelta(milliseconds=1))
    refusals = iter([StoreError("the disk is full")] * 3)
    settle = outbox.settle

    def full_for_a_while(*arguments, **how):
        if (error := next(refusals, None)) is not None:
            raise error
        return settle(*arguments, **how)

    monkeypatch.setattr(deliver, "settle", full_for_a_while)
    channel = Channel()
    write(store, "m1")
    assert couriers(store, desk=channel, patience=timedelta(days=1)).deliver(lambda: NOW) == Delivered(delivered=1)
    assert len(channel.sent) == 1


def test_what_stopped_a_worker_is_told_at_the_next_round(store, monkeypatch):
    def full(*_arguments, **_how):
        raise StoreError("the disk is full")

    write(store, "m1")
    desk = couriers(store, desk=Channel())
    with monkeypatch.context() as patched:
        patched.setattr(deliver, "claim", full)
        desk.start(lambda: NOW)
        assert desk.join(timeout=5)
    with pytest.raises(StoreError, match="full"):
        desk.start(lambda: NOW)
    assert desk.deliver(lambda: NOW) == Delivered(delivered=1)


def test_all_that_hang_are_waited_for_no_longer_than_one(store, monkeypatch):
    answer = threading.Event()
    waited: list[float] = []

    def hang(_: Outgoing) -> Outcome:
        answer.wait(5)
        return TAKEN

    names = ["a", "b", "c"]
    for name in names:
        write(store, f"m_{name}", endpoint=name)
    channels: dict[str, Any] = {name: Channel(act=hang) for name in names}
    desk = couriers(store, **channels)
    desk.start(lambda: NOW)
    clock = iter([100.0, 100.0, 125.0, 126.0])
    monkeypatch.setattr(deliver, "monotonic", lambda: next(clock))
    for worker in desk._workers.values():
        monkeypatch.setattr(worker, "join", waited.append)
    assert not desk.join(timeout=25)
    monkeypatch.undo()
    answer.set()
    assert desk.join(timeout=5)
    assert waited == [25.0, 0.0, 0.0]


def test_every_attempt_is_reported(store):
    told: list[tuple[str, str, DeliveryState]] = []
    write(store, "m1")
    couriers(
        store,
        report=lambda outgoing, outcome, state: told.append((outgoing.message, outcome.code, state)),
        desk=Channel(act=lambda _: BUSY),
    ).deliver(lambda: NOW)
    assert told == [("m1", "503", DeliveryState.RETRY)]
