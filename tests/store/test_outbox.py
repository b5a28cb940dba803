from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.exc import IntegrityError

from watcher.core.delivery import LONGEST_LEASE, LONGEST_WAIT, MAX_AGE, DeliveryState, Outcome, OutcomeClass, Outgoing
from watcher.store.deliveries import Failing, due_endpoints, find_deliveries, outbox_summary
from watcher.store.engine import Store
from watcher.store.migrate import create
from watcher.store.outbox import claim, enable, enqueue, settle
from watcher.store.schema import EDGES, Tx, attempt, delivery, endpoint_state, message, message_item
from watcher.store.sweep import cancel, expire, interrupt, reap, release_crashed
from watcher.store.withdrawal import find_queued

NOW = datetime(2020, 7, 7, 6, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LEASE = MINUTE
WEBHOOK, MAIL = "desk/webhook/1", "desk/email/1"

OK = Outcome(OutcomeClass.OK, "204")
DOWN = Outcome(OutcomeClass.RECOVERABLE, "500", "Internal Server Error")
GONE = Outcome(OutcomeClass.PERMANENT, "410", "Gone")
UNKNOWN = Outcome(OutcomeClass.PERMANENT, "550", "RCPT TO: unknown user")
UNAUTHORISED = Outcome(OutcomeClass.CONFIG, "401", "Unauthorized")


def queue(store: Store, name: str, *, at: datetime = NOW, **changes: Any) -> bool:
    """Put a message into the outbox; ``msg_<name>`` about the alert ``<name>``."""
    fields: dict[str, Any] = {
        "endpoint": WEBHOOK,
        "group_key": "desk:{}",
        "reason": "first",
        "status": "firing",
        "subject": f"[WARNING] {name}",
        "content_type": "application/json",
        "body": f'{{"name":"{name}"}}'.encode(),
        "items": [(name, 1)],
        "recipients": [""],
        "now": at,
        "due_at": at,
    }
    with store.writing() as tx:
        return enqueue(tx, f"msg_{name}", **{**fields, **changes})


def take(
    store: Store,
    now: datetime = NOW,
    *,
    boot: str = "boot1",
    endpoint: str = WEBHOOK,
    lease: timedelta = LEASE,
    limit=1,
) -> list[Outgoing]:
    with store.writing() as tx:
        return claim(tx, now, boot=boot, endpoint=endpoint, lease=lease, limit=limit)


def take_one(store: Store, now: datetime = NOW, **options: Any) -> Outgoing:
    [outgoing] = take(store, now, **options)
    return outgoing


def tell(store: Store, outgoing: Outgoing, outcome: Outcome, now: datetime = NOW, *, boot="boot1") -> DeliveryState:
    with store.writing() as tx:
        return settle(tx, outgoing, outcome, boot=boot, started_at=now, now=now)


def send(store: Store, outcome: Outcome, now: datetime = NOW, **options: Any) -> DeliveryState:
    return tell(store, take_one(store, now, **options), outcome, now)


def rows(store: Store, table) -> list[dict[str, Any]]:
    with store.reading() as tx:
        return [dict(row) for row in tx.execute(select(table).order_by(*table.primary_key)).mappings()]


def stands(store: Store, name: str) -> dict[str, Any]:
    [row] = [row for row in rows(store, delivery) if row["message"] == f"msg_{name}"]
    return row


def endpoint(store: Store) -> dict[str, Any]:
    [row] = rows(store, endpoint_state)
    return row


def due(store: Store, now: datetime) -> list[str]:
    with store.reading() as tx:
        return due_endpoints(tx, now)


# --- messages come to be -----------------------------------------------------------------------------------------------


def test_a_message_waits_for_each_of_its_recipients(store):
    assert queue(store, "a", endpoint=MAIL, recipients=["one@example.org", "two@example.org", "one@example.org"])
    [stored] = rows(store, message)
    assert (stored["number"], stored["body"]) == (1, b'{"name":"a"}')
    assert stored["body_sha256"] == hashlib.sha256(b'{"name":"a"}').hexdigest()
    assert sorted(row["recipient"] for row in rows(store, delivery)) == ["one@example.org", "two@example.org"]
    assert {row["state"] for row in rows(store, delivery)} == {"pending"}
    assert len({row["id"] for row in rows(store, delivery)}) == 2


def test_the_same_message_again_changes_nothing(store):
    queue(store, "a")
    before = [rows(store, table) for table in (message, message_item, delivery, endpoint_state)]
    assert not queue(store, "a", at=NOW + HOUR, body=b"other", recipients=["other"])
    assert [rows(store, table) for table in (message, message_item, delivery, endpoint_state)] == before


def test_messages_are_numbered_in_the_order_in_which_they_come(store):
    for name in ("c", "a", "b"):
        queue(store, name)
    assert {row["id"]: row["number"] for row in rows(store, message)} == {"msg_c": 1, "msg_a": 2, "msg_b": 3}


def test_no_transition_is_told_to_an_endpoint_under_two_keys(store):
    queue(store, "a")
    with pytest.raises(IntegrityError):
        queue(store, "b", items=[("a", 1)])
    assert queue(store, "c", endpoint=MAIL, items=[("a", 1)])


def test_a_reminder_may_be_told_again_and_again(store):
    for name in ("a", "b"):
        assert queue(store, name, items=[("alert", 0)])


def test_a_test_message_is_about_nothing(store):
    assert queue(store, "a", items=[], status="test", reason="test")
    assert send(store, OK) is DeliveryState.DELIVERED


# --- claims ------------------------------------------------------------------------------------------------------------


def test_a_claim_hands_out_what_was_stored_and_writes_the_attempt_first(store):
    queue(store, "a")
    outgoing = take_one(store)
    row = stands(store, "a")
    assert outgoing == Outgoing(
        delivery=row["id"],
        message="msg_a",
        endpoint=WEBHOOK,
        recipient="",
        content_type="application/json",
        body=b'{"name":"a"}',
        subject="[WARNING] a",
        attempt=1,
        lease_token="boot1.1",
    )
    assert (row["previous"], row["state"], row["attempt"]) == ("pending", "leased", 1)
    assert row["lease_until"] == NOW + LEASE
    [tried] = rows(store, attempt)
    assert (tried["n"], tried["started_at"], tried["outcome"], tried["boot"]) == (1, NOW, None, "boot1")


def test_what_is_claimed_is_not_claimed_again(store):
    queue(store, "a")
    assert len(take(store)) == 1
    assert take(store, boot="boot2", limit=9) == []


def test_what_is_not_due_is_not_claimed(store):
    queue(store, "a", due_at=NOW + MINUTE)
    assert take(store) == []
    assert len(take(store, NOW + MINUTE)) == 1


def test_an_endpoint_is_given_only_its_own(store):
    queue(store, "a")
    assert take(store, endpoint=MAIL) == []
    assert take(store, endpoint="nobody/webhook/1") == []


def test_what_is_told_of_one_alert_arrives_in_order_whatever_group_it_is_in(store):
    queue(store, "start", group_key="desk:{}", items=[("palma", 1), ("mueda", 1)])
    queue(store, "ended", group_key="desk:{place=palma}", items=[("palma", 2)])
    queue(store, "another", group_key="desk:{place=quissanga}", items=[("quissanga", 1)])
    sent = take(store, limit=4)
    assert [each.message for each in sent] == ["msg_start", "msg_another"]
    for each in sent:
        tell(store, each, DOWN if each.message == "msg_start" else OK)
    later = NOW + HOUR
    assert send(store, DOWN, later) is DeliveryState.RETRY, "the start again, and not yet that it has ended"
    with store.reading() as tx:
        assert due_endpoints(tx, later) == [], "what waits behind another is nothing to do"
    later += 3 * HOUR
    assert take_one(store, later).message == "msg_start"


def test_another_recipient_does_not_hold_up_what_is_told_of_one_alert(store):
    queue(store, "start", endpoint=MAIL, group_key="desk:{}", items=[("palma", 1)], recipients=["one@example.org"])
    queue(
        store,
        "ended",
        endpoint=MAIL,
        group_key="desk:{place=palma}",
        items=[("palma", 2)],
        recipients=["two@example.org"],
    )
    assert [each.message for each in take(store, endpoint=MAIL, limit=4)] == ["msg_start", "msg_ended"]


def test_a_group_is_told_in_order(store):
    for name in ("a", "b"):
        queue(store, name)
    first = take_one(store, limit=9)
    assert first.message == "msg_a"
    assert take(store, limit=9) == []
    assert tell(store, first, DOWN) is DeliveryState.RETRY
    assert take(store, NOW + SECOND, limit=9) == []
    assert send(store, OK, NOW + MINUTE) is DeliveryState.DELIVERED
    assert take_one(store, NOW + MINUTE).message == "msg_b"


def test_what_is_dead_lets_the_next_one_pass(store):
    for name in ("a", "b"):
        queue(store, name, endpoint=MAIL, recipients=["one@example.org"])
    assert send(store, UNKNOWN, endpoint=MAIL) is DeliveryState.DEAD
    assert take_one(store, endpoint=MAIL).message == "msg_b"


def test_only_the_same_group_and_recipient_wait_for_each_other(store):
    queue(store, "a", endpoint=MAIL, recipients=["one@example.org", "two@example.org"])
    queue(store, "b", endpoint=MAIL, recipients=["one@example.org", "two@example.org"])
    queue(store, "c", endpoint=MAIL, recipients=["one@example.org"], group_key="other")
    found = take(store, endpoint=MAIL, limit=9)
    assert [(each.message, each.recipient) for each in found] == [
        ("msg_a", "one@example.org"),
        ("msg_a", "two@example.org"),
        ("msg_c", "one@example.org"),
    ]


def test_the_limit_counts_what_is_already_on_the_wire(store):
    for name in ("a", "b", "c", "d", "e"):
        queue(store, name, group_key=name)
    assert [len(take(store, limit=limit)) for limit in (1, 1, 3, 2, 9)] == [1, 0, 2, 0, 2]


def test_the_longest_due_goes_first(store):
    queue(store, "a", group_key="a", due_at=NOW)
    queue(store, "b", group_key="b", due_at=NOW - MINUTE)
    assert take_one(store).message == "msg_b"


def steps(work: Callable[[Tx], list[Any]], *, waiting: int, group_key: str) -> int:
    """How many hundreds of instructions SQLite works off, where so many messages wait."""
    done = []
    with create("sqlite://") as store:
        for number in range(waiting):
            queue(store, f"a{number}", group_key=group_key.format(number))
        with store.writing() as tx:
            driver: Any = tx.connection.driver_connection
            driver.set_progress_handler(lambda: done.append(1), 100)
            assert work(tx)
    return len(done)


@pytest.mark.parametrize("group_key", ["desk:{{}}", "desk:{{place={}}}"], ids=["one line", "a line each"])
@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda tx: claim(tx, NOW, boot="boot1", endpoint=WEBHOOK, lease=LEASE), id="a claim"),
        pytest.param(lambda tx: due_endpoints(tx, NOW), id="a look for what is due"),
    ],
)
def test_what_waits_behind_costs_nothing(work, group_key):
    few, many = (steps(work, waiting=waiting, group_key=group_key) for waiting in (10, 300))
    assert many <= few + 2


