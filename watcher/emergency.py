"""The emergency path: when the store fails, somebody is told past it.

Without the store nothing can be claimed, so nothing of the outbox is sent. One message about that goes straight to the
receivers that others fall back on, or else to the first one that alerts go to; once in a quarter of an hour.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from watcher.config.settings import Settings
from watcher.core.alert import OURS, Reason, State, Transition
from watcher.core.delivery import OutcomeClass, Outgoing
from watcher.core.errors import SchemaMismatch, StoreError, WatcherError
from watcher.core.label import fingerprint, labels
from watcher.core.message import Item, Notification, NotifyReason, notification_id
from watcher.core.message.grouping import group_key
from watcher.core.severity import Severity
from watcher.deliver import send
from watcher.endpoint import Endpoint, of_receiver
from watcher.switchboard import Switchboard
from watcher.wiring import switchboard

STORE_FAILED = "WatcherStoreFailed"
#: No more than one message in this time.
EVERY = timedelta(minutes=15)
_FIRST = 1


def raise_alarm(settings: Settings, error: StoreError, *, now: datetime) -> list[str]:
    """Tell of a store that fails; return the endpoints that took it.

    A store of another version is no fault. It never makes matters worse: what fails here fails in silence, and the error
    itself is told in the usual way.
    """
    if isinstance(error, SchemaMismatch) or not _is_time(settings, now):
        return []
    try:
        board = switchboard(settings)
    except WatcherError:
        return []
    told = []
    for endpoint in _endpoints(board):
        outcomes = [send(endpoint, each) for each in _outgoing(endpoint, board, error, now)]
        if any(outcome.kind is OutcomeClass.OK for outcome in outcomes):
            told.append(endpoint.name)
    return told


def _is_time(settings: Settings, now: datetime) -> bool:
    """Whether the last message is long enough ago; its time is the age of a file, which a full disk does not hinder."""
    mark = settings.state_dir / "emergency"
    last = _LAST.get(str(mark))
    with suppress(OSError):
        last = datetime.fromtimestamp(mark.stat().st_mtime, UTC)
    if last is not None and timedelta() <= now - last < EVERY:
        return False
    _LAST[str(mark)] = now
    # Where the folder cannot be written this process remembers it, and the key of the message is that of its quarter.
    with suppress(OSError):
        mark.touch(mode=0o600)
        os.utime(mark, (now.timestamp(), now.timestamp()))
    return True


_LAST: dict[str, datetime] = {}


def _endpoints(board: Switchboard) -> list[Endpoint]:
    receivers = sorted(set(board.fallbacks.values())) or [board.route.receiver]
    return [endpoint for receiver in receivers for endpoint in of_receiver(board.endpoints, receiver)]


def _outgoing(endpoint: Endpoint, board: Switchboard, error: StoreError, now: datetime) -> Iterator[Outgoing]:
    notification = _notification(endpoint, error, now)
    rendered = endpoint.channel.render(notification, settings=endpoint.settings, desk=board.desk)
    for recipient in endpoint.recipients:
        yield Outgoing(
            delivery=f"{notification.id}.{recipient}",
            message=notification.id,
            endpoint=endpoint.name,
            recipient=recipient,
            content_type=rendered.content_type,
            body=rendered.body,
            subject=rendered.subject,
            attempt=_FIRST,
            lease_token="",
        )


def _notification(endpoint: Endpoint, error: StoreError, now: datetime) -> Notification:
    own = {"alertname": STORE_FAILED, "severity": Severity.CRITICAL.value}
    unnamed = Notification(
        endpoint=endpoint.name,
        receiver=endpoint.receiver,
        group_key=group_key(endpoint.receiver, own),
        group_labels=own,
        reason=NotifyReason.REPEAT,
        items=(Item(_transition(error, now), STORE_FAILED, own, now),),
        created_at=now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0),
    )
    name = notification_id(unnamed).replace("msg_", "emg_")
    return replace(unnamed, id=name)


def _transition(error: StoreError, now: datetime) -> Transition:
    identity = f"{OURS}{STORE_FAILED}"
    sentence = (
        f"{error}. No record is read, no rule is judged and no other message is sent until this is mended; nothing that "
        "was stored is lost."
    )
    return Transition(
        fingerprint=fingerprint(identity, labels({})),
        rule=identity,
        group=labels({}),
        seq=_FIRST,
        episode=_FIRST,
        before=State.INACTIVE,
        after=State.FIRING,
        severity=Severity.CRITICAL,
        reason=Reason.HOLDS,
        tick=now,
        watermark=None,
        rule_hash="",
        notify=True,
        evidence={"alert": STORE_FAILED, "headline": "The store fails", "sentence": sentence},
    )
