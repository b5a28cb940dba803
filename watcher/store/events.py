"""Events: record versions with two clocks. Nothing is overwritten that was ever counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)

from watcher.core.event import Basis, Deletion, Event, EventVersion, Role
from watcher.core.indicator import Measure
from watcher.core.period import Period
from watcher.core.selector import EVERYTHING, Selector
from watcher.store.actors import intern_actors
from watcher.store.bulk import SLICE, add_up_rows, insert_rows, select_among, update_rows
from watcher.store.engine import is_sqlite
from watcher.store.event_row import COLUMNS, FIRST_FEW, PAGE, SELECT, Beside, read_versions, to_row
from watcher.store.order import newest_transition
from watcher.store.prefilter import prefilter
from watcher.store.revision import SIDE_FIELDS, Clock, Incoming, Join, Outcome, Plan, Version, changes, plan, side_of
from watcher.store.schema import IMPRECISE, event_actor, former_side, from_ms, to_ms
from watcher.store.schema import event as events
from watcher.store.schema import release as releases
from watcher.store.schema import source as sources

_LATEST = (
    f"select external_id, version, revision, known_from, known_to, basis, stamp, content_hash, {', '.join(SIDE_FIELDS)} "
    "from event where source = ? and external_id in (??) order by external_id, revision"
)
#: As the partial index has it, word for word.
_IMPRECISE = text(f"({IMPRECISE})")
_YEAR = timedelta(days=366)
#: The least exact time precision that is taken for a day.
_WEEK = 2
_FLAG = SIDE_FIELDS.index("civilian_targeting")
#: Plain text, which the drivers take faster than an enum's.
_WORDS = {word: word.value for word in (*Role, *Basis)}


class Recorded(NamedTuple):
    """What became of the records of a chunk."""

    added: int = 0
    revised: int = 0
    #: Known already; its stamp and its list of publishers may be newer now.
    unchanged: int = 0
    #: Older than what is stored, so left out.
    older: int = 0
    deleted: int = 0
    #: The least knowledge time of what changed; None when nothing did.
    known_from: datetime | None = None


def known_by_loading(tx: Connection) -> tuple[int, int]:
    """How many of the current records are known only since they were loaded, and how many there are."""
    current = select(func.count()).select_from(events).where(events.c.known_to.is_(None))
    loaded = tx.scalar(current.where(events.c.basis == Basis.LOAD.value))
    return loaded or 0, tx.scalar(current) or 0


class Change(NamedTuple):
    """An event that began (+1) or ceased (-1) to count."""

    #: The newest record version that has to do with it.
    version: int
    event: Event
    sign: int
    #: From when it was known.
    known_from: datetime


def record_events(
    tx: Connection,
    records: Sequence[Event | Deletion],
    *,
    source: str,
    now: datetime,
    lag: timedelta | None,
    trust_stamp: bool,
    join: Join | None = None,
) -> tuple[Recorded, list[Change]]:
    """Store what a source says now: new events, revisions and deletions.

    :param lag: how long after an event its source publishes it; None when nobody knows.
    :param trust_stamp: whether the source's stamps say when a record became known.
    :param join: what records of one id make together, where the source tells of one thing in several.
    :return: what became of the records, and what to fold into the series in the same transaction.
    """
    if not is_sqlite(tx):
        # Two writers of one source would look at the same versions and replace them twice.
        tx.exec_driver_sql("select 1 from source where name = %s for update", (source,))
    clock = Clock(to_ms(now), lag, trust_stamp)
    decided = _decide(tx, records, source, clock, join)
    _write(tx, decided, clock.now)
    _note_bounds(tx, source, decided)
    _note_release(tx, source, decided)
    changed = _changes(decided)
    known_from = min((change.known_from for change in changed), default=None)
    return _counted(decided)._replace(known_from=known_from), changed


def foresee(
    tx: Connection,
    records: Sequence[Event | Deletion],
    *,
    source: str,
    now: datetime,
    lag: timedelta | None,
    trust_stamp: bool,
    join: Join | None = None,
) -> Recorded:
    """What would become of the records; nothing is written."""
    return _counted(_decide(tx, records, source, Clock(to_ms(now), lag, trust_stamp), join))


def count_current(tx: Connection, source: str) -> int:
    """How many records of a source are current."""
    current = select(func.count()).where(events.c.source == source, events.c.known_to.is_(None))
    return tx.scalar(current) or 0


def current_ids(tx: Connection, source: str, *, since: date) -> Iterator[str]:
    """The ids of a source's current records that end on a day or later."""
    current = select(events.c.external_id).where(events.c.source == source, events.c.known_to.is_(None))
    yield from tx.execute(current.where(events.c.date_end >= since)).scalars()