def test_what_stands_in_for_what_is_queued_is_found_by_an_index(memory_store):
    asked: list[tuple[str, Any]] = []
    with memory_store.reading() as tx:
        event.listen(tx, "before_cursor_execute", lambda _, __, words, values, *___: asked.append((words, values)))
        find_queued(tx)
        [(words, values)] = asked
        plan = [row.detail for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)]
    assert any("ix_message_stand_in" in step for step in plan), plan


def test_no_lease_is_longer_than_the_longest(store):
    queue(store, "a")
    take(store, lease=timedelta(days=1))
    assert stands(store, "a")["lease_until"] == NOW + LONGEST_LEASE


def test_a_damaged_body_is_never_sent(store):
    for name in ("a", "b"):
        queue(store, name)
    with store.writing() as tx:
        tx.execute(update(message).where(message.c.id == "msg_a").values(body=b'{"name":"A"}'))
    assert take(store, limit=9) == []
    assert (stands(store, "a")["state"], stands(store, "a")["reason"]) == ("dead", "its stored body is damaged")
    assert take_one(store).message == "msg_b"


# --- outcomes ----------------------------------------------------------------------------------------------------------


def test_a_success_is_final(store):
    queue(store, "a")
    assert send(store, OK, NOW + SECOND) is DeliveryState.DELIVERED
    row = stands(store, "a")
    assert (row["previous"], row["state"], row["delivered_at"]) == ("leased", "delivered", NOW + SECOND)
    assert (row["lease_token"], row["lease_until"], row["reason"]) == ("", None, "")
    [tried] = rows(store, attempt)
    assert (tried["outcome"], tried["code"], tried["ended_at"]) == ("ok", "204", NOW + SECOND)
    assert take(store, NOW + MAX_AGE, limit=9) == []


