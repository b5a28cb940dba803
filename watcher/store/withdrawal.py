"""What is queued and of which nobody was sent anything yet: it can still be taken back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, exists, func, select, update

from watcher.core.delivery import DeliveryState
from watcher.core.severity import Severity
from watcher.store import schema
from watcher.store.deliveries import OPEN
from watcher.store.schema import Tx

_message, _item, _delivery, _standby = schema.message, schema.message_item, schema.delivery, schema.standby


class QueuedItem(NamedTuple):
    """What a queued message tells of one alert."""

    fingerprint: str
    #: The transition; 0 for a reminder.
    seq: int
    #: The rule's identity.
    rule: str
    #: The alert's group labels.
    group: tuple[tuple[str, str], ...]
    severity: Severity


class Queued(NamedTuple):
    """A message that somebody is still to be sent."""

    id: str
    endpoint: str
    group_key: str
    created_at: datetime
    #: Whether nobody was sent it, under this key or in another message that stands in for it.
    is_untried: bool
    items: tuple[QueuedItem, ...]

    @property
    def alerts(self) -> frozenset[str]:
        """The fingerprints of the alerts it tells of."""
        return frozenset(each.fingerprint for each in self.items)


def find_queued(tx: Tx, *, lock: bool = False) -> list[Queued]:
    """Every message about alerts that somebody is still to be sent, in the order of writing.

    :param lock: whether some are about to be taken back: nobody claims any of them before the transaction ends.
    """
    if lock:
        # Whoever claims never waits for a delivery that is locked: we can wait for it.
        tx.execute(select(_delivery.c.id).where(_is_fresh()).with_for_update()).all()
    transition, alert = schema.transition, schema.alert
    told = and_(transition.c.fingerprint == _item.c.fingerprint, transition.c.seq == _item.c.seq)
    is_queued = _message.c.id.in_(select(_delivery.c.message).where(_delivery.c.state.in_(OPEN)))
    columns = [_message.c[name] for name in ("id", "endpoint", "group_key", "created_at")]
    severity = func.coalesce(transition.c.severity, alert.c.severity).label("severity")
    query = (
        select(*columns, _is_untried().label("is_untried"), alert.c.rule, alert.c.group, severity)
        .add_columns(_item.c.fingerprint, _item.c.seq)
        .join(_item, _item.c.message == _message.c.id)
        .join(alert, alert.c.fingerprint == _item.c.fingerprint)
        .outerjoin(transition, told)
        .where(is_queued)
        .order_by(_message.c.number, _item.c.fingerprint, _item.c.seq)
    )
    found: dict[str, Queued] = {}
    for row in tx.execute(query).all():
        own = Queued(row.id, row.endpoint, row.group_key, row.created_at, bool(row.is_untried), ())
        before = found.get(row.id, own)
        found[row.id] = before._replace(items=(*before.items, _to_item(row)))
    return list(found.values())


def withdraw(tx: Tx, message_id: str, *, reason: str, now: datetime) -> None:
    """Cancel a message that nobody was sent, for a reason. What it told stands in no message any more."""
    of_it = _delivery.c.message == message_id
    cancelled = {"state": DeliveryState.CANCELLED.value, "reason": reason, "due_at": now}
    tx.execute(update(_delivery).where(of_it).values(previous=_delivery.c.state, **cancelled))
    tx.execute(update(_message).where(_message.c.id == message_id).values(withdrawn_at=now))
    tx.execute(delete(_item).where(_item.c.message == message_id))
    tx.execute(delete(_standby).where(_standby.c.message == message_id))


def is_withdrawn(tx: Tx, message_id: str) -> bool:
    """Whether a message was taken back."""
    was = exists().where(_message.c.id == message_id, _message.c.withdrawn_at.is_not(None))
    return bool(tx.execute(select(was)).scalar_one())


def _is_fresh() -> ColumnElement[bool]:
    """Whether a delivery was never tried, and is not sent once more because a person wants it."""
    return and_(_delivery.c.state == DeliveryState.PENDING.value, _delivery.c.attempt == 0, _delivery.c.replays == 0)


def _is_untried() -> ColumnElement[bool]:
    other = _message.alias()
    # What stands in for another has that one's key: SQLite knows those few by an index.
    stands_in = exists().where(other.c.key == _message.c.key, other.c.key != other.c.id, other.c.id != _message.c.id)
    has_begun = exists().where(_delivery.c.message == _message.c.id, ~_is_fresh())
    return and_(_message.c.key == _message.c.id, ~stands_in, ~has_begun)


def _to_item(row: Any) -> QueuedItem:
    group = tuple((name, value) for name, value in json.loads(row.group))
    return QueuedItem(row.fingerprint, row.seq, row.rule, group, Severity(row.severity))
