"""What nobody is at work on any more: leases of the dead, deliveries that are too old, times from a wrong clock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, or_, select, text, update

from watcher.core.delivery import GIVEN_UP, LONGEST_LEASE, LONGEST_WAIT, MAX_AGE, DeliveryState
from watcher.store.deliveries import LATEST, WAITING
from watcher.store.engine import is_sqlite, presence_key
from watcher.store.schema import Tx, attempt, delivery, endpoint_state

#: The columns of a delivery that nobody holds.
NO_LEASE = {"lease_token": "", "lease_until": None}


def release_crashed(tx: Tx, boot: str, *, now: datetime) -> int:
    """Free what processes had leased that are no more; return how many.

    On a SQLite file that is every other one: only while this is the one process that sends. On PostgreSQL a process that
    lives holds a lock (:meth:`watcher.store.engine.Store.announce`).
    """
    is_gone = attempt.c.boot != boot
    if not is_sqlite(tx):
        is_gone = attempt.c.boot.in_([each for each in _sending(tx) if each != boot and _has_died(tx, each)])
    return _release(tx, is_gone, word="crash", reason="the process died while it was sending", now=now)


def _sending(tx: Tx) -> list[str]:
    """The processes that have something leased."""
    this_attempt = and_(attempt.c.delivery == delivery.c.id, attempt.c.n == delivery.c.attempt)
    query = select(attempt.c.boot).distinct().join(delivery, this_attempt)
    return list(tx.execute(query.where(delivery.c.state == DeliveryState.LEASED.value)).scalars())


def _has_died(tx: Tx, boot: str) -> bool:
    return bool(tx.execute(text("select pg_try_advisory_xact_lock(:key)"), {"key": presence_key(boot)}).scalar_one())


def interrupt(tx: Tx, boot: str, *, now: datetime) -> int:
    """Free what this process has leased, because it must end; return how many."""
    return _release(
        tx, attempt.c.boot == boot, word="interrupted", reason="the process ended while it was sending", now=now
    )


def reap(tx: Tx, now: datetime) -> int:
    """Free what was leased for too long, and undo what a clock that was set back left in the future; return how many."""
    held = update(endpoint_state).where(endpoint_state.c.not_before > now + LONGEST_WAIT)
    tx.execute(held.values(not_before=None))
    freed = _release(tx, _is_lapsed(now), word="lost", reason="no outcome within the lease", now=now)
    late = update(delivery).where(delivery.c.state.in_(WAITING), delivery.c.due_at > now + LATEST)
    tx.execute(late.values(due_at=now))
    return freed


def _is_lapsed(now: datetime) -> ColumnElement[bool]:
    return or_(delivery.c.lease_until <= now, delivery.c.lease_until > now + LONGEST_LEASE)


def _release(tx: Tx, condition: ColumnElement[bool], *, word: str, reason: str, now: datetime) -> int:
    this_attempt = and_(attempt.c.delivery == delivery.c.id, attempt.c.n == delivery.c.attempt)
    lease = (
        update(delivery)
        .where(delivery.c.state == DeliveryState.LEASED.value, exists().where(this_attempt, condition))
        .values(previous=delivery.c.state, state=DeliveryState.RETRY.value, reason=reason, due_at=now, **NO_LEASE)
        .returning(delivery.c.id, delivery.c.attempt)
    )
    freed = tx.execute(lease).all()
    for each in freed:
        this = and_(attempt.c.delivery == each.id, attempt.c.n == each.attempt)
        tx.execute(update(attempt).where(this).values(outcome=word, ended_at=now))
    heed(tx, delivery.c.id.in_([each.id for each in freed]))
    return len(freed)


def heed(tx: Tx, condition: ColumnElement[bool]) -> None:
    """Cancel what somebody wanted cancelled while it was on the wire, now that it waits again."""
    asked = and_(delivery.c.state == DeliveryState.RETRY.value, delivery.c.cancel_requested != "")
    tx.execute(
        update(delivery)
        .where(condition, asked)
        .values(previous=delivery.c.state, state=DeliveryState.CANCELLED.value, reason=delivery.c.cancel_requested)
    )


def expire(tx: Tx, now: datetime, *, endpoints: Collection[str]) -> int:
    """Give up what can no longer be sent: too old, or its endpoint is closed or not configured; return how many.

    What is old at an endpoint that takes messages was not kept waiting by it: we were off, or the clock was wrong. That
    goes out, and is given up when it is not taken.

    :param endpoints: those that are configured.
    """
    closed = select(endpoint_state.c.endpoint).where(endpoint_state.c.disabled != "")
    failing = select(endpoint_state.c.endpoint).where(endpoint_state.c.fail_since.is_not(None))
    is_old = and_(delivery.c.queued_at <= now - MAX_AGE, delivery.c.endpoint.in_(failing))
    return (
        bury(tx, delivery.c.endpoint.not_in(endpoints), "its endpoint is no longer configured", now=now)
        + bury(tx, delivery.c.endpoint.in_(closed), "its endpoint is closed: it said that it is gone for ever", now=now)
        + bury(tx, is_old, GIVEN_UP, now=now)
    )


def forget(tx: Tx, endpoints: Collection[str]) -> None:
    """Hold nothing against endpoints that are no longer configured: nobody can mend them.

    :param endpoints: those that are configured.
    """
    gone = update(endpoint_state).where(endpoint_state.c.endpoint.not_in(endpoints))
    tx.execute(gone.values(not_before=None, fail_since=None, failures=0, fault="", disabled=""))


def bury(tx: Tx, condition: ColumnElement[bool], reason: str, *, now: datetime) -> int:
    """Give up what waits and meets a condition; return how many."""
    dead = (
        update(delivery)
        .where(delivery.c.state.in_(WAITING), condition)
        .values(previous=delivery.c.state, state=DeliveryState.DEAD.value, reason=_with_last(reason), due_at=now)
        .returning(delivery.c.id)
    )
    return len(tx.execute(dead).all())


def cancel(tx: Tx, message_id: str, reason: str) -> int:
    """Do not send what still waits of a message; return how many deliveries that were."""
    given_up = (
        update(delivery)
        .where(delivery.c.message == message_id, delivery.c.state.in_(WAITING))
        .values(previous=delivery.c.state, state=DeliveryState.CANCELLED.value, reason=_with_last(reason))
        .returning(delivery.c.id)
    )
    return len(tx.execute(given_up).all())


def _with_last(reason: str) -> ColumnElement[str]:
    """The reason, and what was said of the last attempt."""
    return case((delivery.c.reason == "", reason), else_=reason + ", last: " + delivery.c.reason)