def test_a_failure_is_tried_again_with_the_same_key_and_the_same_bytes(store):
    queue(store, "a")
    first = take_one(store)
    assert tell(store, first, DOWN) is DeliveryState.RETRY
    row = stands(store, "a")
    assert (row["previous"], row["state"], row["reason"]) == ("leased", "retry", "500 Internal Server Error")
    assert NOW + 4 * SECOND <= row["due_at"] <= NOW + 6 * SECOND
    second = take_one(store, row["due_at"])
    assert (second.message, second.body, second.attempt) == (first.message, first.body, 2)
    assert stands(store, "a")["previous"] == "retry"
    assert [row["n"] for row in rows(store, attempt)] == [1, 2]


def test_whoever_lost_the_lease_completes_only_its_own_attempt(store):
    queue(store, "a")
    slow = take_one(store)
    with store.writing() as tx:
        reap(tx, NOW + HOUR)
    quick = take_one(store, NOW + HOUR, boot="boot2")
    before = stands(store, "a"), endpoint(store)
    assert tell(store, slow, DOWN, NOW + HOUR) is DeliveryState.LEASED
    assert (stands(store, "a"), endpoint(store)) == before
    assert [row["outcome"] for row in rows(store, attempt)] == ["recoverable", None]
    assert tell(store, quick, OK, NOW + HOUR, boot="boot2") is DeliveryState.DELIVERED


