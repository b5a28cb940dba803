"""The flush: what has come and what has waited becomes messages, or waits on, each item with its reason.

An item is in exactly one message. Of one alert an endpoint hears in order: what is told takes along whatever older waits
there, in whatever group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from watcher.bench import Bench
from watcher.core.interval import muted_by
from watcher.core.message import Item, Notification, NotifyReason, notification_id
from watcher.core.message.group import GroupReason, Standing, Timing, decide
from watcher.core.message.grouping import decide as reason_of
from watcher.core.muting import Muted
from watcher.core.severity import Severity
from watcher.endpoint import Endpoint, of_receiver
from watcher.store.house import epoch
from watcher.store.outbox import enqueue
from watcher.store.schema import Tx
from watcher.store.standby import stand_by
from watcher.store.told import told_endpoints, told_open
from watcher.store.waiting import (
    Waiting,
    drop,
    find_waiting,
    last_messages,
    messages_since,
    note,
    open_episodes,
    put,
    take_out,
)
from watcher.switchboard import Switchboard, hush_of

#: Alerts in one message; the rest goes into the next.
MOST_ITEMS = 500
#: Bytes of one message, as far as it is about several alerts; the rest goes into the next.
MOST_BYTES = 256 * 1024
#: What a silence or an inhibition holds is looked at again after this.
LOOK_AGAIN = timedelta(minutes=5)
HOUR = timedelta(hours=1)

_GONE = "its endpoint is no longer in notify.yaml"
_OVER = "it was over before that ended"

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


@dataclass(slots=True)
class _Group:
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
        return any(each.item.transition.severity is Severity.CRITICAL for each in self.items)

    def standing(self, last: datetime | None) -> Standing:
        return Standing(self.timing, min(each.added_at for each in self.items), last, self.is_urgent)


class _Line(NamedTuple):
    """An item in a message, and the transitions that are told by it: (fingerprint, seq)."""

    item: Item
    covers: tuple[tuple[str, int], ...]


def is_flush_due(tx: Tx, board: Switchboard, now: datetime, *, patient: bool) -> bool:
    """Whether something that waits is to be told, or to be judged again."""
    waiting = find_waiting(tx)
    if any(each.endpoint not in board.endpoints for each in waiting):
        return True
    groups = _grouped(_ripe(waiting, now))
    decided = _decide(tx, groups, board, now, patient=patient)
    return any(reason is GroupReason.TOLD and not _is_limited(tx, key, board, now) for key, reason in decided.items())


def _is_limited(tx: Tx, key: Key, board: Switchboard, now: datetime) -> bool:
    most = board.terms_of(key[0]).max_per_hour
    return bool(most) and messages_since(tx, key[0], now - HOUR, now) >= most


def flush(sender: Sender, fresh: Sequence[Waiting], reminders: Sequence[Waiting]) -> int:
    """Write the messages that are due, let the rest wait; return how many were written."""
    bench, board = sender.bench, sender.board
    stored = find_waiting(bench.tx, lock=True)
    if not (stored or fresh or reminders):
        return 0
    gone = [each for each in stored if each.endpoint not in board.endpoints]
    drop(bench.tx, gone, why=_GONE, now=bench.now)
    waiting = [*(each for each in stored if each.endpoint in board.endpoints), *fresh]
    groups = _grouped([*_ripe(waiting, bench.now)])
    decided = _decide(bench.tx, groups, board, bench.now, patient=sender.patient)
    due = [groups[key] for key, reason in decided.items() if reason is GroupReason.TOLD]
    for key, reason in decided.items():
        if reason is not GroupReason.TOLD:
            _keep(sender, groups[key].items, _why(groups[key], reason, sender))
    told = _unmuted(sender, due) if due else []
    _take_along(told, waiting)
    told = _with_reminders([group for group in told if group.items], reminders)
    return sum(_write(sender, group) for group in _within_limits(sender, told))


def _ripe(waiting: Iterable[Waiting], now: datetime) -> Iterator[Waiting]:
    """What is not held for some minutes yet; longer than that is a clock that was set back."""
    return (each for each in waiting if each.look_at is None or not now < each.look_at <= now + LOOK_AGAIN)


def _grouped(waiting: Iterable[Waiting]) -> dict[Key, _Group]:
    groups: dict[Key, _Group] = {}
    for each in waiting:
        key = (each.endpoint, each.group_key)
        groups.setdefault(key, _Group(key, [])).items.append(each)
    return groups


def _decide(
    tx: Tx, groups: Mapping[Key, _Group], board: Switchboard, now: datetime, *, patient: bool
) -> dict[Key, GroupReason]:
    last = last_messages(tx, groups.keys())
    return {
        key: decide(group.standing(last.get(key)), board.clockwork_of(key[0], patient=patient), now)
        for key, group in groups.items()
    }


def _why(group: _Group, reason: GroupReason, sender: Sender) -> str:
    timing = group.timing
    if reason is GroupReason.OUT_OF_HOURS:
        hours = muted_by(timing.mute, timing.active, sender.board.intervals, sender.bench.now)
        return f"nothing is sent {hours}"
    return reason.value


def _keep(sender: Sender, items: Sequence[Waiting], why: str, *, look_at: datetime | None = None) -> None:
    """Let items wait."""
    tx = sender.bench.tx
    put(tx, [replace(each, why=why, look_at=look_at) for each in items if not each.is_stored])
    note(tx, items, why=why, look_at=look_at)


# --- what is muted ------------------------------------------------------------------------------------------------------


def _unmuted(sender: Sender, groups: Sequence[_Group]) -> list[_Group]:
    """The groups without what a silence or an inhibition holds; those of which nothing is left are left out."""
    bench = sender.bench
    hush = hush_of(bench.tx, bench.rules, sender.board, bench.now)
    told = []
    for group in groups:
        muted = {}
        for name, items in _by_alert(group.items).items():
            found = hush.mutes(items[-1].item.labels, bench.now)
            if found is not None:
                muted[name] = found
                _mute(sender, items, found)
        left = [each for each in group.items if each.item.transition.fingerprint not in muted]
        if left:
            told.append(replace(group, items=left))
    return told


def _by_alert(items: Iterable[Waiting]) -> dict[str, list[Waiting]]:
    found: dict[str, list[Waiting]] = defaultdict(list)
    for each in items:
        found[each.item.transition.fingerprint].append(each)
    return found


def _mute(sender: Sender, items: Sequence[Waiting], muted: Muted) -> None:
    """Hold what is muted; an episode that is over before anybody was told of it is dropped."""
    tx, now = sender.bench.tx, sender.bench.now
    episodes = {(each.item.transition.fingerprint, each.item.transition.episode) for each in items}
    over = {
        episode
        for episode in episodes - open_episodes(tx, episodes)
        if items[0].endpoint not in told_endpoints(tx, *episode)
    }
    lost = [each for each in items if (each.item.transition.fingerprint, each.item.transition.episode) in over]
    drop(tx, lost, why=f"{muted.why}; {_OVER}", now=now)
    look_at = min(muted.until or now + LOOK_AGAIN, now + LOOK_AGAIN)
    _keep(sender, [each for each in items if each not in lost], muted.why, look_at=look_at)


def _take_along(told: Sequence[_Group], waiting: Sequence[Waiting]) -> None:
    """Put what is told of one alert at one endpoint into the group that has the newest of it, with all that is older."""
    newest: dict[Key, tuple[int, _Group]] = {}
    for group in told:
        for each in group.items:
            seq, known = each.item.transition.seq, newest.get(_alert_at(each))
            if known is None or known[0] < seq:
                newest[_alert_at(each)] = (seq, group)
    own = {each.key: group for group in told for each in group.items}
    order = {each.key: place for place, each in enumerate(waiting)}
    for each in [each for each in waiting if _alert_at(each) in newest]:
        seq, group = newest[_alert_at(each)]
        there = own.get(each.key)
        if there is group or each.item.transition.seq > seq:
            continue
        if there is not None:
            there.items.remove(each)
        group.items.append(each)
    for group in told:
        group.items.sort(key=lambda each: order[each.key])


def _alert_at(waiting: Waiting) -> Key:
    return waiting.endpoint, waiting.item.transition.fingerprint


def _with_reminders(told: Sequence[_Group], reminders: Sequence[Waiting]) -> list[_Group]:
    """Reminders stand in messages of their own, but for those of a digest."""
    groups = {group.key: group for group in told if group.timing.in_digest}
    for group in groups.values():
        group.is_folded = True
    others: dict[Key, _Group] = {}
    for each in reminders:
        key = (each.endpoint, each.group_key)
        (groups.get(key) or others.setdefault(key, _Group(key, []))).reminders.append(each)
    return [*told, *others.values()]


# --- how many -----------------------------------------------------------------------------------------------------------


def _within_limits(sender: Sender, told: Sequence[_Group]) -> Iterator[_Group]:
    """What may be sent this hour: each group by itself, and where there are too many, the rest in one message."""
    by_endpoint: dict[str, list[_Group]] = defaultdict(list)
    for group in told:
        by_endpoint[group.key[0]].append(group)
    for endpoint, groups in by_endpoint.items():
        most = sender.board.terms_of(endpoint).max_per_hour
        yield from _limited(sender, endpoint, groups, most) if most else groups


def _limited(sender: Sender, endpoint: str, groups: Sequence[_Group], most: int) -> Iterator[_Group]:
    bench = sender.bench
    # These are written before the others are counted.
    yield from (group for group in groups if group.is_urgent)
    others = [group for group in groups if not group.is_urgent]
    room = most - messages_since(bench.tx, endpoint, bench.now - HOUR, bench.now)
    held_before = [group for group in others if any(each.why == GroupReason.LIMIT.value for each in group.items)]
    if room <= 0:
        for group in others:
            _keep(sender, group.items, GroupReason.LIMIT.value)
    elif sum(map(_messages, others)) <= room and not held_before:
        yield from others
    else:
        alone = [group for group in others if group not in held_before and _messages(group) == 1][: room - 1]
        yield from alone
        yield _fold(endpoint, [group for group in others if group not in alone])


def _messages(group: _Group) -> int:
    return len(list(batches(_lines(group)))) + bool(group.reminders and not group.is_folded)


def _fold(endpoint: str, groups: Sequence[_Group]) -> _Group:
    """Several groups as one message, under a key of its own."""
    if len(groups) == 1 and groups[0].is_folded:
        return groups[0]
    receiver = endpoint.partition("/")[0]
    items = [each for group in groups for each in group.items]
    reminders = [each for group in groups for each in group.reminders]
    return _Group((endpoint, f"{receiver}:more"), items, reminders, is_folded=True)


# --- messages -----------------------------------------------------------------------------------------------------------


def _lines(group: _Group) -> list[_Line]:
    """What a message shows, in the order in which it happened."""
    if not group.is_folded:
        return [_Line(each.item, (each.key[1:],)) for each in group.items]
    newest = _by_alert(group.items)
    shown = [_Line(items[-1].item, tuple(each.key[1:] for each in items)) for items in newest.values()]
    return shown + [_Line(each.item, ((each.key[1], 0),)) for each in group.reminders if each.key[1] not in newest]


def batches(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Items in messages that name each alert once, in the order in which things happened."""
    batch: dict[str, _Line] = {}
    for line in lines:
        name = line.item.transition.fingerprint
        if name in batch or len(batch) == MOST_ITEMS:
            yield list(batch.values())
            batch = {}
        batch[name] = line
    if batch:
        yield list(batch.values())


def _write(sender: Sender, group: _Group) -> int:
    """Write the messages of a group; return how many."""
    written = 0
    for batch in batches(_lines(group)):
        written += _message(sender, group, batch, _reason(sender, group, batch))
    if not group.is_folded:
        again = [_Line(each.item, ((each.key[1], 0),)) for each in group.reminders]
        for batch in batches(again):
            written += _message(sender, group, batch, NotifyReason.REPEAT)
    take_out(sender.bench.tx, group.items)
    return written


def _reason(sender: Sender, group: _Group, batch: Sequence[_Line]) -> NotifyReason:
    if group.is_folded and not group.items:
        return NotifyReason.REPEAT
    own = {line.item.transition.fingerprint for line in batch}
    others = told_open(sender.bench.tx, *group.key) - own
    found = reason_of([line.item for line in batch], others_open=bool(others))
    return NotifyReason.DIGEST if group.is_folded and found is not NotifyReason.STATE_AT_START else found


def _message(sender: Sender, group: _Group, lines: Sequence[_Line], reason: NotifyReason) -> int:
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
    sender: Sender, endpoint: Endpoint, group: _Group, lines: Sequence[_Line], reason: NotifyReason
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
    return replace(unnamed, id=notification_id(unnamed))
