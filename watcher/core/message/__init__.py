"""Messages: what is told, to whom, about which alerts, and the keys that stay the same at every attempt.

The words are in :mod:`watcher.core.message.wording`, the webhook's document in :mod:`watcher.core.message.payload`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from watcher.core.acknowledgement import Acknowledgement
from watcher.core.alert import State, Transition
from watcher.core.alive import Pulse
from watcher.core.message.link import Links
from watcher.core.reading import Output
from watcher.core.severity import Severity


class NotifyReason(StrEnum):
    """Why we speak now."""

    FIRST = "first"
    NEW_ALERTS = "new_alerts"
    WORSE = "worse"
    SOME_RESOLVED = "some_resolved"
    ALL_RESOLVED = "all_resolved"
    RETRACTED = "retracted"
    REPEAT = "repeat"
    STATE_AT_START = "state_at_start"
    DIGEST = "digest"
    DRILL = "drill"
    ALIVE = "alive"


@dataclass(frozen=True, slots=True)
class Item:
    """One alert at one transition, with everything a message needs to say about it."""

    #: The transition that is told; its evidence holds the detector's sentences (see Reading).
    transition: Transition
    #: The rule's name, a sentence.
    alert: str
    #: Everything it is routed by: alertname, severity, the rule's, the rule group's and the alert group's labels.
    labels: Mapping[str, str]
    #: When the episode began.
    starts_at: datetime
    #: When it ended; None while it goes on.
    ends_at: datetime | None = None
    #: Rendered templates of the rule, where it has any: summary, description.
    summary: str = ""
    description: str = ""
    runbook: str = ""
    contact: str = ""
    falsepositives: tuple[str, ...] = ()
    #: The ending condition in words: "ratio < 0.95".
    ends_when: str = ""
    #: What was said of this episode before, for "CHANGED"; None when nothing was. Keys: severity, tick (ISO).
    before: Mapping[str, object] | None = None
    #: The values at the last message of this episode, by output.
    previous_values: Mapping[str, object] = field(default_factory=dict)
    #: What changed since the last message of this episode to the same receiver, counts and ids; empty when there was none,
    #: or nothing is counted. Keys: since (ISO), and those of a difference.
    changed: Mapping[str, object] = field(default_factory=dict)
    #: The rule's detector; empty where none stands behind the transition.
    detector: str = ""
    #: The outputs of the rule's detector, by name: they write values in their unit.
    outputs: Mapping[str, Output] = field(default_factory=dict)
    #: Who said of this episode that they look after it; None when nobody did.
    acknowledgement: Acknowledgement | None = None

    @property
    def is_over(self) -> bool:
        """Whether the episode has ended."""
        return self.transition.after in {State.RESOLVED, State.RETRACTED, State.EXPIRED}

    @property
    def is_withdrawn(self) -> bool:
        """Whether it would never have fired, as known now."""
        return self.transition.after is State.RETRACTED


@dataclass(frozen=True, slots=True)
class Notification:
    """One message for one endpoint about one group of alerts."""

    #: Receiver, channel and position: ``desk/webhook/1``.
    endpoint: str
    #: The receiver's name alone: ``desk``.
    receiver: str
    group_key: str
    group_labels: Mapping[str, str]
    reason: NotifyReason
    #: At most 500. A drill and a sign of life have none.
    items: tuple[Item, ...]
    created_at: datetime
    #: Derived from endpoint, group and items; the same at every attempt. See :func:`notification_id`.
    id: str = ""
    #: The time between reminders while an alert goes on; None when no reminder is sent.
    repeats: timedelta | None = None
    #: How things stand, for a sign of life.
    pulse: Pulse | None = None
    #: Which life of the store it is of; empty for the first. See ``watcher restore``.
    epoch: str = ""

    @property
    def status(self) -> str:
        """``firing`` while one of its alerts is, else ``resolved``; of none, a sign of life ends nothing and begins nothing."""
        if not self.items:
            return "resolved" if self.reason is NotifyReason.ALIVE else "firing"
        return "resolved" if all(item.is_over for item in self.items) else "firing"

    @property
    def severity(self) -> Severity:
        """The worst among its alerts."""
        return max(
            (item.transition.severity for item in self.items), key=lambda level: level.rank, default=Severity.INFO
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """What messages say about ourselves and our readers."""

    #: Name of this installation.
    instance: str = "watcher"
    #: IANA name of the readers' time zone; messages show times in it.
    timezone: str = "UTC"
    #: Where the daemon's pages are reached; empty: none.
    base_url: str = ""
    contact: str = ""
    runbook: str = ""
    #: Signs links to acknowledge and to mute; None where nobody serves them.
    links: Links | None = None


def notification_id(notification: Notification, *, anew: bool = False) -> str:
    """A message's key, derived from endpoint, group and items, so that no message ever goes out under two keys.

    A reminder or a drill stands for no transition of its own: for these the moment counts as well.

    :param anew: whether a message of the same items was withdrawn before anybody was sent it: the moment counts, too.
    """
    items = sorted((item.transition.fingerprint, item.transition.seq) for item in notification.items)
    again = anew or notification.reason in {NotifyReason.REPEAT, NotifyReason.DRILL}
    moment = notification.created_at.astimezone(UTC).isoformat(timespec="milliseconds") if again else ""
    parts: list[object] = [notification.endpoint, notification.group_key, items, moment]
    return f"msg_{_short_hash([*parts, *filter(None, [notification.epoch])], length=26)}"


def dedup_key(instance: str, fingerprint: str, episode: int) -> str:
    """An episode's key, the same in every message about it: for threads, and for tools that keep one incident each."""
    return _short_hash([instance, fingerprint, episode], length=40)


def _short_hash(parts: list[object], *, length: int) -> str:
    text = json.dumps(parts, ensure_ascii=True)
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:length]