def reaped(store: Store) -> None:
    with store.writing() as tx:
        assert reap(tx, NOW + HOUR) == 1


def taken_again(store: Store) -> None:
    assert take(store, NOW + HOUR, boot="boot2")


def expired(store: Store) -> None:
    with store.writing() as tx:
        assert expire(tx, NOW + HOUR, endpoints=[]) == 1


def cancelled(store: Store) -> None:
    with store.writing() as tx:
        tx.execute(update(delivery).values(previous=delivery.c.state, state="cancelled"))


@pytest.mark.parametrize(
    ("meanwhile", "previous"),
    [
        pytest.param([reaped], "retry", id="it waits for another attempt"),
        pytest.param([reaped, taken_again], "leased", id="somebody else is at it"),
        pytest.param([reaped, expired], "dead", id="it was given up"),
        pytest.param([reaped, cancelled], "cancelled", id="it was cancelled"),
    ],
)
def test_a_late_success_counts_whatever_happened_meanwhile(store, meanwhile, previous):
    queue(store, "a")
    slow = take_one(store)
    for happening in meanwhile:
        happening(store)
    assert tell(store, slow, OK, NOW + HOUR) is DeliveryState.DELIVERED
    assert (stands(store, "a")["previous"], stands(store, "a")["state"]) == (previous, "delivered")
    assert rows(store, attempt)[0]["outcome"] == "ok_late"


def test_an_attempt_is_completed_by_the_process_that_began_it(store):
    queue(store, "a")
    outgoing = take_one(store)
    tell(store, outgoing, OK, boot="boot2")
    assert rows(store, attempt)[0]["outcome"] is None


