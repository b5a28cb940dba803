"""What a record means to what is stored: a new event, a revision, a deletion, or nothing.

Pure: it is told what is stored of the records' ids, and says what to write. Moments are milliseconds, as stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple, Self, cast

from watcher.core.event import Actor, Basis, Deletion, Event, Role
from watcher.core.period import day_start
from watcher.store.schema import from_ms, to_ms

_OTHER_SIDE = {Role.A: Role.B, Role.WITH_A: Role.WITH_B}
#: What may change without making a revision, because it changes no count.
SIDE_FIELDS = ("country", "civilian_targeting", "publishers", "url", "notes", "tags")


#: Their values of an event.
side_of = attrgetter(*SIDE_FIELDS)


class Outcome(StrEnum):
    """What became of a record."""

    ADDED = "added"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    OLDER = "older"
    DELETED = "deleted"


class Incoming(NamedTuple):
    """A record with what is asked of it more than once."""

    record: Event | Deletion
    stamp: int | None
    #: Empty for a deletion.
    content_hash: str

    @classmethod
    def of(cls, record: Event | Deletion) -> Self:
        """Work it out."""
        stamp = None if record.stamp is None else to_ms(record.stamp)
        return cls(record, stamp, "" if isinstance(record, Deletion) else record.content_hash)


#: What a stored record and one that is told under the same id make together, in whatever order they come.
Join = Callable[[Event, Event], Event]


class Clock(NamedTuple):
    """What knowledge times are made from."""

    #: Our own clock.
    now: int
    #: How long after an event its source publishes it; None when nobody knows.
    lag: timedelta | None
    #: Whether the source's stamps say when it became known.
    trust_stamp: bool

    def of_first(self, event: Event, stamp: int | None) -> tuple[int, Basis]:
        """When a first version was known: by its stamp, by its date and the lag, or since it was loaded."""
        if self.trust_stamp and stamp is not None:
            return stamp, Basis.STAMP
        if self.lag is not None:
            return to_ms(day_start(event.date_end) + self.lag), Basis.LAG
        return self.now, Basis.LOAD

    def of_later(self, event: Event, stamp: int | None, last_stamp: int | None) -> tuple[int, Basis]:
        """When a correction was known: by its own, newer stamp, else since it was loaded.

        Its date and the lag say when the event was published. Were a correction known from then on, it would rewrite
        what was known before.
        """
        if self.trust_stamp and stamp is not None and (last_stamp is None or stamp > last_stamp):
            return stamp, Basis.STAMP
        published, basis = self.of_first(event, None)
        return (published, basis) if published > self.now else (self.now, Basis.LOAD)

    def of_deletion(self, stamp: int | None) -> int:
        """When a deletion was known."""
        return stamp if self.trust_stamp and stamp is not None else self.now


@dataclass(slots=True, eq=False)
class Version:
    """The newest version of one external id, stored or about to be."""

    #: 0 until it is stored.
    number: int
    revision: int
    known_from: int
    known_to: int | None
    basis: Basis
    stamp: int | None
    content_hash: str
    #: The values of SIDE_FIELDS.
    side: tuple[Any, ...]
    #: The whole event; None for a stored version that no record of the chunk changes.
    event: Event | None
    deleted: bool = False

    @property
    def whole(self) -> Event:
        """The whole event of a version that is new or changes."""
        return cast("Event", self.event)


@dataclass(slots=True)
class Plan:
    """What to write for a chunk of records."""

    #: New versions, in the order of recording.
    added: list[Version] = field(default_factory=list)
    #: Versions that end, with their successor; None where they are deleted.
    closed: list[tuple[Version, Version | None]] = field(default_factory=list)
    #: Stored versions whose stamp or side fields change in place, with the event before; None when only the stamp does.
    rewritten: dict[Version, Event | None] = field(default_factory=dict)
    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))


def changes(last: Version, incoming: Incoming, clock: Clock, join: Join | None = None) -> bool:
    """Whether a record may change a stored version beyond its stamp, so that the whole event must be looked at."""
    if last.known_to is not None or (join is None and _is_older(last, incoming, clock)):
        return False
    if isinstance(incoming.record, Deletion) or incoming.content_hash != last.content_hash:
        return True
    return _side(incoming.record, last.side) != last.side


def plan(records: Iterable[Incoming], known: Mapping[str, Version], clock: Clock, join: Join | None = None) -> Plan:
    """Decide on records in their order; several of one id in a chunk follow each other as in several chunks.

    :param join: where the source has one; without it, a later record stands in place of an earlier one.
    """
    decided, latest = Plan(), dict(known)
    for incoming in records:
        record, last = incoming.record, latest.get(incoming.record.external_id)
        if isinstance(record, Deletion):
            outcome = _delete(decided, last, incoming, clock)
        elif join is not None and last is not None and last.known_to is None:
            # Of a stored version that a record cannot change, nothing but its hash is at hand.
            is_known = incoming.content_hash == last.content_hash
            whole = record if is_known else join(cast("Event", last.event), record)
            latest[record.external_id], outcome = _add(decided, last, incoming, whole, clock)
        else:
            latest[record.external_id], outcome = _take(decided, last, incoming, record, clock)
        decided.counts[outcome] += 1
    return decided


def _take(
    decided: Plan, last: Version | None, incoming: Incoming, event: Event, clock: Clock
) -> tuple[Version, Outcome]:
    if last is None:
        return _open(decided, incoming, event, 1, clock.of_first(event, incoming.stamp)), Outcome.ADDED
    if _is_older(last, incoming, clock):
        return last, Outcome.OLDER
    if last.known_to is not None:
        known = _not_before(last.known_to, clock.of_later(event, incoming.stamp, last.stamp))
        return _open(decided, incoming, event, last.revision + 1, known), Outcome.ADDED
    if incoming.content_hash == last.content_hash:
        _rewrite(decided, last, incoming, event)
        return last, Outcome.UNCHANGED
    if (whole := joined(event, last.event)) is not None:
        return _join(decided, last, incoming, whole)
    known = _not_before(last.known_from, clock.of_later(event, incoming.stamp, last.stamp))
    return _revise(decided, last, incoming, event, known), Outcome.REVISED


def _is_older(last: Version, incoming: Incoming, clock: Clock) -> bool:
    """Whether a record is older than what is stored; without stamps nobody can tell."""
    if incoming.stamp is None:
        return False
    if last.known_to is not None and clock.trust_stamp:
        # What a source took back returns only with a later stamp.
        return incoming.stamp <= last.known_to
    return last.stamp is not None and incoming.stamp < last.stamp


def _not_before(least: int, known: tuple[int, Basis]) -> tuple[int, Basis]:
    return max(least, known[0]), known[1]


def _open(decided: Plan, incoming: Incoming, event: Event, revision: int, known: tuple[int, Basis]) -> Version:
    version = Version(
        0, revision, known[0], None, known[1], incoming.stamp, incoming.content_hash, side_of(event), event
    )
    decided.added.append(version)
    return version


def _revise(decided: Plan, last: Version, incoming: Incoming, event: Event, known: tuple[int, Basis]) -> Version:
    version = _open(decided, incoming, event, last.revision + 1, known)
    last.known_to = version.known_from
    decided.closed.append((last, version))
    return version


def _delete(decided: Plan, last: Version | None, incoming: Incoming, clock: Clock) -> Outcome:
    if last is None or last.known_to is not None:
        return Outcome.UNCHANGED
    if _is_older(last, incoming, clock):
        return Outcome.OLDER
    last.known_to = max(clock.of_deletion(incoming.stamp), last.known_from)
    last.deleted = True
    decided.closed.append((last, None))
    return Outcome.DELETED


# --- side fields ------------------------------------------------------------------------------------------------------


def _side(event: Event, before: tuple[Any, ...]) -> tuple[Any, ...]:
    """The side fields of a re-sent event; an export without a column does not empty it."""
    return tuple(old if new is None or new == "" else new for new, old in zip(side_of(event), before, strict=True))


def _rewrite(decided: Plan, last: Version, incoming: Incoming, event: Event) -> None:
    side = _side(event, last.side)
    stamp = last.stamp if incoming.stamp is None else incoming.stamp
    if side == last.side and stamp == last.stamp:
        return
    if last.number:
        before = last.event if side != last.side else None
        decided.rewritten[last] = decided.rewritten.get(last) or before
    last.stamp = stamp
    last.side = side
    if last.event is not None:
        last.event = last.event._replace(
            stamp=event.stamp or last.event.stamp, **dict(zip(SIDE_FIELDS, side, strict=True))
        )


# --- sources that tell of one thing in several records ----------------------------------------------------------------


def _add(decided: Plan, last: Version, incoming: Incoming, whole: Event, clock: Clock) -> tuple[Version, Outcome]:
    """What comes late counts as well, but from now on: by its stamp it would rewrite what was known before."""
    is_older = _is_older(last, incoming, clock)
    stamp = max((each for each in (last.stamp, incoming.stamp) if each is not None), default=None)
    whole = whole._replace(stamp=None if stamp is None else from_ms(stamp))
    together = Incoming(whole, stamp, whole.content_hash)
    if together.content_hash != last.content_hash:
        known = _not_before(last.known_from, clock.of_later(whole, incoming.stamp, last.stamp))
        return _revise(decided, last, together, whole, known), Outcome.REVISED
    if is_older:
        return last, Outcome.OLDER
    _rewrite(decided, last, together, whole)
    return last, Outcome.UNCHANGED


# --- monadic exports: one row for each side of an event ---------------------------------------------------------------


def joined(half: Event, known: Event | None) -> Event | None:
    """The known event with the actors of both, when a record is the other half of it; else None.

    A monadic export has two rows with the same id and stamp, which differ in the actors and name no second side.
    """
    if known is None or half.stamp is None or half.stamp != known.stamp:
        return None
    if any(actor.role not in _OTHER_SIDE for actor in half.actors):
        return None
    if half._replace(actors=known.actors).content_hash != known.content_hash:
        return None
    names = {actor.name for actor in known.actors}
    fresh = [Actor(_OTHER_SIDE[a.role], a.name, a.ambiguous) for a in half.actors if a.name not in names]
    return known._replace(actors=(*known.actors, *fresh)) if fresh else known


def _join(decided: Plan, last: Version, incoming: Incoming, whole: Event) -> tuple[Version, Outcome]:
    if whole is last.event:
        return last, Outcome.UNCHANGED
    if not last.number:
        last.event, last.content_hash = whole, whole.content_hash
        return last, Outcome.UNCHANGED
    # The halves were told together, though a chunk ended between them.
    complete = incoming._replace(record=whole, content_hash=whole.content_hash)
    return _revise(decided, last, complete, whole, (last.known_from, last.basis)), Outcome.REVISED
