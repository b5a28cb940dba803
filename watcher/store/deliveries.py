"""How deliveries stand: what waits in which line, what is due, what failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Row, and_, exists, func, literal, or_, select

from watcher.core.delivery import JITTER, LONGEST_LEASE, LONGEST_WAIT, DeliveryState
from watcher.store.schema import Moment, Tx, delivery, endpoint_state, message, message_item

#: The states of what is to be sent.
WAITING = (DeliveryState.PENDING.value, DeliveryState.RETRY.value)
#: Nothing is ever due later than this; more is a clock that was set back.
LATEST = LONGEST_WAIT * (1 + JITTER)
#: An endpoint that has taken nothing for so long is reported.
FAILING_AFTER = timedelta(hours=1)

#: The states of what has not ended.
OPEN = (*WAITING, DeliveryState.LEASED.value)


def is_held(now: datetime) -> ColumnElement[bool]:
    """Whether an endpoint is to be left alone for a while."""
    until = endpoint_state.c.not_before
    # Never unknown, so that it can be negated.
    return and_(until.is_not(None), until > now)


def _is_one_of(of: FromClause, states: Iterable[str]) -> ColumnElement[bool]:
    # Words and not parameters: only so does SQLite see that a partial index holds them all.
    return of.c.state.in_([literal(state, literal_execute=True) for state in states])


#: The longest due first; of a message, one recipient after the other.
LONGEST_DUE = (delivery.c.due_at, delivery.c.number, delivery.c.recipient)


def is_next(endpoint: str, now: datetime) -> ColumnElement[bool]:
    """Whether a delivery is due at an endpoint, and nothing is to arrive before it."""
    is_due = and_(_is_one_of(delivery, WAITING), delivery.c.due_at <= now)
    return and_(delivery.c.endpoint == endpoint, is_due, ~_is_behind())


@cache
def _is_behind() -> ColumnElement[bool]:
    """Whether something is to arrive before a delivery that has not ended: in its line, or about one of its alerts.

    Groups change, by another route or another label, and what is told of one alert arrives in order all the same.
    """
    return or_(_is_behind_in_line(), _is_behind_about_an_alert())


def _is_behind_in_line() -> ColumnElement[bool]:
    """Whether an earlier message of the same group waits for the same recipient."""
    earlier = delivery.alias()
    return exists().where(
        earlier.c.endpoint == delivery.c.endpoint,
        earlier.c.group_key == delivery.c.group_key,
        earlier.c.recipient == delivery.c.recipient,
        earlier.c.number < delivery.c.number,
        _is_one_of(earlier, OPEN),
    )


def _is_behind_about_an_alert() -> ColumnElement[bool]:
    """Whether an earlier message to the same recipient, of whatever group, tells of one of the same alerts and waits."""
    mine, theirs, earlier = message_item.alias(), message_item.alias(), delivery.alias()
    is_told_earlier = exists().where(
        theirs.c.endpoint == mine.c.endpoint,
        theirs.c.fingerprint == mine.c.fingerprint,
        earlier.c.message == theirs.c.message,
        earlier.c.recipient == delivery.c.recipient,
        earlier.c.number < delivery.c.number,
        earlier.c.state.in_(OPEN),
    )
    # One question inside the other: asked as one, SQLite goes through all that was ever told to the endpoint.
    return exists().where(mine.c.message == delivery.c.message, is_told_earlier.correlate(mine, delivery))


def due_endpoints(tx: Tx, now: datetime) -> list[str]:
    """The endpoints with something to do: a delivery to send or to give up, or a time to mend that a clock has left."""
    may_be_sent = or_(~is_held(now), endpoint_state.c.disabled != "")
    waits = and_(delivery.c.endpoint == endpoint_state.c.endpoint, _is_one_of(delivery, WAITING))
    # At once, though nothing is due or all is held: later, so long a wait would look like one that may be.
    is_held_too_long = and_(endpoint_state.c.not_before > now + LONGEST_WAIT, exists().where(waits))
    is_late = exists().where(waits, delivery.c.due_at > now + LATEST)
    is_amiss = or_(is_held_too_long, is_late, _has_lapsed(now))
    query = (
        select(endpoint_state.c.endpoint, is_amiss.label("is_amiss"))
        .where(or_(and_(may_be_sent, exists().where(waits, delivery.c.due_at <= now)), is_amiss))
        .order_by(endpoint_state.c.endpoint)
    )
    # Whether what is due is first in its line is asked of one endpoint at a time: PostgreSQL would work it out of all.
    return [row.endpoint for row in tx.execute(query).all() if row.is_amiss or _has_next(tx, row.endpoint, now)]


def _has_lapsed(now: datetime) -> ColumnElement[bool]:
    """Whether an endpoint has a lease that ran out, or is longer than any: a clock was set back."""
    return exists().where(
        delivery.c.endpoint == endpoint_state.c.endpoint,
        delivery.c.state == DeliveryState.LEASED.value,
        or_(delivery.c.lease_until <= now, delivery.c.lease_until > now + LONGEST_LEASE),
    )


def _has_next(tx: Tx, endpoint: str, now: datetime) -> bool:
    first = select(delivery.c.id).where(is_next(endpoint, now)).order_by(*LONGEST_DUE).limit(1)
    return tx.execute(first).first() is not None


class Failing(NamedTuple):
    """An endpoint that takes nothing."""

    endpoint: str
    since: datetime
    #: What it said last.
    why: str


@dataclass(frozen=True, slots=True)
class OutboxSummary:
    """How the outbox stands."""

    #: Deliveries by state.
    counts: Mapping[DeliveryState, int]
    #: Since when the longest waiting one has been waiting; None when none is.
    oldest: datetime | None
    #: Endpoints without a success for an hour of trying, and those that are closed.
    failing: tuple[Failing, ...]

    @property
    def waiting(self) -> int:
        """Deliveries that are not yet told and not given up."""
        return sum(self.counts.get(DeliveryState(state), 0) for state in OPEN)

    @property
    def dead(self) -> int:
        """Deliveries that were given up."""
        return self.counts.get(DeliveryState.DEAD, 0)


class Fault(NamedTuple):
    """What is wrong with an endpoint, for whoever can mend it."""

    endpoint: str
    #: Why, in its own words.
    why: str
    #: Whether it said that it is gone for ever.
    is_closed: bool


def endpoint_faults(tx: Tx, now: datetime) -> list[Fault]:
    """The endpoints that somebody must look at: closed, refusing what a person must change, or failing for long."""
    failing = _failing_for_long(tx, now)
    refusing = select(endpoint_state).where(endpoint_state.c.fault != "", endpoint_state.c.disabled == "")
    found = {each.endpoint: each for each in (*failing, *(_failing(tx, row, now) for row in tx.execute(refusing)))}
    closed = tx.execute(select(endpoint_state.c.endpoint).where(endpoint_state.c.disabled != "")).scalars().all()
    return [Fault(each.endpoint, each.why, each.endpoint in closed) for _, each in sorted(found.items())]


class Dead(NamedTuple):
    """Messages to one endpoint that were given up."""

    endpoint: str
    total: int
    #: Why the last of them was.
    why: str


def given_up(tx: Tx, *, since: datetime) -> list[Dead]:
    """What was given up from a moment on, by endpoint; a test is nobody's alert."""
    query = (
        select(delivery.c.endpoint, delivery.c.reason)
        .join(message, message.c.id == delivery.c.message)
        .where(delivery.c.state == DeliveryState.DEAD.value, delivery.c.due_at >= since, message.c.status != "test")
        .order_by(delivery.c.due_at, delivery.c.number)
    )
    reasons: dict[str, list[str]] = {}
    for row in tx.execute(query):
        reasons.setdefault(row.endpoint, []).append(row.reason)
    return [Dead(endpoint, len(each), each[-1]) for endpoint, each in sorted(reasons.items())]