def test_two_late_successes_are_one_delivery(store):
    queue(store, "a")
    slow = take_one(store)
    reaped(store)
    quick = take_one(store, NOW + HOUR, boot="boot2")
    assert tell(store, quick, OK, NOW + HOUR, boot="boot2") is DeliveryState.DELIVERED
    assert tell(store, slow, OK, NOW + 2 * HOUR) is DeliveryState.DELIVERED
    assert stands(store, "a")["delivered_at"] == NOW + HOUR
    assert [row["outcome"] for row in rows(store, attempt)] == ["ok_late", "ok"]


# --- endpoints ---------------------------------------------------------------------------------------------------------


def test_failures_in_a_row_open_the_breaker_and_a_success_closes_it(store):
    for number in range(7):
        queue(store, f"a{number}", group_key=f"{number}")
    for number in range(5):
        assert endpoint(store)["not_before"] is None
        assert send(store, DOWN, NOW + number * SECOND) is DeliveryState.RETRY
    held = endpoint(store)
    assert (held["failures"], held["fail_since"]) == (5, NOW)
    assert held["not_before"] == NOW + 4 * SECOND + 5 * MINUTE
    assert take(store, NOW + 5 * MINUTE, limit=9) == []
    assert send(store, OK, NOW + 6 * MINUTE) is DeliveryState.DELIVERED
    assert endpoint(store) == {
        "endpoint": WEBHOOK,
        "not_before": None,
        "fail_since": None,
        "failures": 0,
        "fault": "",
        "disabled": "",
    }


def test_retry_after_holds_everything_for_the_endpoint(store):
    for name in ("a", "b"):
        queue(store, name, group_key=name)
    send(store, Outcome(OutcomeClass.RECOVERABLE, "429", retry_after=10 * MINUTE))
    assert take(store, NOW + 9 * MINUTE, limit=9) == []
    assert len(take(store, NOW + 10 * MINUTE, limit=9)) == 2


@pytest.mark.parametrize(
    ("outcome", "fails"),
    [
        pytest.param(UNAUTHORISED, True, id="a refused token is the endpoint's trouble"),
        pytest.param(Outcome(OutcomeClass.AMBIGUOUS, "timeout"), True, id="so is no answer"),
        pytest.param(Outcome(OutcomeClass.GREYLIST, "451"), False, id="a greylist is none"),
        pytest.param(UNKNOWN, False, id="an unknown recipient is none"),
    ],
)
def test_trouble_of_an_endpoint_has_a_beginning(store, outcome, fails):
    queue(store, "a")
    send(store, outcome)
    assert endpoint(store)["fail_since"] == (NOW if fails else None)


def test_an_endpoint_that_is_gone_is_closed_until_it_is_opened_again(store):
    for name in ("a", "b"):
        queue(store, name)
    assert send(store, GONE) is DeliveryState.DEAD
    assert endpoint(store)["disabled"] == "410 Gone"
    assert take(store) == []
    assert due(store, NOW) == [WEBHOOK]
    with store.writing() as tx:
        assert expire(tx, NOW, endpoints=[WEBHOOK]) == 1
    assert stands(store, "b")["reason"] == "its endpoint is closed: it said that it is gone for ever"
    with store.writing() as tx:
        enable(tx, WEBHOOK)
    queue(store, "c")
    assert send(store, OK) is DeliveryState.DELIVERED


# --- what nobody is at work on -----------------------------------------------------------------------------------------


def test_leases_of_a_process_that_died_are_freed_at_once(store):
    for name in ("a", "b"):
        queue(store, name, group_key=name)
    take(store, boot="dead")
    take(store, boot="alive", limit=2)
    with store.writing() as tx:
        assert release_crashed(tx, "alive", now=NOW + SECOND) == 1
    assert {row["previous"]: row["state"] for row in rows(store, delivery)} == {"leased": "retry", "pending": "leased"}
    assert {row["boot"]: row["outcome"] for row in rows(store, attempt)} == {"dead": "crash", "alive": None}
    assert take_one(store, NOW + SECOND, boot="alive", limit=2).attempt == 2


