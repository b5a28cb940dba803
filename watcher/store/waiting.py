"""What waits to be told: items that a group, a digest or a limit holds, and those that silence or inhibition does.

An item waits here or stands in a message, and never both: a message takes it out in the transaction that writes the
message. What was dropped stays, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, Select, and_, delete, func, insert, or_, select, tuple_, update

from watcher.core.acknowledgement import Acknowledgement
from watcher.core.detectors import DETECTORS
from watcher.core.message import Item, NotifyReason
from watcher.core.message.group import Timing
from watcher.core.severity import Severity
from watcher.store import schema
from watcher.store.alerts import to_plain, to_transition, to_value
from watcher.store.schema import Tx

_waiting, _transition, _message, _alert = schema.waiting_item, schema.transition, schema.message, schema.alert
#: What one statement asks for at most: both engines limit the number of parameters.
_MOST = 400
_MOMENTS = ("starts_at", "ends_at")
_WORDS = ("alert", "summary", "description", "runbook", "contact", "ends_when", "detector")


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item on its way into a message."""

    endpoint: str
    group_key: str
    group_labels: Mapping[str, str]
    timing: Timing
    item: Item
    added_at: datetime
    #: When to look again at what a silence or an inhibition holds; None: it is held by neither.
    look_at: datetime | None = None
    #: Why it waits.
    why: str = ""
    #: Whether it is stored; else it has just come.
    is_stored: bool = False

    @property
    def key(self) -> tuple[str, str, int]:
        """Endpoint, alert and transition: what is told once."""
        return self.endpoint, self.item.transition.fingerprint, self.item.transition.seq


class Held(NamedTuple):
    """An item that waits or was dropped, as commands show it."""

    endpoint: str
    fingerprint: str
    seq: int
    group_key: str
    added_at: datetime
    why: str
    #: When it was decided that nobody is told; None: it waits.
    dropped_at: datetime | None


def find_waiting(tx: Tx, *, lock: bool = False) -> list[Waiting]:
    """Everything that waits, in the order in which it happened.

    :param lock: whether it is about to be told: of two who flush at once, the second finds what the first has left.
    """
    query = _all_waiting().with_for_update(of=_waiting) if lock else _all_waiting()
    return [_to_waiting(row) for row in tx.execute(query).mappings()]


@cache
def _all_waiting() -> Select[Any]:
    same = and_(_transition.c.fingerprint == _waiting.c.fingerprint, _transition.c.seq == _waiting.c.seq)
    columns = [_waiting.c[name] for name in ("endpoint", "group_key", "timing", "added_at", "look_at", "why")]
    return (
        select(*columns, _waiting.c.body.label("said"), _transition)
        .join(_transition, same)
        .where(_waiting.c.dropped_at.is_(None))
        .order_by(_transition.c.id, _waiting.c.endpoint)
    )


def find_held(tx: Tx, *, fingerprint: str = "", dropped: bool = False) -> list[Held]:
    """What waits, and with ``dropped`` also what nobody is told of."""
    query = select(*(_waiting.c[name] for name in Held._fields)).order_by(_waiting.c.added_at, _waiting.c.endpoint)
    if fingerprint:
        query = query.where(_waiting.c.fingerprint == fingerprint)
    if not dropped:
        query = query.where(_waiting.c.dropped_at.is_(None))
    return [Held(*row) for row in tx.execute(query)]


def waiting_endpoints(tx: Tx, fingerprint: str, episode: int) -> list[str]:
    """The endpoints at which something of an episode waits to be told."""
    query = (
        select(_waiting.c.endpoint)
        .distinct()
        .where(_waiting.c.fingerprint == fingerprint, _waiting.c.episode == episode, _waiting.c.dropped_at.is_(None))
        .order_by(_waiting.c.endpoint)
    )
    return list(tx.execute(query).scalars())


def put(tx: Tx, items: Sequence[Waiting]) -> None:
    """Let items wait that have just come."""
    rows = [_to_row(each) for each in items]
    if rows:
        tx.execute(insert(_waiting), rows)


def note(tx: Tx, items: Sequence[Waiting], *, why: str, look_at: datetime | None) -> None:
    """Note why stored items wait, and when to look at them again."""
    changed = [each.key for each in items if each.is_stored and (each.why, each.look_at) != (why, look_at)]
    for keys in _chunks(changed):
        tx.execute(update(_waiting).where(_among(keys)).values(why=why, look_at=look_at))


def drop(tx: Tx, items: Sequence[Waiting], *, why: str, now: datetime) -> None:
    """Decide that nobody is told of items, and keep the reason."""
    put(tx, [each for each in items if not each.is_stored])
    for keys in _chunks([each.key for each in items]):
        tx.execute(update(_waiting).where(_among(keys)).values(why=why, dropped_at=now))


def take_out(tx: Tx, items: Sequence[Waiting]) -> None:
    """Remove what a message has taken."""
    for keys in _chunks([each.key for each in items if each.is_stored]):
        tx.execute(delete(_waiting).where(_among(keys)))


def last_messages(tx: Tx, groups: Collection[tuple[str, str]]) -> dict[tuple[str, str], datetime]:
    """When a message about each of these groups was last written and not withdrawn: by (endpoint, group key)."""
    found: dict[tuple[str, str], datetime] = {}
    newest = func.max(_message.c.created_at, type_=schema.Moment)
    for keys in _chunks(sorted(groups)):
        query = (
            select(_message.c.endpoint, _message.c.group_key, newest)
            .where(tuple_(_message.c.endpoint, _message.c.group_key).in_(keys), _message.c.withdrawn_at.is_(None))
            .group_by(_message.c.endpoint, _message.c.group_key)
        )
        found |= {(endpoint, key): moment for endpoint, key, moment in tx.execute(query)}
    return found