def _decide(tx: Connection, records: Sequence[Event | Deletion], source: str, clock: Clock, join: Join | None) -> Plan:
    incoming = [Incoming.of(record) for record in records]
    return plan(incoming, _latest(tx, source, incoming, clock, join), clock, join)


def _counted(decided: Plan) -> Recorded:
    counts = decided.counts
    return Recorded(
        added=counts[Outcome.ADDED],
        revised=counts[Outcome.REVISED],
        unchanged=counts[Outcome.UNCHANGED],
        older=counts[Outcome.OLDER],
        deleted=counts[Outcome.DELETED],
    )


def find_events(
    tx: Connection,
    selector: Selector = EVERYTHING,
    *,
    period: Period | None = None,
    as_known: datetime | None = None,
    sources: Collection[str] = (),
    newest_first: bool = False,
    heaviest_first: Measure | None = None,
    limit: int | None = None,
) -> Iterator[EventVersion]:
    """The events that a selector picks, by event date, then external id.

    :param as_known: as they were known then; None for the current ones.
    :param sources: only these; empty for all.
    :param heaviest_first: only those that carry a value of this measure, the largest first.
    """
    query = SELECT.where(prefilter(selector), known_at(as_known))
    if period is not None:
        query = query.where(events.c.date_end >= period.start, events.c.date_end < period.end)
    if sources:
        query = query.where(events.c.source.in_(sorted(sources)))
    order = [events.c.date_end.desc() if newest_first else events.c.date_end, events.c.external_id, events.c.source]
    if heaviest_first is not None:
        stored = events.c[heaviest_first]
        weight = func.coalesce(stored, 1) if heaviest_first == "incidents" else stored
        query, order = query.where(weight.is_not(None)), [weight.desc(), *order]
    found = read_versions(tx, query.order_by(*order), page_size=PAGE if heaviest_first is None else FIRST_FEW)
    return islice((version for version in found if selector.matches(version.event)), limit)


def find_straddling(tx: Connection, edge: date, *, as_known: datetime) -> list[EventVersion]:
    """The events that may have happened before a day as well as on it or after, by event date, then external id."""
    around = {"edge": edge, "year_before": edge - _YEAR, "year_after": edge + _YEAR, "known": as_known}
    return list(straddling(read_versions(tx, _straddling(), around), edge))


@cache
def _straddling() -> Select[Any]:
    # Asked for every edge of every rule at every turn, so it is put into words once.
    near = _imprecise(bindparam("edge"), bindparam("year_before"), bindparam("year_after"))
    known = known_at(bindparam("known"))
    return SELECT.where(near, known).order_by(events.c.date_end, events.c.external_id, events.c.source)


def imprecise_near(edge: date) -> ColumnElement[bool]:
    """The condition that the day of a version is not known, and that it may lie on either side of a day."""
    return _imprecise(edge, edge - _YEAR, edge + _YEAR)


def _imprecise(edge: Any, year_before: Any, year_after: Any) -> ColumnElement[bool]:
    spans = and_(events.c.date_start < edge, events.c.date_end >= edge, events.c.date_end < year_after)
    loose = and_(events.c.time_precision > _WEEK, events.c.date_end.between(year_before, year_after))
    return and_(_IMPRECISE, or_(spans, loose))


