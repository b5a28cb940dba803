"""The flush: what has come and what has waited becomes messages, or waits on, each item with its reason.

An item is in exactly one message. Of one alert an endpoint hears in order: what is told takes along whatever older waits
there, in whatever group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.core.interval import muted_by
from watcher.core.message.group import GroupReason, decide, next_decision
from watcher.core.muting import Muted
from watcher.messages import Group, Key, Sender, batches, by_alert, lines_of, write
from watcher.store.schema import Tx
from watcher.store.told import told_endpoints
from watcher.store.waiting import (
    Waiting,
    drop,
    find_waiting,
    last_messages,
    messages_since,
    note,
    open_episodes,
    put,
)
from watcher.switchboard import Switchboard, hush_of

#: What a silence or an inhibition holds is looked at again after this.
LOOK_AGAIN = timedelta(minutes=5)
HOUR = timedelta(hours=1)

_GONE = "its endpoint is no longer in notify.yaml"
_OVER = "it was over before that ended"


def is_flush_due(tx: Tx, board: Switchboard, now: datetime, *, patient: bool) -> bool:
    """Whether something that waits is to be told, or to be judged again."""
    waiting = find_waiting(tx)
    if any(each.endpoint not in board.endpoints for each in waiting):
        return True
    groups = _grouped(_ripe(waiting, now))
    decided = _decide(tx, groups, board, now, patient=patient)
    return any(reason is GroupReason.TOLD and not _is_limited(tx, key, board, now) for key, reason in decided.items())


def next_flush(tx: Tx, board: Switchboard, now: datetime) -> datetime | None:
    """The first moment after this one at which something that waits may be told; None when nothing waits for a moment.

    What a silence or an inhibition holds waits for that to end, and is not counted.
    """
    groups = _grouped(each for each in find_waiting(tx) if each.look_at is None)
    last = last_messages(tx, groups.keys())
    moments = (
        next_decision(group.standing(last.get(key)), board.clockwork_of(key[0], patient=True), now)
        for key, group in groups.items()
    )
    # Whose turn has come and who still waits has had too many messages in an hour.
    return min((moment or now + LOOK_AGAIN for moment in moments), default=None)


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
    return sum(write(sender, group) for group in _within_limits(sender, told))


def _ripe(waiting: Iterable[Waiting], now: datetime) -> Iterator[Waiting]:
    """What is not held for some minutes yet; longer than that is a clock that was set back."""
    return (each for each in waiting if each.look_at is None or not now < each.look_at <= now + LOOK_AGAIN)


def _grouped(waiting: Iterable[Waiting]) -> dict[Key, Group]:
    groups: dict[Key, Group] = {}
    for each in waiting:
        key = (each.endpoint, each.group_key)
        groups.setdefault(key, Group(key, [])).items.append(each)
    return groups


def _decide(
    tx: Tx, groups: Mapping[Key, Group], board: Switchboard, now: datetime, *, patient: bool
) -> dict[Key, GroupReason]:
    last = last_messages(tx, groups.keys())
    return {
        key: decide(group.standing(last.get(key)), board.clockwork_of(key[0], patient=patient), now)
        for key, group in groups.items()
    }


def _why(group: Group, reason: GroupReason, sender: Sender) -> str:
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


def _unmuted(sender: Sender, groups: Sequence[Group]) -> list[Group]:
    """The groups without what a silence or an inhibition holds; those of which nothing is left are left out."""
    bench = sender.bench
    hush = hush_of(bench.tx, bench.rules, sender.board, bench.now)
    told = []
    for group in groups:
        muted = {}
        for name, items in by_alert(group.items).items():
            found = hush.mutes(items[-1].item.labels, bench.now)
            if found is not None:
                muted[name] = found
                _mute(sender, items, found)
        left = [each for each in group.items if each.item.transition.fingerprint not in muted]
        if left:
            told.append(replace(group, items=left))
    return told


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


def _take_along(told: Sequence[Group], waiting: Sequence[Waiting]) -> None:
    """Put what is told of one alert at one endpoint into the group that has the newest of it, with all that is older."""
    newest: dict[Key, tuple[int, Group]] = {}
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


def _with_reminders(told: Sequence[Group], reminders: Sequence[Waiting]) -> list[Group]:
    """Reminders stand in messages of their own, but for those of a digest."""
    groups = {group.key: group for group in told if group.timing.in_digest}
    for group in groups.values():
        group.is_folded = True
    others: dict[Key, Group] = {}
    for each in reminders:
        key = (each.endpoint, each.group_key)
        (groups.get(key) or others.setdefault(key, Group(key, []))).reminders.append(each)
    return [*told, *others.values()]


# --- how many -----------------------------------------------------------------------------------------------------------


def _within_limits(sender: Sender, told: Sequence[Group]) -> Iterator[Group]:
    """What may be sent this hour: each group by itself, and where there are too many, the rest in one message."""
    by_endpoint: dict[str, list[Group]] = defaultdict(list)
    for group in told:
        by_endpoint[group.key[0]].append(group)
    for endpoint, groups in by_endpoint.items():
        most = sender.board.terms_of(endpoint).max_per_hour
        yield from _limited(sender, endpoint, groups, most) if most else groups


def _limited(sender: Sender, endpoint: str, groups: Sequence[Group], most: int) -> Iterator[Group]:
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


def _messages(group: Group) -> int:
    return len(list(batches(lines_of(group)))) + bool(group.reminders and not group.is_folded)


def _fold(endpoint: str, groups: Sequence[Group]) -> Group:
    """Several groups as one message, under a key of its own."""
    if len(groups) == 1 and groups[0].is_folded:
        return groups[0]
    receiver = endpoint.partition("/")[0]
    items = [each for group in groups for each in group.items]
    reminders = [each for group in groups for each in group.reminders]
    return Group((endpoint, f"{receiver}:more"), items, reminders, is_folded=True)
