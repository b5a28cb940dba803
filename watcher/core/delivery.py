"""Deliveries: the states of getting one message to one recipient, what an answer means, and when to try again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: Waits after the first, second, third ... failure that may cure itself; then the last one, until it is too old.
FAST = tuple(timedelta(seconds=wait) for wait in (5, 15, 45, 2 * 60, 5 * 60, 10 * 60, 20 * 60, 30 * 60, 60 * 60))
#: The same when somebody must change something first: an alert must outlive a rotated token.
SLOW = tuple(timedelta(minutes=wait) for wait in (5, 15, 30, 60))
#: The same when the server asked to see us again: greylists open after five minutes.
GREYLIST = tuple(timedelta(minutes=wait) for wait in (6, 10, 20, 30, 60))
#: After this a delivery is given up.
MAX_AGE = timedelta(hours=72)
#: Nothing and nobody makes us wait longer than this between two attempts, jitter aside.
LONGEST_WAIT = timedelta(hours=1)
#: No channel may hold a lease for longer.
LONGEST_LEASE = timedelta(minutes=5)
#: After so many failures in a row an endpoint is left alone for a while.
BREAKER_FAILURES = 5
#: Why a delivery that never succeeded is dead.
GIVEN_UP = "given up after 72 hours"
#: How far jitter moves a wait to either side.
JITTER = 0.2

# A busy server is not asked again within seconds: that would keep it busy.
_BUSY = frozenset({"429", "502", "503", "504", "timeout"})
_BUSY_WAIT = timedelta(seconds=30)
_GREYLIST_WAIT = timedelta(minutes=5)


class DeliveryState(StrEnum):
    """Where a delivery stands. Legal edges: ``store.schema.EDGES``."""

    #: Never tried.
    PENDING = "pending"
    #: Claimed by a process; an attempt may be on the wire.
    LEASED = "leased"
    #: Tried without success; due again.
    RETRY = "retry"
    #: Told. Final.
    DELIVERED = "delivered"
    #: Will not be tried again by itself; a person or a replay is needed.
    DEAD = "dead"
    #: Will not be sent, for the recorded reason.
    CANCELLED = "cancelled"


class OutcomeClass(StrEnum):
    """What an answer means for the next attempt."""

    #: 2xx, or 250 after the dot.
    OK = "ok"
    #: 408, 425, 429, 5xx, refused, reset, DNS trouble, deadline, 4yz: fast schedule.
    RECOVERABLE = "recoverable"
    #: 450, 451 at RCPT: the server wants to see us again in some minutes; no fault of the endpoint.
    GREYLIST = "greylist"
    #: 3xx, 4xx, bad TLS, refused by the guard, 530, 535: somebody must change something; slow schedule.
    CONFIG = "config"
    #: 410, 5yz at RCPT, a message that cannot be encoded: dead at once.
    PERMANENT = "permanent"
    #: Written, and no answer: like recoverable, with the same key.
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    kind: OutcomeClass
    #: HTTP status or SMTP reply code, or the name of the fault: "503", "550", "timeout".
    code: str = ""
    #: At most 160 characters for a person, without secrets and without the URL.
    detail: str = ""
    #: Do not come back before this time has passed (Retry-After).
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed delivery, ready for the wire."""

    delivery: str
    message: str
    #: Receiver, channel and position: ``desk/webhook/1``.
    endpoint: str
    recipient: str
    content_type: str
    body: bytes
    subject: str
    #: 1 for the first attempt.
    attempt: int
    lease_token: str


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a delivery after an attempt."""

    state: DeliveryState
    #: When it may be tried again; the moment of the step when it is final.
    due_at: datetime
    #: Why, for a person; empty when it was delivered.
    reason: str = ""


_SCHEDULES = {
    OutcomeClass.RECOVERABLE: FAST,
    OutcomeClass.AMBIGUOUS: FAST,
    OutcomeClass.GREYLIST: GREYLIST,
    OutcomeClass.CONFIG: SLOW,
}


def next_step(outcome: Outcome, *, delivery: str, attempt: int, queued_at: datetime, now: datetime) -> Step:
    """What follows from an attempt's outcome: delivered, dead, or tried again and when."""
    if outcome.kind is OutcomeClass.OK:
        return Step(DeliveryState.DELIVERED, now)
    last = " ".join(part for part in (outcome.code, outcome.detail) if part) or outcome.kind.value
    if outcome.kind is OutcomeClass.PERMANENT:
        return Step(DeliveryState.DEAD, now, last)
    if now - queued_at >= MAX_AGE:
        return Step(DeliveryState.DEAD, now, f"{GIVEN_UP}, last: {last}")
    schedule = _SCHEDULES[outcome.kind]
    wait = schedule[min(attempt, len(schedule)) - 1] * jitter(delivery, attempt)
    return Step(DeliveryState.RETRY, now + max(wait, _least_wait(outcome)), last)


def _least_wait(outcome: Outcome) -> timedelta:
    asked = min(outcome.retry_after or timedelta(), LONGEST_WAIT)
    if outcome.kind is OutcomeClass.GREYLIST:
        return max(asked, _GREYLIST_WAIT)
    return max(asked, _BUSY_WAIT) if outcome.code in _BUSY else asked


def jitter(delivery: str, attempt: int) -> float:
    """A factor from 0.8 to 1.2 that spreads deliveries, the same whenever it is asked."""
    digest = hashlib.blake2b(f"{delivery}\x1f{attempt}".encode(), digest_size=8).digest()
    return 1 - JITTER + 2 * JITTER * int.from_bytes(digest, "big") / 2**64


def blames_endpoint(outcome: Outcome) -> bool:
    """Whether the outcome counts towards the endpoint's breaker: it could not take anything, whatever we had sent."""
    return outcome.kind in {OutcomeClass.RECOVERABLE, OutcomeClass.AMBIGUOUS}


def closes_endpoint(outcome: Outcome) -> bool:
    """Whether the endpoint said that it is gone for ever; a recipient who is refused closes nothing."""
    return outcome.kind is OutcomeClass.PERMANENT and outcome.code == "410"


def leave_alone_until(outcome: Outcome, *, failures: int, now: datetime) -> datetime | None:
    """Until when nothing at all is sent to the endpoint: it asked for that, or its breaker opened; None: no pause.

    The breaker waits as long as the fast schedule would after so many failures. What is due first after that is the
    probe: one request is in flight per endpoint, so everything else waits for its answer without using up attempts.
    """
    pauses = []
    if outcome.retry_after is not None:
        pauses.append(min(outcome.retry_after, LONGEST_WAIT))
    if blames_endpoint(outcome) and failures >= BREAKER_FAILURES:
        pauses.append(FAST[min(failures, len(FAST)) - 1])
    return now + max(pauses) if pauses else None
