"""Transfer: a whole store into another database, row for row, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Table

from watcher.core.errors import StoreError
from watcher.store.bulk import insert_rows
from watcher.store.engine import Store, is_sqlite
from watcher.store.schema import metadata

_BATCH = 2_000
#: What a new store holds already.
_GIVEN = frozenset({"delivery_edge", "house"})

#: Called with (table, rows done) while a transfer goes on.
Progress = Callable[[str, int], None]


class Moved(NamedTuple):
    """One table that was moved."""

    table: str
    rows: int
    #: Over every value of every row, in the order of the primary key; the same on both sides.
    digest: str


def transfer(source: Store, target: Store, *, progress: Progress | None = None) -> list[Moved]:
    """Copy every table in one transaction, and compare the two row for row before it ends.

    :param target: a new store without a row.
    :raises StoreError: when the target holds something, or what arrived is not what was sent.
    """
    with source.reading() as outgoing, target.writing(alone=True) as incoming:
        _refuse_used(incoming, target)
        moved = [_move(outgoing, incoming, table, progress) for table in metadata.sorted_tables]
        for table in metadata.sorted_tables:
            _count_on(incoming, table)
        for each in moved:
            arrived = _digest(_rows(incoming, metadata.tables[each.table]))
            if arrived != (each.rows, each.digest):
                raise StoreError(f"table {each.table!r} arrived changed; nothing was kept", where=target.shown)
    return moved


def _refuse_used(tx: Connection, target: Store) -> None:
    for table in metadata.sorted_tables:
        if table.name not in _GIVEN and tx.exec_driver_sql(f'select 1 from "{table.name}" limit 1').first():
            what = f"the store to move into is in use: its table {table.name!r} has rows"
            raise StoreError(what, where=target.shown, todo="name a new database")


def _move(outgoing: Connection, incoming: Connection, table: Table, progress: Progress | None) -> Moved:
    columns = tuple(column.name for column in table.columns)
    if table.name in _GIVEN:
        incoming.exec_driver_sql(f'delete from "{table.name}"')
    done, digest, rows = 0, hashlib.sha256(), _rows(outgoing, table)
    while batch := list(islice(rows, _BATCH)):
        insert_rows(incoming, table, columns, batch)
        for row in batch:
            digest.update(repr(row).encode())
        done += len(batch)
        if progress:
            progress(table.name, done)
    return Moved(table.name, done, digest.hexdigest())


def _rows(tx: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """Every row in the order of the primary key, or of all columns, with values that are the same on both engines."""
    listed = ", ".join(f'"{column.name}"' for column in table.columns)
    key = ", ".join(_in_order(column.name, column.type, tx) for column in list(table.primary_key) or table.columns)
    found = tx.execution_options(stream_results=True, max_row_buffer=_BATCH).exec_driver_sql(
        f'select {listed} from "{table.name}" order by {key}'
    )
    for row in found:
        yield tuple(bytes(value) if isinstance(value, bytes | memoryview) else value for value in row)


def _in_order(name: str, kind: object, tx: Connection) -> str:
    """A column to sort by: text by its bytes, whatever the database's language."""
    is_text = not isinstance(kind, Integer) and not is_sqlite(tx)
    return f'"{name}" collate "C"' if is_text and str(kind) == "TEXT" else f'"{name}"'


def _digest(rows: Iterator[tuple[Any, ...]]) -> tuple[int, str]:
    digest, number = hashlib.sha256(), 0
    for row in rows:
        digest.update(repr(row).encode())
        number += 1
    return number, digest.hexdigest()


def _count_on(tx: Connection, table: Table) -> None:
    """Let PostgreSQL's counters go on behind the highest number; SQLite finds it by itself."""
    if is_sqlite(tx):
        return
    for column in table.primary_key:
        sequence = tx.exec_driver_sql("select pg_get_serial_sequence(%s, %s)", (table.name, column.name)).scalar()
        if sequence:
            highest = f'(select max("{column.name}") from "{table.name}")'
            tx.exec_driver_sql(f"select setval('{sequence}', coalesce({highest}, 1), {highest} is not null)")