def test_an_attempt_that_was_written_down_before_the_crash_frees_nothing(store):
    queue(store, "a")
    send(store, DOWN, boot="dead")
    take(store, NOW + MINUTE, boot="alive")
    with store.writing() as tx:
        assert release_crashed(tx, "alive", now=NOW + MINUTE) == 0
    assert stands(store, "a")["state"] == "leased"


def test_a_process_that_must_end_frees_its_own(store):
    queue(store, "a")
    take(store)
    with store.writing() as tx:
        assert interrupt(tx, "other", now=NOW) == 0
        assert interrupt(tx, "boot1", now=NOW) == 1
    assert (stands(store, "a")["state"], rows(store, attempt)[0]["outcome"]) == ("retry", "interrupted")


def test_a_lease_that_ran_out_is_freed(store):
    queue(store, "a")
    take(store)
    with store.writing() as tx:
        assert reap(tx, NOW + LEASE - SECOND) == 0
        assert reap(tx, NOW + LEASE) == 1
    row = stands(store, "a")
    assert (row["state"], row["due_at"], row["reason"]) == ("retry", NOW + LEASE, "no outcome within the lease")
    [tried] = rows(store, attempt)
    assert (tried["outcome"], tried["ended_at"]) == ("lost", NOW + LEASE)


def test_a_clock_that_was_set_back_holds_nothing_up(store):
    yesterday = NOW - timedelta(days=1)
    queue(store, "leased", group_key="a")
    take(store)
    queue(store, "pending", group_key="b")
    with store.writing() as tx:
        tx.execute(update(endpoint_state).values(not_before=NOW))
        assert due_endpoints(tx, yesterday) == [WEBHOOK]
        assert reap(tx, yesterday) == 1
    assert endpoint(store)["not_before"] is None
    assert {stands(store, name)["due_at"] for name in ("leased", "pending")} == {yesterday}
    assert len(take(store, yesterday, limit=9)) == 2


def test_a_pause_that_a_clock_left_in_the_future_is_seen_before_anything_is_due(store):
    an_hour_ago = NOW - timedelta(hours=1)
    queue(store, "a", due_at=NOW)
    with store.writing() as tx:
        tx.execute(update(endpoint_state).values(not_before=NOW + LONGEST_WAIT))
        assert due_endpoints(tx, an_hour_ago) == [WEBHOOK]
        reap(tx, an_hour_ago)
        assert due_endpoints(tx, an_hour_ago) == []
        assert due_endpoints(tx, NOW) == [WEBHOOK], "by now, the pause would look like a true one"


def test_a_due_time_that_a_clock_left_in_the_future_is_seen_while_the_endpoint_is_held(store):
    queue(store, "a", due_at=NOW + 2 * LONGEST_WAIT)
    with store.writing() as tx:
        tx.execute(update(endpoint_state).values(not_before=NOW + LONGEST_WAIT))
        assert due_endpoints(tx, NOW) == [WEBHOOK]
        reap(tx, NOW)
        assert due_endpoints(tx, NOW) == []
        assert due_endpoints(tx, NOW + LONGEST_WAIT) == [WEBHOOK], "and not an hour after that"


def test_what_a_true_clock_set_stays(store):
    queue(store, "a", due_at=NOW + LONGEST_WAIT)
    with store.writing() as tx:
        tx.execute(update(endpoint_state).values(not_before=NOW + LONGEST_WAIT))
        reap(tx, NOW)
    assert stands(store, "a")["due_at"] == NOW + LONGEST_WAIT
    assert endpoint(store)["not_before"] == NOW + LONGEST_WAIT


@pytest.mark.parametrize(
    ("now", "endpoints", "reason"),
    [
        pytest.param(NOW + MAX_AGE - SECOND, [WEBHOOK], None, id="before 72 hours it waits"),
        pytest.param(
            NOW + MAX_AGE, [WEBHOOK], "given up after 72 hours, last: 500 Internal Server Error", id="after 72 hours"
        ),
        pytest.param(
            NOW,
            [MAIL],
            "its endpoint is no longer configured, last: 500 Internal Server Error",
            id="when its endpoint has left the configuration",
        ),
    ],
)
def test_what_cannot_be_sent_is_given_up(store, now, endpoints, reason):
    queue(store, "a")
    send(store, DOWN)
    with store.writing() as tx:
        assert expire(tx, now, endpoints=endpoints) == (0 if reason is None else 1)
    row = stands(store, "a")
    assert row["state"] == ("retry" if reason is None else "dead")
    assert reason is None or row["reason"] == reason


