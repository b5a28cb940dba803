"""The outbox: messages that wait to be sent, and how each delivery stands.

A message is stored in the transaction that stores its transitions. A delivery is claimed, and the claim committed,
before its first byte leaves; its outcome is written down afterwards. So a crash repeats at most what was on the wire.
Every change names in its condition the state it starts from: whoever comes too late changes nothing, and what no
condition foresees is refused by the foreign key on ``delivery_edge``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, insert, literal, select, text, update
from sqlalchemy.dialects import sqlite

from watcher.core.delivery import (
    LONGEST_LEASE,
    DeliveryState,
    Outcome,
    OutcomeClass,
    Outgoing,
    Step,
    blames_endpoint,
    closes_endpoint,
    leave_alone_until,
    next_step,
)
from watcher.later import Later
from watcher.store.deliveries import LONGEST_DUE, WAITING, is_held, is_next
from watcher.store.engine import is_sqlite
from watcher.store.schema import Moment, Tx, attempt, delivery, endpoint_state, message, message_item
from watcher.store.sweep import NO_LEASE, bury, heed

# Only a store on PostgreSQL speaks its dialect.
_postgresql = Later("sqlalchemy.dialects.postgresql")

#: Whoever numbers messages on PostgreSQL holds this lock to the end of the transaction: numbers commit in order.
_NUMBERING = 0x77746368
_FAILING = frozenset({OutcomeClass.RECOVERABLE, OutcomeClass.AMBIGUOUS, OutcomeClass.CONFIG})


def enqueue(
    tx: Tx,
    message_id: str,
    *,
    endpoint: str,
    group_key: str,
    reason: str,
    status: str,
    subject: str,
    content_type: str,
    body: bytes,
    items: Sequence[tuple[str, int]],
    recipients: Collection[str],
    now: datetime,
    due_at: datetime,
    key: str = "",
) -> bool:
    """Store a message with a delivery for each recipient; the same message again changes nothing and returns False.

    :param key: what receivers know it by, where that is not its own id: it stands in for another message.
    :param items: (fingerprint, seq) of each transition it tells; seq 0 for a reminder.
    :param now: the moment it is written by.
    :param due_at: when it may be sent first; its age counts from here.
    """
    if is_stored(tx, message_id):
        return False
    number = _next_number(tx)
    tx.execute(
        insert(message).values(
            id=message_id,
            key=key or message_id,
            number=number,
            endpoint=endpoint,
            group_key=group_key,
            reason=reason,
            status=status,
            subject=subject,
            content_type=content_type,
            body=body,
            body_sha256=hashlib.sha256(body).hexdigest(),
            created_at=now,
        )
    )
    told = [{"message": message_id, "endpoint": endpoint, "fingerprint": name, "seq": seq} for name, seq in items]
    if told:
        tx.execute(insert(message_item), told)
    common = {"message": message_id, "number": number, "endpoint": endpoint, "group_key": group_key}
    rows = [
        {**common, "id": _delivery_id(message_id, each), "recipient": each, "due_at": due_at, "queued_at": due_at}
        for each in dict.fromkeys(recipients)
    ]
    tx.execute(insert(delivery), rows)
    _know_endpoint(tx, endpoint)
    return True


def is_stored(tx: Tx, message_id: str) -> bool:
    """Whether a message is there."""
    return bool(tx.execute(select(exists().where(message.c.id == message_id))).scalar_one())


def _next_number(tx: Tx) -> int:
    if not is_sqlite(tx):
        tx.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _NUMBERING})
    return int(tx.execute(select(func.coalesce(func.max(message.c.number), 0) + 1)).scalar_one())


def _delivery_id(message_id: str, recipient: str) -> str:
    return "dlv_" + hashlib.blake2b(f"{message_id}\x1f{recipient}".encode(), digest_size=16).hexdigest()


def _know_endpoint(tx: Tx, endpoint: str) -> None:
    new = (sqlite if is_sqlite(tx) else _postgresql).insert(endpoint_state).values(endpoint=endpoint)
    tx.execute(new.on_conflict_do_nothing())


def claim(tx: Tx, now: datetime, *, boot: str, endpoint: str, lease: timedelta, limit: int = 1) -> list[Outgoing]:
    """Lease what an endpoint may send now; the caller commits, and sends only then.

    Of each group and recipient, and of each alert, only the oldest unfinished message goes: they arrive in order.

    :param limit: how many of the endpoint's deliveries may be on the wire at once.
    """
    if not _takes_messages(tx, endpoint, now):
        return []
    until = now + min(lease, LONGEST_LEASE)
    heads = _due_heads(tx, endpoint, now, limit=limit)
    damaged = [head.id for head in heads if hashlib.sha256(head.body).hexdigest() != head.body_sha256]
    if damaged:
        bury(tx, delivery.c.id.in_(damaged), "its stored body is damaged", now=now)
    return [_lease(tx, head, boot=boot, until=until, now=now) for head in heads if head.id not in damaged]


def _takes_messages(tx: Tx, endpoint: str, now: datetime) -> bool:
    """Whether the endpoint is open, and no other process is claiming for it at this moment."""
    query = (
        select(endpoint_state.c.endpoint)
        .where(endpoint_state.c.endpoint == endpoint, endpoint_state.c.disabled == "", ~is_held(now))
        .with_for_update(skip_locked=True)
    )
    return tx.execute(query).first() is not None


def _due_heads(tx: Tx, endpoint: str, now: datetime, *, limit: int) -> Sequence[Any]:
    """What comes first in its line and is due, the longest due first, as far as there is room on the wire."""
    room = limit - _on_the_wire(tx, endpoint)
    if room <= 0:
        return []
    query = (
        select(
            delivery.c.id,
            message.c.key,
            delivery.c.endpoint,
            delivery.c.recipient,
            delivery.c.attempt,
            message.c.content_type,
            message.c.body,
            message.c.body_sha256,
            message.c.subject,
        )
        .join(message, message.c.id == delivery.c.message)
        .where(is_next(endpoint, now))
        .order_by(*LONGEST_DUE)
        .limit(room)
        .with_for_update(of=delivery, skip_locked=True)
    )
    return tx.execute(query).all()


def _on_the_wire(tx: Tx, endpoint: str) -> int:
    is_leased = and_(delivery.c.endpoint == endpoint, delivery.c.state == DeliveryState.LEASED.value)
    return int(tx.execute(select(func.count()).select_from(delivery).where(is_leased)).scalar_one())


def _lease(tx: Tx, head: Any, *, boot: str, until: datetime, now: datetime) -> Outgoing:
    n = head.attempt + 1
    lease = (
        update(delivery)
        .where(delivery.c.id == head.id, delivery.c.state.in_(WAITING), delivery.c.attempt == head.attempt)
        .values(previous=delivery.c.state, state=DeliveryState.LEASED.value, attempt=n)
        .values(lease_token=f"{boot}.{n}", lease_until=until)
        .returning(delivery.c.lease_token)
    )
    token = tx.execute(lease).scalar_one()
    tx.execute(insert(attempt).values(delivery=head.id, n=n, started_at=now, boot=boot))
    return Outgoing(
        delivery=head.id,
        message=head.key,
        endpoint=head.endpoint,
        recipient=head.recipient,
        content_type=head.content_type,
        body=head.body,
        subject=head.subject,
        attempt=n,
        lease_token=token,
    )


def settle(
    tx: Tx, outgoing: Outgoing, outcome: Outcome, *, boot: str, started_at: datetime, now: datetime
) -> DeliveryState:
    """Write down what became of an attempt; return how the delivery stands now.

    Success counts whenever it comes. Any other outcome changes the delivery only while its lease is ours: else somebody
    else is at work on it, and we only complete our own attempt.
    """
    # Endpoint before delivery, as in `claim`: two that lock in the same order cannot wait for each other.
    tx.execute(select(endpoint_state).where(endpoint_state.c.endpoint == outgoing.endpoint).with_for_update())
    this = delivery.c.id == outgoing.delivery
    queued_at = tx.execute(select(delivery.c.queued_at).where(this)).scalar_one()
    step = next_step(outcome, delivery=outgoing.delivery, attempt=outgoing.attempt, queued_at=queued_at, now=now)
    lease = and_(delivery.c.state == DeliveryState.LEASED.value, delivery.c.lease_token == outgoing.lease_token)
    is_ours = _move(tx, and_(this, lease), step)
    heed(tx, this)
    is_told = step.state is DeliveryState.DELIVERED
    if is_told and not is_ours:
        _move(tx, and_(this, delivery.c.state != DeliveryState.DELIVERED.value), step)
    if is_told or is_ours:
        _judge_endpoint(tx, outgoing.endpoint, outcome, now)
    word = "ok_late" if is_told and not is_ours else outcome.kind.value
    _end_attempt(tx, outgoing, outcome, word=word, boot=boot, started_at=started_at, now=now)
    return DeliveryState(tx.execute(select(delivery.c.state).where(this)).scalar_one())


def _move(tx: Tx, condition: ColumnElement[bool], step: Step) -> bool:
    """Take the step where the condition still holds; return whether it did."""
    values = {"state": step.state.value, "reason": step.reason, "due_at": step.due_at, **NO_LEASE}
    if step.state is DeliveryState.DELIVERED:
        values["delivered_at"] = step.due_at
    moved = update(delivery).where(condition).values(previous=delivery.c.state, **values).returning(delivery.c.id)
    return tx.execute(moved).first() is not None


def _end_attempt(
    tx: Tx, outgoing: Outgoing, outcome: Outcome, *, word: str, boot: str, started_at: datetime, now: datetime
) -> None:
    this = and_(attempt.c.delivery == outgoing.delivery, attempt.c.n == outgoing.attempt, attempt.c.boot == boot)
    tx.execute(
        update(attempt)
        .where(this)
        .values(outcome=word, code=outcome.code, detail=outcome.detail, started_at=started_at, ended_at=now)
    )


def _judge_endpoint(tx: Tx, endpoint: str, outcome: Outcome, now: datetime) -> None:
    """What an outcome says about the endpoint itself: it works, it fails, it wants a pause, it is gone for ever."""
    this = update(endpoint_state).where(endpoint_state.c.endpoint == endpoint)
    since = func.coalesce(endpoint_state.c.fail_since, literal(now, Moment))
    if outcome.kind is OutcomeClass.OK:
        tx.execute(this.values(not_before=None, fail_since=None, failures=0, fault=""))
    elif closes_endpoint(outcome):
        tx.execute(this.values(disabled=f"{outcome.code} {outcome.detail}", fail_since=since))
    elif outcome.kind in _FAILING:
        more = endpoint_state.c.failures + int(blames_endpoint(outcome))
        # What a person must change stays told until something arrives.
        fault = outcome.kind.value if outcome.kind is OutcomeClass.CONFIG else endpoint_state.c.fault
        failures = tx.execute(
            this.values(fail_since=since, failures=more, fault=fault).returning(endpoint_state.c.failures)
        ).scalar_one()
        until = leave_alone_until(outcome, failures=failures, now=now)
        if until is not None:
            tx.execute(this.values(not_before=until))


def enable(tx: Tx, endpoint: str) -> None:
    """Send to an endpoint again that was closed or is left alone for a while."""
    this = update(endpoint_state).where(endpoint_state.c.endpoint == endpoint)
    tx.execute(this.values(disabled="", not_before=None, fail_since=None, failures=0, fault=""))