def straddling(found: Iterable[EventVersion], edge: date) -> Iterator[EventVersion]:
    """Those that may have happened before a day as well as on it or after."""
    days = ((version, version.event.possible_days) for version in found)
    return (version for version, possible in days if possible.start < edge < possible.end)


def any_imprecise(tx: Connection) -> bool:
    """Whether there is, or was, any event of which the day is not known."""
    return tx.execute(select(events.c.version).where(_IMPRECISE).limit(1)).first() is not None


def event_versions(tx: Connection, versions: Collection[int]) -> list[EventVersion]:
    """Record versions by their numbers, ascending."""
    wanted = sorted(versions)
    slices = (wanted[start : start + SLICE] for start in range(0, len(wanted), SLICE))
    return [
        version
        for numbers in slices
        for version in read_versions(tx, SELECT.where(events.c.version.in_(numbers)).order_by(events.c.version))
    ]


def history(tx: Connection, source: str, external_id: str) -> list[EventVersion]:
    """Every version of one event, oldest first."""
    same = SELECT.where(events.c.source == source, events.c.external_id == external_id)
    return list(read_versions(tx, same.order_by(events.c.revision)))


def known_at(moment: datetime | BindParameter[datetime] | None) -> ColumnElement[bool]:
    """The condition that a version was the one known at a moment; None for now."""
    if moment is None:
        return events.c.known_to.is_(None)
    return and_(events.c.known_from <= moment, or_(events.c.known_to.is_(None), events.c.known_to > moment))


# --- what is stored ---------------------------------------------------------------------------------------------------


def _latest(
    tx: Connection, source: str, incoming: Sequence[Incoming], clock: Clock, join: Join | None
) -> dict[str, Version]:
    """The newest version of each id, with its whole event where a record may change it."""
    wanted = list(dict.fromkeys(each.record.external_id for each in incoming))
    found: dict[str, Version] = {}
    for external_id, number, revision, *rest in select_among(tx, _LATEST, wanted, before=(source,)):
        # The last one of an id is its newest.
        found[external_id] = _version(number, revision, rest)
    changing = {
        last.number: last
        for each in incoming
        if (last := found.get(each.record.external_id)) is not None and changes(last, each, clock, join)
    }
    for stored in event_versions(tx, changing):
        changing[stored.version].event = stored.event
    return found


def _version(number: int, revision: int, rest: Sequence[Any]) -> Version:
    known_from, known_to, basis, stamp, content_hash, *side = rest
    side[_FLAG] = None if side[_FLAG] is None else bool(side[_FLAG])
    return Version(number, revision, known_from, known_to, Basis(basis), stamp, content_hash, tuple(side), None)


# --- what is written --------------------------------------------------------------------------------------------------


def _write(tx: Connection, decided: Plan, now: int) -> None:
    after = newest_transition(tx)
    ending = [(v.known_to, now, after, int(v.deleted), v.number) for v, _ in decided.closed if v.number]
    # First, for only one version of an id may be current.
    update_rows(tx, events, ("known_to", "closed_at", "closed_after", "deleted"), ending, key="version")
    former = [
        (v.number, after, *_side_row(side_of(before))) for v, before in decided.rewritten.items() if before is not None
    ]
    insert_rows(tx, former_side, ("event", "after", *SIDE_FIELDS), former)
    again = [(v.stamp, *_side_row(v.side), v.number) for v in decided.rewritten]
    update_rows(tx, events, ("stamp", *SIDE_FIELDS), again, key="version")
    for version, number in zip(decided.added, _numbers(tx, len(decided.added)), strict=True):
        version.number = number
    beside = [_beside(version, now, after) for version in decided.added]
    rows = [to_row(each, version.whole) for each, version in zip(beside, decided.added, strict=True)]
    insert_rows(tx, events, COLUMNS, rows)
    _write_actors(tx, decided.added)


