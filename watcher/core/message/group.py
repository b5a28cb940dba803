"""A group that waits: whether its message is written now, and why not."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from watcher.core.digest import Digest
from watcher.core.interval import Intervals, end_of_muting, muted_by
from watcher.core.route import Target

#: Muted hours that go on for longer are looked at again after this.
_LONG_MUTED = timedelta(days=8)


class Timing(NamedTuple):
    """When a group may be told, as its route has it."""

    #: How long the first alert waits for others.
    wait: timedelta = timedelta()
    #: How long after one message the next may follow.
    interval: timedelta = timedelta()
    #: How long until what still fires is told again; None: never.
    repeats: timedelta | None = None
    #: Names of time intervals in which nothing is sent.
    mute: tuple[str, ...] = ()
    #: Names of time intervals outside of which nothing is sent.
    active: tuple[str, ...] = ()
    #: Whether it waits for its receiver's digest.
    in_digest: bool = False

    @classmethod
    def of(cls, target: Target, *, repeats: bool) -> Timing:
        """The times of a route; what occurs once is not repeated."""
        again = target.repeat_interval if repeats else None
        return cls(target.group_wait, target.group_interval, again, target.mute, target.active)


class Standing(NamedTuple):
    """How a group with something to tell stands."""

    timing: Timing
    #: When the first of what waits came.
    since: datetime
    #: When a message about the group was last written; None: never.
    last: datetime | None
    #: Whether something critical is among what waits.
    is_urgent: bool = False


class Clockwork(NamedTuple):
    """What all groups of a receiver are judged by."""

    intervals: Intervals
    digest: Digest | None = None
    #: The installation's time zone.
    zone: str = "UTC"
    #: Whether a daemon is at work that comes back soon; `check` does not wait for more alerts.
    is_patient: bool = False


class GroupReason(StrEnum):
    """Why a group is told now, or waits."""

    TOLD = "its time has come"
    OUT_OF_HOURS = "its time intervals let nothing through now"
    DIGEST = "it waits for the digest"
    WAIT = "it waits for other alerts (group_wait)"
    INTERVAL = "the last message about the group is too young (group_interval)"
    LIMIT = "the receiver has had as many messages as it may have in an hour (max_per_hour)"


def decide(group: Standing, clockwork: Clockwork, now: datetime) -> GroupReason:
    """Whether a group's message is written now.

    What is critical waits for no other alert and for no interval; the hours of a route hold for it as for everything.
    """
    timing, last = group.timing, group.last
    if muted_by(timing.mute, timing.active, clockwork.intervals, now) is not None:
        return GroupReason.OUT_OF_HOURS
    if timing.in_digest and clockwork.digest is not None:
        due = clockwork.digest.is_due(waiting_since=group.since, last=last, now=now, zone=clockwork.zone)
        return GroupReason.TOLD if due else GroupReason.DIGEST
    if group.is_urgent:
        return GroupReason.TOLD
    # A moment in the future is a clock that was set back.
    if clockwork.is_patient and group.since <= now < group.since + timing.wait:
        return GroupReason.WAIT
    if last is not None and last <= now < last + timing.interval:
        return GroupReason.INTERVAL
    return GroupReason.TOLD


def next_decision(group: Standing, clockwork: Clockwork, now: datetime) -> datetime | None:
    """The first moment after this one at which a group that waits may be told; None for one that does not wait.

    Up to it the answer stays the same, unless something comes.
    """
    timing, reason = group.timing, decide(group, clockwork, now)
    if reason is GroupReason.OUT_OF_HOURS:
        end = end_of_muting(timing.mute, timing.active, clockwork.intervals, now, within=_LONG_MUTED)
        return end or now + _LONG_MUTED
    if reason is GroupReason.DIGEST and clockwork.digest is not None:
        return clockwork.digest.following(now, clockwork.zone)
    if reason is GroupReason.INTERVAL and group.last is not None:
        return group.last + timing.interval
    return group.since + timing.wait if reason is GroupReason.WAIT else None
