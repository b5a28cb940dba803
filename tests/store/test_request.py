from __future__ import annotations

from datetime import timedelta

import pytest

from tests.store.test_outbox import (
    DOWN,
    GONE,
    HOUR,
    MAIL,
    NOW,
    OK,
    SECOND,
    UNKNOWN,
    WEBHOOK,
    queue,
    send,
    stands,
    take,
    take_one,
    tell,
)
from watcher.core.delivery import MAX_AGE, DeliveryState, Outcome, OutcomeClass
from watcher.store.deliveries import find_deliveries, known_endpoints
from watcher.store.outbox import enable
from watcher.store.request import attempts, cancel_deliveries, closed_endpoints, content, named, replay
from watcher.store.sweep import expire, reap, release_crashed


def dead(store, name: str) -> str:
    queue(store, name)
    assert send(store, UNKNOWN) is DeliveryState.DEAD
    return str(stands(store, name)["id"])


def again(store, *ids: str, at=NOW + HOUR) -> list[str]:
    with store.writing() as tx:
        return replay(tx, ids, now=at)


def stop(store, *names: str, reason: str = "not needed") -> tuple[list[str], list[str]]:
    with store.writing() as tx:
        return cancel_deliveries(tx, [str(stands(store, name)["id"]) for name in names], reason=reason)


def test_what_is_dead_is_sent_once_more_with_the_same_key_and_bytes(store):
    first = dead(store, "a")
    assert again(store, first) == [first]
    row = stands(store, "a")
    assert (row["previous"], row["state"], row["reason"], row["replays"]) == ("dead", "pending", "", 1)
    assert row["queued_at"] == NOW + HOUR, "its age counts from now"
    outgoing = take_one(store, NOW + HOUR)
    assert (outgoing.message, outgoing.body, outgoing.attempt) == ("msg_a", b'{"name":"a"}', 2)


def test_many_replays_are_no_flood(store):
    ids = [dead(store, name) for name in "abc"]
    again(store, *ids)
    due = [stands(store, name)["due_at"] - NOW - HOUR for name in "abc"]
    assert due == [timedelta(), timedelta(milliseconds=100), timedelta(milliseconds=200)]


@pytest.mark.parametrize("outcome", [OK, DOWN], ids=["told", "waiting"])
def test_only_what_has_ended_untold_is_sent_once_more(store, outcome):
    queue(store, "a")
    send(store, outcome)
    before = stands(store, "a")
    assert again(store, before["id"]) == []
    assert stands(store, "a") == before


def test_nothing_is_sent_once_more_to_a_closed_endpoint_until_it_is_opened(store):
    queue(store, "a")
    send(store, GONE)
    name = stands(store, "a")["id"]
    with store.reading() as tx:
        assert closed_endpoints(tx) == {WEBHOOK: "410 Gone"}
    assert again(store, name) == []
    with store.writing() as tx:
        enable(tx, WEBHOOK)
    assert again(store, name) == [name]


def test_what_waits_is_cancelled_and_can_be_sent_after_all(store):
    queue(store, "a")
    name = stands(store, "a")["id"]
    assert stop(store, "a") == ([name], [])
    assert (stands(store, "a")["state"], stands(store, "a")["reason"]) == ("cancelled", "not needed")
    assert take(store) == []
    assert again(store, name) == [name]
    assert send(store, OK, NOW + HOUR) is DeliveryState.DELIVERED


def settled(store, outgoing) -> None:
    assert tell(store, outgoing, DOWN) is DeliveryState.CANCELLED


def reaped(store, _) -> None:
    with store.writing() as tx:
        assert reap(tx, NOW + HOUR) == 1


def crashed(store, _) -> None:
    with store.writing() as tx:
        assert release_crashed(tx, "another", now=NOW + SECOND) == 1


@pytest.mark.parametrize("end", [settled, reaped, crashed])
def test_what_is_on_the_wire_is_cancelled_when_it_would_wait_again(store, end):
    queue(store, "a")
    outgoing = take_one(store)
    assert stop(store, "a") == ([], [outgoing.delivery])
    assert stands(store, "a")["state"] == "leased"
    end(store, outgoing)
    assert (stands(store, "a")["state"], stands(store, "a")["reason"]) == ("cancelled", "not needed")


def test_what_arrived_although_it_was_to_be_cancelled_is_told(store):
    queue(store, "a")
    outgoing = take_one(store)
    stop(store, "a")
    assert tell(store, outgoing, OK) is DeliveryState.DELIVERED


def test_a_request_to_cancel_does_not_outlive_a_replay(store):
    queue(store, "a")
    outgoing = take_one(store)
    stop(store, "a")
    tell(store, outgoing, DOWN)
    again(store, outgoing.delivery)
    assert send(store, DOWN, NOW + HOUR) is DeliveryState.RETRY


def test_the_next_message_passes_what_was_cancelled(store):
    for name in "ab":
        queue(store, name)
    stop(store, "a")
    assert take_one(store).message == "msg_b"


def test_a_delivery_is_named_by_its_beginning_or_by_the_key_of_its_message(store):
    queue(store, "a", endpoint=MAIL, recipients=["one@example.org", "two@example.org"])
    queue(store, "b")
    name = stands(store, "b")["id"]
    with store.reading() as tx:
        assert [each.id for each in named(tx, name[:12])] == [name]
        assert {each.recipient for each in named(tx, "msg_a")} == {"one@example.org", "two@example.org"}
        assert named(tx, "dlv%") == []
        assert content(tx, "msg_b") == ("application/json", b'{"name":"b"}')


def test_every_try_is_shown(store):
    queue(store, "a")
    send(store, DOWN)
    send(store, Outcome(OutcomeClass.OK, "204"), NOW + HOUR)
    with store.reading() as tx:
        found = attempts(tx, stands(store, "a")["id"])
    assert [(each.n, each.outcome, each.code) for each in found] == [(1, "recoverable", "500"), (2, "ok", "204")]


def test_deliveries_are_found_by_receiver_and_by_age(store):
    queue(store, "a")
    queue(store, "b", endpoint=MAIL, at=NOW + HOUR)
    with store.reading() as tx:
        assert known_endpoints(tx) == [MAIL, WEBHOOK]
        assert len(find_deliveries(tx, endpoint="desk")) == 2
        assert find_deliveries(tx, endpoint="des") == []
        assert [each.message for each in find_deliveries(tx, since=NOW + SECOND)] == ["msg_b"]


def test_a_replay_of_what_was_given_up_for_age_is_young_again(store):
    queue(store, "a")
    send(store, DOWN)
    with store.writing() as tx:
        expire(tx, NOW + MAX_AGE, endpoints=[WEBHOOK])
    again(store, stands(store, "a")["id"], at=NOW + MAX_AGE)
    with store.writing() as tx:
        assert expire(tx, NOW + MAX_AGE + SECOND, endpoints=[WEBHOOK]) == 0
