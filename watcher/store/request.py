"""What a person asks of the outbox: send it once more, do not send it, show me."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select, update

from watcher.core.delivery import DeliveryState
from watcher.store.deliveries import WAITING, Delivery, find_deliveries
from watcher.store.schema import Tx, attempt, delivery, endpoint_state, message

#: What can be sent once more: it is not on its way.
ENDED = (DeliveryState.DEAD, DeliveryState.CANCELLED)
#: Replays follow each other at this distance, so that many of them are no flood.
REPLAY_EVERY = timedelta(milliseconds=100)


def replay(tx: Tx, ids: Sequence[str], *, now: datetime) -> list[str]:
    """Let dead and cancelled deliveries wait again, with the same key and the same bytes; return which.

    Those of a closed endpoint stay as they are, and those that were withdrawn: what they told is told in another message.
    Their age counts from now.
    """
    open_ = select(endpoint_state.c.endpoint).where(endpoint_state.c.disabled == "")
    withdrawn = exists().where(message.c.id == delivery.c.message, message.c.withdrawn_at.is_not(None))
    done: list[str] = []
    for each in ids:
        due_at = now + len(done) * REPLAY_EVERY
        again = (
            update(delivery)
            .where(delivery.c.id == each, delivery.c.state.in_([state.value for state in ENDED]))
            .where(delivery.c.endpoint.in_(open_), ~withdrawn)
            .values(previous=delivery.c.state, state=DeliveryState.PENDING.value, reason="", cancel_requested="")
            .values(due_at=due_at, queued_at=due_at, replays=delivery.c.replays + 1)
            .returning(delivery.c.id)
        )
        done += tx.execute(again).scalars()
    return done


def cancel_deliveries(tx: Tx, ids: Collection[str], *, reason: str) -> tuple[list[str], list[str]]:
    """Do not send what waits; what is on the wire is not tried again. Return which were which."""
    stopped = (
        update(delivery)
        .where(delivery.c.id.in_(ids), delivery.c.state.in_(WAITING))
        .values(previous=delivery.c.state, state=DeliveryState.CANCELLED.value, reason=reason)
        .returning(delivery.c.id)
    )
    asked = (
        update(delivery)
        .where(delivery.c.id.in_(ids), delivery.c.state == DeliveryState.LEASED.value)
        .values(cancel_requested=reason)
        .returning(delivery.c.id)
    )
    return list(tx.execute(stopped).scalars()), list(tx.execute(asked).scalars())


def named(tx: Tx, text: str) -> list[Delivery]:
    """The deliveries that a person means: an id, its beginning, or the key of a message."""
    begins = delivery.c.id.startswith(text, autoescape=True)
    found = select(delivery.c.id).join(message, message.c.id == delivery.c.message)
    ids = set(tx.execute(found.where(or_(begins, message.c.key == text, message.c.id == text))).scalars())
    return find_deliveries(tx, ids=ids)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try."""

    n: int
    started_at: datetime
    ended_at: datetime | None
    #: None while it is on the wire.
    outcome: str | None
    code: str
    detail: str


def attempts(tx: Tx, delivery_id: str) -> list[Attempt]:
    """Every try of a delivery, the first one first."""
    columns = [attempt.c[name] for name in Attempt.__dataclass_fields__]
    query = select(*columns).where(attempt.c.delivery == delivery_id).order_by(attempt.c.n)
    return [Attempt(**row) for row in tx.execute(query).mappings()]


def content(tx: Tx, message_id: str) -> tuple[str, bytes]:
    """What kind of text a message is, and its bytes as they are sent."""
    query = select(message.c.content_type, message.c.body).where(message.c.id == message_id)
    kind, body = tx.execute(query).one()
    return str(kind), bytes(body)


def closed_endpoints(tx: Tx) -> dict[str, str]:
    """The endpoints to which nothing is sent any more, and why."""
    query = select(endpoint_state.c.endpoint, endpoint_state.c.disabled).where(endpoint_state.c.disabled != "")
    return {row.endpoint: row.disabled for row in tx.execute(query)}