def _write_actors(tx: Connection, added: Sequence[Version]) -> None:
    ids = intern_actors(tx, (actor for version in added for actor in version.whole.actors))
    rows = [
        (version.number, position, _WORDS[actor.role], ids[actor.name])
        for version in added
        for position, actor in enumerate(version.whole.actors)
    ]
    insert_rows(tx, event_actor, ("event", "position", "role", "actor"), rows)


def _side_row(side: Sequence[Any]) -> list[Any]:
    row = list(side)
    row[_FLAG] = None if row[_FLAG] is None else int(row[_FLAG])
    return row


def _beside(version: Version, now: int, after: int) -> Beside:
    return Beside(
        version.number,
        version.revision,
        version.known_from,
        version.known_to,
        int(version.deleted),
        _WORDS[version.basis],
        now,
        None if version.known_to is None else now,
        None if version.known_to is None else after,
        version.content_hash,
    )


def _numbers(tx: Connection, count: int) -> Sequence[int]:
    if is_sqlite(tx):
        newest = tx.exec_driver_sql("select max(version) from event").scalar() or 0
        return range(newest + 1, newest + 1 + count)
    drawn = "select nextval(pg_get_serial_sequence('event', 'version')) from generate_series(1, %s)"
    return sorted(tx.exec_driver_sql(drawn, (count,)).scalars())


# --- what changed -----------------------------------------------------------------------------------------------------


def _changes(decided: Plan) -> list[Change]:
    """What began and what ceased to count."""
    found = [(v.number, v.whole, 1, v.known_from) for v in decided.added]
    for version, before in decided.rewritten.items():
        if before is not None:
            # A selector may look at the notes: the version counts, from the beginning, as it now reads.
            found.append((version.number, before, -1, version.known_from))
            found.append((version.number, version.whole, 1, version.known_from))
    for version, successor in decided.closed:
        newest = version if successor is None else successor
        found.append((newest.number, version.whole, -1, version.known_to or 0))
    # Sources stamp their records by the batch: there are far fewer moments than records.
    moments = {known_from: from_ms(known_from) for *_, known_from in found}
    return [Change(number, event, sign, moments[known_from]) for number, event, sign, known_from in found]


def _note_bounds(tx: Connection, source: str, decided: Plan) -> None:
    """Keep the first and last event day of a source's current records, and its newest knowledge time."""
    if not (decided.added or decided.closed):
        return
    columns = (sources.c.oldest_event, sources.c.newest_event, sources.c.newest_known)
    oldest, newest, known = tx.execute(select(*columns).where(sources.c.name == source)).one()
    days = {version.whole.date_end for version in decided.added if version.known_to is None}
    lost = {version.whole.date_end for version, _ in decided.closed} - days
    first, last = min(days | {oldest} - {None}, default=None), max(days | {newest} - {None}, default=None)
    moments = [v.known_from for v in decided.added] + [v.known_to or 0 for v, _ in decided.closed]
    values = {
        "oldest_event": _edge(tx, source, events.c.date_end) if first in lost else first,
        "newest_event": _edge(tx, source, events.c.date_end.desc()) if last in lost else last,
        "newest_known": max([from_ms(max(moments)), *([known] if known else [])]),
    }
    tx.execute(update(sources).where(sources.c.name == source).values(values))


def _note_release(tx: Connection, source: str, decided: Plan) -> None:
    """Keep at which moments a source's records became known or were taken back, and how many."""
    moments = Counter([v.known_from for v in decided.added] + [v.known_to or 0 for v, _ in decided.closed])
    rows = [(source, moment, records) for moment, records in sorted(moments.items())]
    add_up_rows(tx, releases, ("source", "known_from"), "records", rows)


def _edge(tx: Connection, source: str, order: ColumnElement[date]) -> date | None:
    current = select(events.c.date_end).where(events.c.source == source, events.c.known_to.is_(None))
    return tx.execute(current.order_by(order).limit(1)).scalar()
