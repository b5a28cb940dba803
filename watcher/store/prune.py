"""Pruning: what nobody needs any more leaves the store; what a number, an alert or a judgement rests on never does.

Kept for ever: record versions, facts, baselines, citations, transitions with their evidence, the texts of rules, verdicts,
acknowledgements, silences, and which files were read. Kept as long as it may matter: what waits or is dead in the outbox,
and every message about an alert that is open or whose last episode may still be retracted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, func, or_, select
from sqlalchemy.sql import FromClause

from watcher.core.alert import WATCHED, State
from watcher.core.delivery import DeliveryState
from watcher.store import schema
from watcher.store.engine import Store
from watcher.store.schema import Tx

#: Nothing younger is pruned: an ended episode is watched for so long, and whoever was told of it is told its retraction.
SHORTEST = WATCHED
#: The last so many runs stay, however old.
RUNS = 100
#: Messages that leave in one transaction, so that a turn need not wait.
_BATCH = 500
_OPEN = tuple(state.value for state in State if state.is_open)
_FINAL = (DeliveryState.DELIVERED.value, DeliveryState.CANCELLED.value)


class Pruned(NamedTuple):
    """What left, or would leave, by kind."""

    messages: int = 0
    deliveries: int = 0
    attempts: int = 0
    runs: int = 0
    #: Rows of quarantine that were read again or dismissed.
    quarantined: int = 0
    #: What was decided not to be told.
    dropped: int = 0
    #: Links in messages that were used.
    links: int = 0


def prune(store: Store, *, older_than: timedelta, now: datetime) -> Pruned:
    """Let go of what is older and needed by nobody.

    :raises ValueError: when ``older_than`` is shorter than ended episodes are watched.
    """
    cutoff = _cutoff(older_than, now)
    total = Pruned()
    while True:
        with store.writing() as tx:
            messages = list(tx.scalars(_old_messages(cutoff).limit(_BATCH)))
            total = _plus(total, _forget_messages(tx, messages))
        if len(messages) < _BATCH:
            break
    with store.writing() as tx:
        counts = {name: tx.execute(delete(table).where(old)).rowcount for name, table, old in _others(cutoff)}
    return total._replace(**counts)


def count_prunable(tx: Tx, *, older_than: timedelta, now: datetime) -> Pruned:
    """What would leave.

    :raises ValueError: when ``older_than`` is shorter than ended episodes are watched.
    """
    cutoff = _cutoff(older_than, now)
    old = _old_messages(cutoff).subquery()
    messages = _count(tx, old)
    deliveries = select(schema.delivery.c.id).where(schema.delivery.c.message.in_(select(old.c.id)))
    attempts = select(schema.attempt.c.n).where(schema.attempt.c.delivery.in_(deliveries))
    others = {name: _count(tx, select(table).where(cond).subquery()) for name, table, cond in _others(cutoff)}
    return Pruned(messages, _count(tx, deliveries.subquery()), _count(tx, attempts.subquery()))._replace(**others)


def _cutoff(older_than: timedelta, now: datetime) -> datetime:
    if older_than < SHORTEST:
        msg = f"an ended episode is watched for {SHORTEST.days} days; nothing younger can be pruned"
        raise ValueError(msg)
    return now - older_than


def _count(tx: Tx, rows: FromClause) -> int:
    return tx.scalar(select(func.count()).select_from(rows)) or 0


def _old_messages(cutoff: datetime) -> Select[str]:
    """Messages that are told, old, and about nothing that goes on."""
    message, delivery, standby = schema.message, schema.delivery, schema.standby
    is_open = exists().where(delivery.c.message == message.c.id, delivery.c.state.not_in(_FINAL))
    stands_by = exists().where(standby.c.message == message.c.id)
    return (
        select(message.c.id)
        .where(message.c.created_at < cutoff, ~is_open, ~stands_by, ~_still_matters(cutoff))
        .order_by(message.c.number)
    )


def _still_matters(cutoff: datetime) -> ColumnElement[bool]:
    """Whether a message is about an episode that is open, or that ended lately."""
    item, alert, transition = schema.message_item, schema.alert, schema.transition
    goes_on = or_(alert.c.state.in_(_OPEN), alert.c.ended_at.is_(None), alert.c.ended_at >= cutoff)
    told = and_(transition.c.fingerprint == item.c.fingerprint, transition.c.seq == item.c.seq)
    of_this_episode = exists().where(told, transition.c.episode == alert.c.episode)
    # A reminder is no transition; it is of the episode in which it was written.
    since = or_(alert.c.fired_at.is_(None), schema.message.c.created_at >= alert.c.fired_at)
    return exists().where(
        item.c.message == schema.message.c.id,
        alert.c.fingerprint == item.c.fingerprint,
        goes_on,
        or_(of_this_episode, and_(item.c.seq == 0, since)),
    )


def _forget_messages(tx: Tx, messages: list[str]) -> Pruned:
    deliveries = select(schema.delivery.c.id).where(schema.delivery.c.message.in_(messages))
    attempts = tx.execute(delete(schema.attempt).where(schema.attempt.c.delivery.in_(deliveries))).rowcount
    sent = tx.execute(delete(schema.delivery).where(schema.delivery.c.message.in_(messages))).rowcount
    tx.execute(delete(schema.message_item).where(schema.message_item.c.message.in_(messages)))
    tx.execute(delete(schema.message).where(schema.message.c.id.in_(messages)))
    return Pruned(messages=len(messages), deliveries=sent, attempts=attempts)


def _others(cutoff: datetime) -> tuple[tuple[str, Table, ColumnElement[bool]], ...]:
    run, row, item, use = schema.run, schema.quarantine, schema.waiting_item, schema.link_use
    last = select(run.c.id).order_by(run.c.id.desc()).limit(RUNS)
    return (
        ("runs", run, and_(run.c.started_at < cutoff, run.c.id.not_in(last))),
        ("quarantined", row, row.c.released_at < cutoff),
        ("dropped", item, item.c.dropped_at < cutoff),
        ("links", use, use.c.at < cutoff),
    )


def _plus(one: Pruned, other: Pruned) -> Pruned:
    return Pruned(*(a + b for a, b in zip(one, other, strict=True)))