def test_what_is_old_at_an_endpoint_that_takes_messages_goes_out(store):
    queue(store, "a")
    later = NOW + 100 * MAX_AGE
    with store.writing() as tx:
        assert expire(tx, later, endpoints=[WEBHOOK]) == 0, "we were off, or the clock was wrong"
    assert send(store, OK, later) is DeliveryState.DELIVERED
    queue(store, "b")
    assert send(store, DOWN, later) is DeliveryState.DEAD


def test_what_is_on_the_wire_is_not_given_up(store):
    queue(store, "a")
    outgoing = take_one(store)
    with store.writing() as tx:
        assert expire(tx, NOW + MAX_AGE, endpoints=[]) == 0
    assert tell(store, outgoing, OK, NOW + MAX_AGE) is DeliveryState.DELIVERED


def test_what_waits_of_a_message_can_be_cancelled(store):
    queue(store, "a", endpoint=MAIL, recipients=["one@example.org", "two@example.org"])
    queue(store, "b", endpoint=MAIL, recipients=["one@example.org"])
    outgoing = take_one(store, endpoint=MAIL)
    with store.writing() as tx:
        assert cancel(tx, "msg_a", "nobody needs it any more") == 1
    states = {(row["message"], row["recipient"]): row["state"] for row in rows(store, delivery)}
    assert states == {
        ("msg_a", outgoing.recipient): "leased",
        ("msg_a", "two@example.org"): "cancelled",
        ("msg_b", "one@example.org"): "pending",
    }


def test_age_counts_from_the_first_moment_it_could_be_sent(store):
    queue(store, "a", now=NOW - timedelta(days=200), due_at=NOW)
    with store.writing() as tx:
        assert expire(tx, NOW, endpoints=[WEBHOOK]) == 0


# --- how the outbox stands ---------------------------------------------------------------------------------------------


def test_an_endpoint_is_due_when_its_next_delivery_is(store):
    queue(store, "a")
    queue(store, "b", endpoint=MAIL, due_at=NOW + MINUTE)
    assert due(store, NOW - SECOND) == []
    assert due(store, NOW) == [WEBHOOK]
    assert due(store, NOW + MINUTE) == [MAIL, WEBHOOK]


def test_an_endpoint_is_not_due_while_its_next_delivery_waits(store):
    for name in ("a", "b"):
        queue(store, name)
    outgoing = take_one(store)
    assert due(store, NOW) == []
    tell(store, outgoing, DOWN)
    assert due(store, NOW + SECOND) == []
    assert due(store, NOW + MINUTE) == [WEBHOOK]


def test_an_endpoint_that_is_left_alone_is_not_due(store):
    queue(store, "a")
    send(store, Outcome(OutcomeClass.RECOVERABLE, "503", retry_after=10 * MINUTE))
    queue(store, "b", group_key="other")
    assert due(store, NOW + 9 * MINUTE) == []
    assert due(store, NOW + 10 * MINUTE) == [WEBHOOK]


def test_a_lease_that_ran_out_makes_its_endpoint_due(store):
    queue(store, "a")
    take(store)
    assert due(store, NOW + LEASE) == [WEBHOOK]


def test_the_summary_counts_and_names_what_keeps_failing(store):
    for name in ("a", "b", "c"):
        queue(store, name, group_key=name)
    send(store, OK)
    send(store, UNKNOWN)
    send(store, UNAUTHORISED)
    queue(store, "d", endpoint=MAIL, at=NOW + MINUTE)
    with store.reading() as tx:
        early, late = outbox_summary(tx, NOW), outbox_summary(tx, NOW + HOUR)
    assert early.counts == {
        DeliveryState.DELIVERED: 1,
        DeliveryState.DEAD: 1,
        DeliveryState.RETRY: 1,
        DeliveryState.PENDING: 1,
    }
    assert (early.waiting, early.dead, early.oldest, early.failing) == (2, 1, NOW, ())
    assert late.failing == (Failing(WEBHOOK, NOW, "401 Unauthorized"),)


