"""Messages: a group's items, written for one endpoint and put into the outbox.

::

    group → lines → batches → notification → body → outbox, and a standby for the receiver to fall back on
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from watcher.bench import Bench
from watcher.company import Company
from watcher.core.message import Item, Notification, NotifyReason, notification_id
from watcher.core.message.group import Standing, Timing
from watcher.core.message.grouping import decide
from watcher.core.severity import Severity
from watcher.endpoint import Endpoint, of_receiver
from watcher.store.house import epoch
from watcher.store.outbox import enqueue
from watcher.store.standby import stand_by
from watcher.store.waiting import Waiting, take_out
from watcher.store.withdrawal import is_withdrawn
from watcher.switchboard import Switchboard

#: Alerts in one message; the rest goes into the next.
MOST_ITEMS = 500
#: Bytes of one message, as far as it is about several alerts; the rest goes into the next.
MOST_BYTES = 256 * 1024

#: Endpoint and group.
Key = tuple[str, str]


class Sender(NamedTuple):
    """Whoever flushes: the turn's bench, whom it tells, and how."""

    bench: Bench
    board: Switchboard
    #: When the outbox may send it.
    clock: datetime
    #: Whether a turn follows soon.
    patient: bool
    #: What else goes on.
    company: Company


@dataclass(slots=True)
class Group:
    """Items of one group at one endpoint."""

    key: Key
    items: list[Waiting]
    #: What goes on and is told again.
    reminders: list[Waiting] = field(default_factory=list)
    #: Whether only the newest of each alert is shown.
    is_folded: bool = False

    @property
    def all(self) -> list[Waiting]:
        """What is news, and what is told again."""
        return [*self.items, *self.reminders]

    @property
    def timing(self) -> Timing:
        """The times of the route that brought the newest of what came to this group."""
        return self._own[-1].timing

    @property
    def labels(self) -> Mapping[str, str]:
        """What its alerts share; nothing, when it is put together from several groups."""
        return self._own[-1].group_labels if self._own[-1].group_key == self.key[1] else {}

    @property
    def _own(self) -> list[Waiting]:
        return [each for each in self.all if each.group_key == self.key[1]] or self.all

    @property
    def is_urgent(self) -> bool:
        """Whether anything critical is in it."""
        return any(each.item.transition.severity is Severity.CRITICAL for each in self.items)

    def standing(self, last: datetime | None) -> Standing:
        """What is asked when it is decided whether it is told.

        :param last: when a message about it was written last.
        """
        return Standing(self.timing, min(each.added_at for each in self.items), last, self.is_urgent)


class Line(NamedTuple):
    """An item in a message, and the transitions that are told by it: (fingerprint, seq)."""

    item: Item
    covers: tuple[tuple[str, int], ...]


def by_alert(items: Iterable[Waiting]) -> dict[str, list[Waiting]]:
    """Items by the alert they are of."""
    found: dict[str, list[Waiting]] = defaultdict(list)
    for each in items:
        found[each.item.transition.fingerprint].append(each)
    return found


def lines_of(group: Group) -> list[Line]:
    """What a message shows, in the order in which it happened."""
    if not group.is_folded:
        return [Line(each.item, (each.key[1:],)) for each in group.items]
    newest = by_alert(group.items)
    shown = [Line(items[-1].item, tuple(each.key[1:] for each in items)) for items in newest.values()]
    return shown + [Line(each.item, ((each.key[1], 0),)) for each in group.reminders if each.key[1] not in newest]


def batches(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Items in messages that name each alert once, in the order in which things happened."""
    batch: dict[str, Line] = {}
    for line in lines:
        name = line.item.transition.fingerprint
        if name in batch or len(batch) == MOST_ITEMS:
            yield list(batch.values())
            batch = {}
        batch[name] = line
    if batch:
        yield list(batch.values())


def write(sender: Sender, group: Group) -> int:
    """Write the messages of a group; return how many."""
    written = 0
    for batch in batches(lines_of(group)):
        written += _message(sender, group, batch, _reason(sender, group, batch))
    if not group.is_folded:
        again = [Line(each.item, ((each.key[1], 0),)) for each in group.reminders]
        for batch in batches(again):
            written += _message(sender, group, batch, NotifyReason.REPEAT)
    take_out(sender.bench.tx, group.items)
    return written


def _reason(sender: Sender, group: Group, batch: Sequence[Line]) -> NotifyReason:
    if group.is_folded and not group.items:
        return NotifyReason.REPEAT
    own = {line.item.transition.fingerprint for line in batch}
    found = decide([line.item for line in batch], others_open=sender.company.goes_on(*group.key, besides=own))
    return NotifyReason.DIGEST if group.is_folded and found is not NotifyReason.STATE_AT_START else found


def _message(sender: Sender, group: Group, lines: Sequence[Line], reason: NotifyReason) -> int:
    """Render a notification and store it with its deliveries; one that is too large becomes two."""
    endpoint = sender.board.endpoints[group.key[0]]
    notification = _notification(sender, endpoint, group, lines, reason)
    rendered = endpoint.channel.render(notification, settings=endpoint.settings, desk=sender.board.desk)
    if len(rendered.body) > MOST_BYTES and len(lines) > 1:
        half = len(lines) // 2
        return sum(_message(sender, group, part, reason) for part in (lines[:half], lines[half:]))
    enqueue(
        sender.bench.tx,
        notification.id,
        endpoint=endpoint.name,
        group_key=group.key[1],
        reason=reason.value,
        status=notification.status,
        subject=rendered.subject,
        content_type=rendered.content_type,
        body=rendered.body,
        items=[told for line in lines for told in line.covers],
        recipients=endpoint.recipients,
        now=sender.bench.now,
        due_at=sender.clock,
    )
    sender.company.hears(endpoint.name, [line.item.transition.fingerprint for line in lines])
    _stand_by(sender, notification)
    return 1


def _stand_by(sender: Sender, notification: Notification) -> None:
    """Keep the same notification ready for the receiver to fall back on, in the words of its channels."""
    board = sender.board
    terms = board.terms_of(notification.endpoint)
    for endpoint in of_receiver(board.endpoints, terms.fallback):
        own = replace(notification, endpoint=endpoint.name, receiver=endpoint.receiver)
        rendered = endpoint.channel.render(own, settings=endpoint.settings, desk=board.desk)
        stand_by(
            sender.bench.tx,
            notification.id,
            endpoint=endpoint.name,
            recipients=endpoint.recipients,
            subject=rendered.subject,
            content_type=rendered.content_type,
            body=rendered.body,
            due_at=sender.clock + terms.patience_with(notification.severity),
        )


def _notification(
    sender: Sender, endpoint: Endpoint, group: Group, lines: Sequence[Line], reason: NotifyReason
) -> Notification:
    repeats = [each.timing.repeats for each in group.all if each.timing.repeats is not None]
    unnamed = Notification(
        endpoint=endpoint.name,
        receiver=endpoint.receiver,
        group_key=group.key[1],
        group_labels=dict(group.labels),
        reason=reason,
        items=tuple(line.item for line in lines),
        created_at=sender.bench.now,
        repeats=min(repeats, default=None),
        epoch=epoch(sender.bench.tx),
    )
    name = notification_id(unnamed)
    if is_withdrawn(sender.bench.tx, name):
        name = notification_id(unnamed, anew=True)
    return replace(unnamed, id=name)
