"""Series: an append-only ledger of the daily sums of every scope that a live rule names.

A scope is what an indicator measures, whatever it is called. Each row says by how much a day's sums changed, and from
when that was known: the current state, the state as known at any moment, and a backtest are the same sum over it.
The ledger can be derived from the record versions at any time; :func:`verify` checks that it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, or_, select

from watcher.core.indicator import Indicator
from watcher.store.bulk import insert_rows, select_among
from watcher.store.dispatch import Dispatch, Scope
from watcher.store.engine import is_sqlite
from watcher.store.event_row import SELECT, read_versions
from watcher.store.events import Change
from watcher.store.measure import counts, group_key, groups_of, value_of
from watcher.store.prefilter import prefilter
from watcher.store.schema import event as events
from watcher.store.schema import scope as scopes
from watcher.store.schema import series, to_ms

COLUMNS = ("scope", "group", "source", "day", "known_from", "version", "events", "valued", "total", "squares")
#: Changes that are added up before they are written.
_PAGE = 5_000
#: With more new scopes than this, every event is read: SQL's "or" would cost more than it saves.
_NARROW = 20
#: "wtch" and one: see :func:`_hold_scopes`.
_ADVISORY_LOCK = 0x77746369


class Key(NamedTuple):
    """What one row of the ledger is about; the moment in milliseconds."""

    scope: int
    group: str
    source: str
    day: str
    known_from: int


def ensure_scopes(tx: Connection, indicators: Iterable[Indicator], *, now: datetime) -> int:
    """Build the series of scopes that are new, and drop those that no indicator names; how many were built."""
    _hold_scopes(tx, exclusively=True)
    wanted = {indicator.scope_key: indicator for indicator in indicators}
    known = scope_ids(tx)
    for number in (number for key, number in known.items() if key not in wanted):
        tx.execute(delete(series).where(series.c.scope == number))
        tx.execute(delete(scopes).where(scopes.c.id == number))
    added = [Scope(_add(tx, key, now), wanted[key]) for key in wanted if key not in known]
    if added:
        _build(tx, added)
    return len(added)


def fold(tx: Connection, changes: Sequence[Change], indicators: Iterable[Indicator]) -> None:
    """Add to the ledger what a chunk of records changed, in the transaction that stores them."""
    if not changes:
        return
    _hold_scopes(tx, exclusively=False)
    known = scope_ids(tx)
    by_key = {indicator.scope_key: indicator for indicator in indicators}
    live = tuple(Scope(known[key], indicator) for key, indicator in by_key.items() if key in known)
    _write(tx, _added_up(changes, _dispatch(live)))


def verify(tx: Connection, indicators: Iterable[Indicator]) -> list[str]:
    """What is wrong with the ledger: one sentence for each scope that differs from what the record versions say."""
    known = scope_ids(tx)
    by_key = {indicator.scope_key: indicator for indicator in indicators}
    return [
        f"the series of indicator '{indicator.indicator}' differs from the records in {len(wrong)} places, "
        f"first on {min(wrong).day}"
        for key, indicator in by_key.items()
        if key in known and (wrong := _differences(tx, Scope(known[key], indicator)))
    ]


def scope_ids(tx: Connection) -> dict[str, int]:
    """The scopes that have a series, by their key."""
    return {row.key: row.id for row in tx.execute(select(scopes.c.key, scopes.c.id))}


# --- adding up --------------------------------------------------------------------------------------------------------

_Sums = dict[Key, list[int]]


#: A load is folded chunk by chunk: what is found out about the scopes is kept from one to the next.
_dispatch = lru_cache(maxsize=4)(Dispatch)


def _added_up(changes: Iterable[Change], dispatch: Dispatch) -> _Sums:
    """What changes add to each scope: version, events, valued, total, squares."""
    sums: _Sums = defaultdict(lambda: [0, 0, 0, 0, 0])
    for version, event, sign, known_from in changes:
        matching = [each for each in dispatch.candidates(event) if counts(each.indicator, event)]
        if not matching:
            continue
        day, moment = event.date_end.isoformat(), to_ms(known_from)
        for number, indicator in matching:
            value = value_of(indicator, event)
            for group in groups_of(indicator, event):
                _add_up(sums[Key(number, group_key(group), event.source, day, moment)], version, sign, value)
    return sums


def _add_up(row: list[int], version: int, sign: int, value: int | None) -> None:
    row[0] = max(row[0], version)
    row[1] += sign
    if value is not None:
        row[2] += sign
        row[3] += sign * value
        row[4] += sign * value * value


def _write(tx: Connection, sums: _Sums) -> None:
    # What a revision leaves as it was comes out as zero.
    insert_rows(tx, series, COLUMNS, [(*key, *row) for key, row in sums.items() if any(row[1:])])


# --- building from the record versions --------------------------------------------------------------------------------


def _add(tx: Connection, key: str, now: datetime) -> int:
    number: int = tx.execute(insert(scopes).values(key=key, built_at=now).returning(scopes.c.id)).scalar_one()
    return number


def _build(tx: Connection, added: Sequence[Scope]) -> None:
    dispatch = Dispatch(added)
    changes = _history(tx, added)
    while page := list(islice(changes, _PAGE)):
        _write(tx, _added_up(page, dispatch))


def _history(tx: Connection, wanted: Sequence[Scope]) -> Iterator[Change]:
    """Every change that ever happened to the events of some scopes."""
    query = SELECT.order_by(events.c.version)
    if len(wanted) <= _NARROW:
        query = query.where(or_(*(prefilter(scope.indicator.where) for scope in wanted)))
    versions = read_versions(tx, query)
    while page := list(islice(versions, _PAGE)):
        ended = {version.version: version for version in page if version.known_to is not None}
        yield from (Change(version.version, version.event, 1, version.known_from) for version in page)
        successors = _successors(tx, list(ended))
        for number, version in ended.items():
            yield Change(successors.get(number, number), version.event, -1, version.known_to or version.known_from)


_SUCCESSOR = (
    "select e.version, s.version from event e join event s on s.source = e.source and s.external_id = e.external_id "
    "and s.revision = e.revision + 1 where e.deleted = 0 and e.version in (??)"
)


def _successors(tx: Connection, versions: Sequence[int]) -> dict[int, int]:
    """The version that replaced each; a deletion has none."""
    return dict(select_among(tx, _SUCCESSOR, versions))


# --- checking ---------------------------------------------------------------------------------------------------------


def _differences(tx: Connection, scope: Scope) -> list[Key]:
    """Where the ledger and the record versions disagree; the numbers of versions only bound a replay."""
    ledger = _ledger(tx, scope.id)
    derived: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    dispatch = Dispatch([scope])
    history = _history(tx, [scope])
    while page := list(islice(history, _PAGE)):
        for key, row in _added_up(page, dispatch).items():
            derived[key] = [before + more for before, more in zip(derived[key], row[1:], strict=True)]
    keys = ledger.keys() | derived.keys()
    return [key for key in keys if ledger.get(key, [0] * 4) != derived.get(key, [0] * 4)]


def _ledger(tx: Connection, number: int) -> dict[Key, list[int]]:
    sums = (func.sum(series.c[name]) for name in COLUMNS[6:])
    keys = [series.c[name] for name in COLUMNS[1:5]]
    rows = tx.execute(select(*keys, *sums).where(series.c.scope == number).group_by(*keys))
    return {
        Key(number, group, source, day.isoformat(), to_ms(known_from)): [int(each) for each in sums_]
        for group, source, day, known_from, *sums_ in rows
    }


def _hold_scopes(tx: Connection, *, exclusively: bool) -> None:
    """On PostgreSQL, nobody stores events while a scope is built: it would miss them. SQLite has one writer anyway."""
    if not is_sqlite(tx):
        how = "" if exclusively else "_shared"
        tx.exec_driver_sql(f"select pg_advisory_xact_lock{how}({_ADVISORY_LOCK})")
