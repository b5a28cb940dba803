"""Standbys: what goes to the receiver to fall back on when a message is not told in time.

A standby is rendered in the transaction that writes its message, so that falling back needs no template and can fail at
none. When the message is told it goes away; when it is dead, or too late, the standby becomes a message of its own,
known to its receiver by the key of the one it stands in for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select

from watcher.core.delivery import DeliveryState
from watcher.store.deliveries import LATEST, OPEN
from watcher.store.outbox import enqueue
from watcher.store.schema import Tx, delivery, message, message_item, standby


def stand_by(
    tx: Tx,
    message_id: str,
    *,
    endpoint: str,
    recipients: Sequence[str],
    subject: str,
    content_type: str,
    body: bytes,
    due_at: datetime,
) -> None:
    """Keep what an endpoint is sent when a message has not been told by then."""
    tx.execute(
        insert(standby).values(
            message=message_id,
            endpoint=endpoint,
            recipients=json.dumps(list(recipients)),
            subject=subject,
            content_type=content_type,
            body=body,
            due_at=due_at,
        )
    )


def is_standby_due(tx: Tx, now: datetime) -> bool:
    """Whether a standby has to go out, or is not needed any more."""
    return bool(tx.execute(select(exists().where(or_(_is_due(now), ~_waits())))).scalar_one())


def fall_back(tx: Tx, now: datetime) -> list[tuple[str, str]]:
    """Put every standby that is due into the outbox; return which message goes to which endpoint."""
    tx.execute(delete(standby).where(~_waits(), ~_is_dead()))
    query = select(standby, message).join(message, message.c.id == standby.c.message).where(_is_due(now))
    gone = []
    for row in tx.execute(query.order_by(message.c.number, standby.c.endpoint)).mappings().all():
        tx.execute(
            delete(standby).where(standby.c.message == row["message"], standby.c.endpoint == row[standby.c.endpoint])
        )
        if _send_instead(tx, row, now):
            gone.append((str(row["message"]), str(row[standby.c.endpoint])))
    return gone


def _waits() -> ColumnElement[bool]:
    return exists().where(delivery.c.message == standby.c.message, delivery.c.state.in_(OPEN))


def _is_dead() -> ColumnElement[bool]:
    return exists().where(delivery.c.message == standby.c.message, delivery.c.state == DeliveryState.DEAD.value)


def _is_due(now: datetime) -> ColumnElement[bool]:
    # Later than this it can only be by a clock that was set back since.
    is_late = and_(_waits(), or_(standby.c.due_at <= now, standby.c.due_at > now + LATEST))
    return or_(_is_dead(), is_late)


def _send_instead(tx: Tx, row: Any, now: datetime) -> bool:
    """Write the message of a standby; False when its endpoint was told all of it by itself."""
    endpoint = row[standby.c.endpoint]
    told = message_item.alias()
    already = exists().where(
        told.c.endpoint == endpoint, told.c.fingerprint == message_item.c.fingerprint, told.c.seq == message_item.c.seq
    )
    of_it = select(message_item.c.fingerprint, message_item.c.seq).where(message_item.c.message == row["message"])
    items = tx.execute(of_it).all()
    new = tx.execute(of_it.where(or_(message_item.c.seq == 0, ~already))).all()
    if items and not new:
        return False
    name = hashlib.blake2b(f"{row['message']}\x1f{endpoint}".encode(), digest_size=13).hexdigest()
    return enqueue(
        tx,
        f"msg_{name}",
        key=row["key"],
        endpoint=endpoint,
        group_key=row["group_key"],
        reason=row["reason"],
        status=row["status"],
        subject=row[standby.c.subject],
        content_type=row[standby.c.content_type],
        body=row[standby.c.body],
        items=[(fingerprint, seq) for fingerprint, seq in new],
        recipients=json.loads(row["recipients"]),
        now=now,
        due_at=now,
    )
