"""Sources and their loads: how far each has been read, when last, and what stood in the way."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, or_, select, update

from watcher.core.errors import StoreError
from watcher.store.events import Recorded
from watcher.store.schema import Moment
from watcher.store.schema import load as loads
from watcher.store.schema import source as sources


class SourceState(NamedTuple):
    """Where a source stands."""

    name: str
    kind: str
    #: How far it has been read, in its own words.
    cursor: str
    #: Oldest event date of any current record; None before the first.
    oldest_event: date | None
    newest_event: date | None
    #: Newest knowledge time of any record.
    newest_known: datetime | None
    last_success: datetime | None
    last_failure: datetime | None
    #: Why it could not be read; empty since it could.
    failure: str
    #: When that began; None since it could.
    failing_since: datetime | None
    #: Whether trying again is of no use before somebody has changed something.
    needs_person: bool
    #: Completed loads; 0 until the first.
    loads: int
    #: When it was first read, or tried.
    first_seen: datetime | None
    #: When it last brought anything new, revised or deleted.
    newest_change: datetime | None


class LoadState(NamedTuple):
    """One file on its way into the store, or in it."""

    id: int
    source: str
    #: File name, or ``-`` for standard input.
    name: str
    sha256: str
    started_at: datetime
    #: None while it is going on, or when it was cut off.
    finished_at: datetime | None
    #: Rows committed so far: a cut-off load goes on behind them.
    rows: int
    added: int
    revised: int
    unchanged: int
    older: int
    deleted: int
    quarantined: int


_LOAD = tuple(loads.c[field] for field in LoadState._fields)


def ensure_source(tx: Connection, name: str, *, kind: str, now: datetime | None = None) -> None:
    """Make sure that a source exists.

    :param now: when it is first heard of.
    :raises StoreError: when it exists as another kind: its records would be taken for revisions of each other.
    """
    stored = tx.execute(select(sources.c.kind).where(sources.c.name == name)).scalar_one_or_none()
    if stored is None:
        tx.execute(insert(sources).values(name=name, kind=kind, first_seen=now))
    elif stored != kind:
        what = f"source {name!r} holds records of kind {stored!r}, not {kind!r}"
        raise StoreError(what, todo="give the new source another name")


def find_sources(tx: Connection) -> list[SourceState]:
    """Every source, by name."""
    query = select(*(sources.c[field] for field in SourceState._fields)).order_by(sources.c.name)
    found = [SourceState._make(row) for row in tx.execute(query)]
    return [each._replace(needs_person=bool(each.needs_person)) for each in found]


_OUTCOMES = ("added", "revised", "unchanged", "older", "deleted", "quarantined")


def load_totals(tx: Connection) -> dict[tuple[str, str], int]:
    """How many records of each source were added, revised, ..., since the store was made."""
    sums = [func.sum(loads.c[name]).label(name) for name in _OUTCOMES]
    rows = tx.execute(select(loads.c.source, *sums).group_by(loads.c.source)).mappings().all()
    return {(row["source"], name): int(row[name] or 0) for row in rows for name in _OUTCOMES}


def loaded_before(tx: Connection, source: str, *, sha256: str) -> LoadState | None:
    """The last completed load of the same bytes into the same source; None when there was none."""
    return _last_load(tx, source, sha256, loads.c.finished_at.is_not(None))


def is_superseded(tx: Connection, load: LoadState, *, path: str | None = None) -> bool:
    """Whether something else was loaded into a source since then: from a path, or by any way."""
    later = or_(
        loads.c.finished_at > load.finished_at, and_(loads.c.finished_at == load.finished_at, loads.c.id > load.id)
    )
    query = select(loads.c.id).where(loads.c.source == load.source, later)
    if path is not None:
        query = query.where(loads.c.path == path)
    return tx.execute(query.limit(1)).first() is not None


def start_load(tx: Connection, source: str, *, name: str, sha256: str, now: datetime, path: str = "") -> LoadState:
    """Begin a load, or take up the one of the same bytes that was cut off: ``rows`` says how many to skip.

    :param path: where the file lies.
    """
    cut_off = _last_load(tx, source, sha256, loads.c.finished_at.is_(None))
    if cut_off is not None:
        return cut_off
    values = {"source": source, "name": name, "sha256": sha256, "path": path, "started_at": now}
    load = tx.execute(insert(loads).values(values).returning(*_LOAD)).one()
    return _load_state(load)


def advance_load(
    tx: Connection, load: int, *, rows: int, recorded: Recorded | None = None, quarantined: int = 0
) -> None:
    """Move a load's cursor to ``rows`` rows from the file's beginning, and add up what they brought."""
    counts = {"quarantined": quarantined}
    if recorded is not None:
        counts |= {name: getattr(recorded, name) for name in ("added", "revised", "unchanged", "older", "deleted")}
    sums: dict[str, Any] = {name: loads.c[name] + count for name, count in counts.items()}
    tx.execute(update(loads).where(loads.c.id == load).values(rows=rows, **sums))


def finish_load(tx: Connection, load: int, *, now: datetime, cursor: str | None = None) -> LoadState:
    """Complete a load: the source has been read to the end.

    :param cursor: how far it has been read now; None leaves it where it was.
    """
    done = _load_state(
        tx.execute(update(loads).where(loads.c.id == load).values(finished_at=now).returning(*_LOAD)).one()
    )
    values: dict[str, Any] = {"loads": sources.c.loads + 1}
    if done.added or done.revised or done.deleted:
        values["newest_change"] = now
    tx.execute(update(sources).where(sources.c.name == done.source).values(values))
    source_read(tx, done.source, now=now, cursor=cursor)
    return done


def source_read(tx: Connection, name: str, *, now: datetime, cursor: str | None = None) -> None:
    """Note that a source could be read, new records or none."""
    values: dict[str, Any] = {"last_success": now, "failure": "", "failing_since": None, "needs_person": 0}
    if cursor is not None:
        values["cursor"] = cursor
    tx.execute(update(sources).where(sources.c.name == name).values(values))


def source_failed(tx: Connection, name: str, *, why: str, now: datetime, needs_person: bool = False) -> None:
    """Note that a source could not be read, and why; its cursor stays where it was."""
    began = func.coalesce(sources.c.failing_since, bindparam("began", now, type_=Moment))
    values = {"last_failure": now, "failure": why, "failing_since": began, "needs_person": int(needs_person)}
    tx.execute(update(sources).where(sources.c.name == name).values(values))


def _last_load(tx: Connection, source: str, sha256: str, condition: Any) -> LoadState | None:
    same = select(*_LOAD).where(loads.c.source == source, loads.c.sha256 == sha256, condition)
    row = tx.execute(same.order_by(loads.c.id.desc()).limit(1)).first()
    return None if row is None else _load_state(row)


def _load_state(row: Row[Any]) -> LoadState:
    return LoadState._make(row)


def source_kinds(tx: Connection) -> dict[str, str]:
    """What kind each source is of, by its name."""
    return {row.name: row.kind for row in tx.execute(select(sources.c.name, sources.c.kind))}
