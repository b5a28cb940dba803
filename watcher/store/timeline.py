"""Deliveries as a history tells them: who was told of which alert, when, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from watcher.core.delivery import DeliveryState
from watcher.store import schema
from watcher.store.schema import Tx

_item, _message, _delivery = schema.message_item, schema.message, schema.delivery


class Passing(NamedTuple):
    """One message about one alert on its way to one recipient."""

    fingerprint: str
    #: The transition it tells; 0 for a reminder.
    seq: int
    #: Why it was written: first, worse, repeat, ...
    reason: str
    written_at: datetime
    delivered_at: datetime | None
    endpoint: str
    #: A mail address; empty where the endpoint is the recipient.
    recipient: str
    state: DeliveryState
    #: Why it is dead, cancelled or tried again.
    why: str
    attempts: int


def passings(tx: Tx, fingerprint: str = "") -> list[Passing]:
    """Every message about an alert, or about all, by recipient, in the order of writing."""
    query = (
        select(
            _item.c.fingerprint,
            _item.c.seq,
            _message.c.reason,
            _message.c.created_at,
            _delivery.c.delivered_at,
            _delivery.c.endpoint,
            _delivery.c.recipient,
            _delivery.c.state,
            _delivery.c.reason,
            _delivery.c.attempt,
        )
        .join(_message, _message.c.id == _item.c.message)
        .join(_delivery, _delivery.c.message == _message.c.id)
        .order_by(_message.c.number, _delivery.c.endpoint, _delivery.c.recipient, _item.c.fingerprint)
    )
    if fingerprint:
        query = query.where(_item.c.fingerprint == fingerprint)
    return [_to_passing(Passing._make(row)) for row in tx.execute(query)]


def _to_passing(read: Passing) -> Passing:
    return read._replace(state=DeliveryState(read.state))