def known_endpoints(tx: Tx) -> list[str]:
    """Every endpoint for which something was ever put into the outbox."""
    return list(tx.execute(select(endpoint_state.c.endpoint).order_by(endpoint_state.c.endpoint)).scalars())


def outbox_summary(tx: Tx, now: datetime) -> OutboxSummary:
    """Count what waits and what is dead, and name the endpoints that keep failing."""
    counts = tx.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state)).all()
    oldest = select(func.min(delivery.c.queued_at, type_=Moment)).where(delivery.c.state.in_(OPEN))
    return OutboxSummary(
        counts={DeliveryState(state): total for state, total in counts},
        oldest=tx.execute(oldest).scalar_one(),
        failing=_failing_for_long(tx, now),
    )


def _failing_for_long(tx: Tx, now: datetime) -> tuple[Failing, ...]:
    failing = (
        select(endpoint_state)
        .where(or_(endpoint_state.c.disabled != "", endpoint_state.c.fail_since <= now - FAILING_AFTER))
        .order_by(endpoint_state.c.endpoint)
    )
    return tuple(_failing(tx, row, now) for row in tx.execute(failing))


def _failing(tx: Tx, row: Row[Any], now: datetime) -> Failing:
    last = (
        select(delivery.c.reason)
        .where(delivery.c.endpoint == row.endpoint, delivery.c.reason != "")
        .order_by(delivery.c.number.desc())
        .limit(1)
    )
    return Failing(row.endpoint, row.fail_since or now, row.disabled or tx.execute(last).scalar() or "")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one recipient, as it stands."""

    id: str
    message: str
    endpoint: str
    group_key: str
    recipient: str
    state: DeliveryState
    #: Why it is dead, cancelled or tried again.
    reason: str
    #: The message's one line.
    subject: str
    #: How many times it was tried.
    attempt: int
    #: How many times a person sent it once more after its end.
    replays: int
    queued_at: datetime
    due_at: datetime
    delivered_at: datetime | None


def find_deliveries(
    tx: Tx,
    *,
    states: Collection[DeliveryState] = (),
    endpoint: str = "",
    ids: Collection[str] | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Delivery]:
    """Deliveries, the newest message first.

    :param endpoint: an endpoint, or a receiver with all of its endpoints.
    :param since: only what was queued, or sent once more, from this moment on.
    """
    columns = [delivery.c[field.name] for field in fields(Delivery) if field.name != "subject"]
    query = select(*columns, message.c.subject).join(message, message.c.id == delivery.c.message)
    if states:
        query = query.where(delivery.c.state.in_([state.value for state in states]))
    if endpoint:
        of_receiver = delivery.c.endpoint.startswith(f"{endpoint}/", autoescape=True)
        query = query.where(or_(delivery.c.endpoint == endpoint, of_receiver))
    if ids is not None:
        query = query.where(delivery.c.id.in_(ids))
    if since is not None:
        query = query.where(delivery.c.queued_at >= since)
    query = query.order_by(delivery.c.number.desc(), delivery.c.endpoint, delivery.c.recipient).limit(limit)
    return [Delivery(**{**row, "state": DeliveryState(row["state"])}) for row in tx.execute(query).mappings()]
