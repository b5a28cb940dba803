"""Who was told of what, and when: read from the messages themselves."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, func, select

from watcher.core.alert import State
from watcher.core.delivery import DeliveryState
from watcher.store import schema
from watcher.store.schema import Tx

_item, _message, _transition = schema.message_item, schema.message, schema.transition
_delivery = schema.delivery


class Telling(NamedTuple):
    """One recipient of one message about an alert."""

    #: The transition it tells; 0 for a reminder.
    seq: int
    #: Why it was written: first, worse, repeat, ...
    reason: str
    written_at: datetime
    endpoint: str
    #: A mail address; empty where the endpoint is the recipient.
    recipient: str
    state: DeliveryState
    #: Why it is dead, cancelled or tried again.
    why: str
    delivered_at: datetime | None


class Spoken(NamedTuple):
    """A message about an alert."""

    #: When it was written.
    moment: datetime
    #: The transition that it told; 0 for a reminder.
    seq: int


class Written(NamedTuple):
    """A message as it was written for an endpoint."""

    endpoint: str
    #: Why it was written: first, worse, repeat, ...
    reason: str
    at: datetime


def written(tx: Tx, *, since: datetime) -> list[Written]:
    """Every message from a moment on, the oldest first."""
    query = select(_message.c.endpoint, _message.c.reason, _message.c.created_at).order_by(_message.c.number)
    return [Written(*row) for row in tx.execute(query.where(_message.c.created_at >= since))]


def last_told(tx: Tx, endpoint: str, fingerprint: str) -> datetime | None:
    """When a message about an alert was last written for an endpoint; None when none ever was."""
    told: datetime | None = tx.execute(_last_told(), {"of": endpoint, "about": fingerprint}).scalar_one()
    return told


@cache
def _last_told() -> Select[Any]:
    return (
        select(func.max(_message.c.created_at, type_=schema.Moment))
        .join(_item, _item.c.message == _message.c.id)
        .where(_item.c.endpoint == bindparam("of"), _item.c.fingerprint == bindparam("about"))
    )


def last_spoken(tx: Tx, endpoint: str, fingerprint: str) -> Spoken | None:
    """The last message about an alert to an endpoint; None when there was none."""
    query = (
        select(_message.c.created_at, _item.c.seq)
        .join(_item, _item.c.message == _message.c.id)
        .where(_item.c.endpoint == endpoint, _item.c.fingerprint == fingerprint)
        .order_by(_message.c.number.desc(), _item.c.seq.desc())
        .limit(1)
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else Spoken(*row)


def last_endpoint(tx: Tx, fingerprint: str) -> str | None:
    """The endpoint that the last message about an alert was written for; None when there was none."""
    query = (
        select(_item.c.endpoint)
        .join(_message, _message.c.id == _item.c.message)
        .where(_item.c.fingerprint == fingerprint)
        .order_by(_message.c.number.desc())
        .limit(1)
    )
    found: str | None = tx.execute(query).scalar_one_or_none()
    return found


def told_open(tx: Tx, endpoint: str) -> set[str]:
    """The alerts of whose episode, which goes on, a message was written for an endpoint."""
    alert = schema.alert
    same = and_(_transition.c.fingerprint == _item.c.fingerprint, _transition.c.seq == _item.c.seq)
    this = and_(alert.c.fingerprint == _transition.c.fingerprint, alert.c.episode == _transition.c.episode)
    query = select(_item.c.fingerprint).distinct().join(_transition, same).join(alert, this)
    is_open = alert.c.state.in_([state.value for state in State if state.is_open])
    return set(tx.execute(query.where(_item.c.endpoint == endpoint, is_open)).scalars())


def told_endpoints(tx: Tx, fingerprint: str, episode: int) -> list[str]:
    """The endpoints for which a message about an episode was written."""
    same = and_(_transition.c.fingerprint == _item.c.fingerprint, _transition.c.seq == _item.c.seq)
    query = (
        select(_item.c.endpoint)
        .distinct()
        .join(_transition, same)
        .where(_item.c.fingerprint == fingerprint, _transition.c.episode == episode)
        .order_by(_item.c.endpoint)
    )
    return list(tx.execute(query).scalars())


def tellings(tx: Tx, fingerprint: str) -> list[Telling]:
    """Who was told of an alert, or is to be, the oldest message first."""
    query = (
        select(
            _item.c.seq,
            _message.c.reason,
            _message.c.created_at,
            _delivery.c.endpoint,
            _delivery.c.recipient,
            _delivery.c.state,
            _delivery.c.reason,
            _delivery.c.delivered_at,
        )
        .join(_message, _message.c.id == _item.c.message)
        .join(_delivery, _delivery.c.message == _message.c.id)
        .where(_item.c.fingerprint == fingerprint)
        .order_by(_message.c.number, _delivery.c.endpoint, _delivery.c.recipient)
    )
    return [
        Telling(seq, reason, written_at, endpoint, recipient, DeliveryState(state), why, delivered_at)
        for seq, reason, written_at, endpoint, recipient, state, why, delivered_at in tx.execute(query)
    ]