def messages_since(tx: Tx, endpoint: str, after: datetime, now: datetime) -> int:
    """How many messages were written for an endpoint in (after, now]; drills, signs of life, what was withdrawn aside."""
    query = select(func.count()).where(
        _message.c.endpoint == endpoint,
        _message.c.created_at > after,
        _message.c.created_at <= now,
        _message.c.withdrawn_at.is_(None),
        _message.c.reason.not_in((NotifyReason.DRILL.value, NotifyReason.ALIVE.value)),
    )
    return int(tx.execute(query).scalar_one())


def open_episodes(tx: Tx, keys: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
    """Which of these (alert, episode) go on."""
    found: set[tuple[str, int]] = set()
    for some in _chunks(sorted(keys)):
        query = select(_alert.c.fingerprint, _alert.c.episode).where(
            tuple_(_alert.c.fingerprint, _alert.c.episode).in_(some), _alert.c.state.in_(("firing", "recovering"))
        )
        found |= {(fingerprint, episode) for fingerprint, episode in tx.execute(query)}
    return found


def _chunks(keys: Sequence[Any]) -> list[Sequence[Any]]:
    return [keys[start : start + _MOST] for start in range(0, len(keys), _MOST)]


def _among(keys: Sequence[tuple[str, str, int]]) -> Any:
    by_endpoint: dict[str, list[tuple[str, int]]] = {}
    for endpoint, fingerprint, seq in keys:
        by_endpoint.setdefault(endpoint, []).append((fingerprint, seq))
    return or_(
        *(
            and_(_waiting.c.endpoint == endpoint, tuple_(_waiting.c.fingerprint, _waiting.c.seq).in_(pairs))
            for endpoint, pairs in by_endpoint.items()
        )
    )


# --- an item as a row ---------------------------------------------------------------------------------------------------


def _to_row(waiting: Waiting) -> dict[str, Any]:
    transition = waiting.item.transition
    return {
        "endpoint": waiting.endpoint,
        "fingerprint": transition.fingerprint,
        "seq": transition.seq,
        "episode": transition.episode,
        "group_key": waiting.group_key,
        "timing": json.dumps({"labels": dict(waiting.group_labels), **_timing_row(waiting.timing)}, ensure_ascii=False),
        "body": json.dumps(_item_row(waiting.item), ensure_ascii=False),
        "added_at": waiting.added_at,
        "look_at": waiting.look_at,
        "why": waiting.why,
    }


def _timing_row(timing: Timing) -> dict[str, object]:
    seconds = {
        "wait": timing.wait.total_seconds(),
        "interval": timing.interval.total_seconds(),
        "repeats": None if timing.repeats is None else timing.repeats.total_seconds(),
    }
    return {**seconds, "mute": timing.mute, "active": timing.active, "in_digest": timing.in_digest}


def _to_timing(row: Mapping[str, Any]) -> Timing:
    return Timing(
        wait=timedelta(seconds=row["wait"]),
        interval=timedelta(seconds=row["interval"]),
        repeats=None if row["repeats"] is None else timedelta(seconds=row["repeats"]),
        mute=tuple(row["mute"]),
        active=tuple(row["active"]),
        in_digest=row["in_digest"],
    )


def _item_row(item: Item) -> dict[str, object]:
    moments = {name: getattr(item, name) for name in _MOMENTS}
    return {
        **{name: getattr(item, name) for name in _WORDS},
        **{name: None if moment is None else moment.isoformat() for name, moment in moments.items()},
        "labels": dict(item.labels),
        "falsepositives": item.falsepositives,
        "before": item.before,
        "previous_values": {name: to_plain(value) for name, value in item.previous_values.items()},
        "changed": {name: to_plain(value) for name, value in item.changed.items()},
        "acknowledgement": _acknowledgement_row(item.acknowledgement),
    }


def _acknowledgement_row(said: Acknowledgement | None) -> dict[str, object] | None:
    if said is None:
        return None
    until = None if said.until is None else said.until.isoformat()
    return {**said._asdict(), "severity": said.severity.value, "at": said.at.isoformat(), "until": until}


def _to_acknowledgement(row: Mapping[str, Any] | None) -> Acknowledgement | None:
    if row is None:
        return None
    until = None if row["until"] is None else datetime.fromisoformat(row["until"])
    known = {**row, "severity": Severity(row["severity"]), "at": datetime.fromisoformat(row["at"]), "until": until}
    return Acknowledgement(**known)


def _to_waiting(row: RowMapping) -> Waiting:
    timing, said = json.loads(row["timing"]), json.loads(row["said"])
    detector = DETECTORS.get(said["detector"])
    words: dict[str, Any] = {name: said[name] for name in _WORDS}
    moments: dict[str, Any] = {name: said[name] and datetime.fromisoformat(said[name]) for name in _MOMENTS}
    item = Item(
        transition=to_transition(row).transition,
        **words,
        **moments,
        labels=said["labels"],
        falsepositives=tuple(said["falsepositives"]),
        before=said["before"],
        previous_values={name: to_value(value) for name, value in said["previous_values"].items()},
        changed=said["changed"],
        outputs=detector.OUTPUTS if detector is not None else {},
        acknowledgement=_to_acknowledgement(said["acknowledgement"]),
    )
    return Waiting(
        endpoint=row["endpoint"],
        group_key=row["group_key"],
        group_labels=timing["labels"],
        timing=_to_timing(timing),
        item=item,
        added_at=row["added_at"],
        look_at=row["look_at"],
        why=row["why"],
        is_stored=True,
    )