def test_a_closed_endpoint_is_named_at_once(store):
    queue(store, "a")
    send(store, GONE)
    with store.reading() as tx:
        assert outbox_summary(tx, NOW).failing == (Failing(WEBHOOK, NOW, "410 Gone"),)


def test_an_empty_outbox_has_nothing_to_say(store):
    with store.reading() as tx:
        summary = outbox_summary(tx, NOW)
    assert (summary.waiting, summary.dead, summary.oldest, summary.failing) == (0, 0, None, ())


def test_deliveries_are_found_newest_first(store):
    queue(store, "a")
    queue(store, "b", endpoint=MAIL, recipients=["one@example.org", "two@example.org"])
    send(store, OK)
    with store.reading() as tx:
        everything = find_deliveries(tx)
        waiting = find_deliveries(tx, states=[DeliveryState.PENDING], endpoint=MAIL, limit=1)
    assert [(each.message, each.recipient, each.state) for each in everything] == [
        ("msg_b", "one@example.org", DeliveryState.PENDING),
        ("msg_b", "two@example.org", DeliveryState.PENDING),
        ("msg_a", "", DeliveryState.DELIVERED),
    ]
    assert waiting == everything[:1]
    assert (waiting[0].subject, waiting[0].queued_at) == ("[WARNING] b", NOW)


# --- the database itself -----------------------------------------------------------------------------------------------

STATES = ["", *(state.value for state in DeliveryState)]


@pytest.mark.parametrize(
    ("previous", "state"),
    [pytest.param(*edge, id=f"{edge[0] or 'nothing'} to {edge[1]}") for edge in product(STATES, STATES[1:])],
)
def test_the_database_refuses_every_edge_that_is_not_legal(sqlite_store, previous, state):
    refuses(sqlite_store, previous, state, refused=(previous, state) not in EDGES)


def test_both_databases_refuse_them(store):
    for previous, state in (("leased", "cancelled"), ("delivered", "retry"), ("pending", "retry")):
        refuses(store, previous, state, refused=True)
    refuses(store, "leased", "dead", refused=False)


def refuses(store: Store, previous: str, state: str, *, refused: bool) -> None:
    if not rows(store, message):
        queue(store, "a")
    try:
        with store.writing() as tx:
            tx.execute(update(delivery).values(previous=previous, state=state))
    except IntegrityError:
        assert refused
    else:
        assert not refused


def test_a_delivery_cannot_begin_anywhere_but_at_the_beginning(store):
    queue(store, "a")
    row = {**stands(store, "a"), "id": "dlv_x", "recipient": "x", "previous": "", "state": "delivered"}
    with pytest.raises(IntegrityError), store.writing() as tx:
        tx.execute(insert(delivery).values(**row))


def test_a_claim_of_another_process_is_passed_over_and_not_waited_for(postgresql_url):
    with Store.open(postgresql_url) as one, Store.open(postgresql_url) as two:
        queue(one, "a")
        queue(one, "b", group_key="other")
        with one.writing() as tx:
            assert len(claim(tx, NOW, boot="boot1", endpoint=WEBHOOK, lease=LEASE)) == 1
            assert take(two, boot="boot2", limit=9) == []
        assert len(take(two, boot="boot2", limit=9)) == 1


def test_on_postgresql_only_what_died_is_freed(postgresql_url):
    with Store.open(postgresql_url) as one, Store.open(postgresql_url) as two:
        one.announce("boot1")
        queue(one, "a")
        take(one)
        with two.writing() as tx:
            assert release_crashed(tx, "boot2", now=NOW) == 0, "the other daemon lives"
        one.close()
        with two.writing() as tx:
            assert release_crashed(tx, "boot2", now=NOW) == 1
