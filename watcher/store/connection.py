"""Engines: how a connection is opened, and how a transaction begins.

SQLAlchemy's own transaction mode for SQLite begins too late, so that a migration or a read-then-write is not one
transaction. Here the driver begins nothing by itself, and every transaction begins with our own statement.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, StaticPool, create_engine, event

from watcher.core.errors import StoreError
from watcher.store.address import Address
from watcher.store.schema import speak_postgresql

BUSY_TIMEOUT_S = 5.0
#: Pages after which the writer moves the log into the database, in its own commit and under the write lock.
CHECKPOINT_PAGES = 1_000

_Pragmas = dict[str, str | int]

_EVERYWHERE: _Pragmas = {
    "busy_timeout": int(BUSY_TIMEOUT_S * 1_000),
    "foreign_keys": "ON",
    "trusted_schema": "OFF",
    "cell_size_check": "ON",
    "mmap_size": 0,
    "temp_store": "MEMORY",
}
_WRITER: _Pragmas = {"synchronous": "FULL", "journal_size_limit": 67_108_864, "wal_autocheckpoint": CHECKPOINT_PAGES}
_READER: _Pragmas = {"query_only": "ON", "wal_autocheckpoint": 0}


def sqlite_writer(path: Path, *, journal: str, foreign_keys: bool = True) -> Engine:
    """The one writing connection to a file.

    :param foreign_keys: off for migrations, which rebuild tables and check every key before they commit.
    """
    pragmas: _Pragmas = {**_EVERYWHERE, "journal_mode": journal, **_WRITER}
    if not foreign_keys:
        pragmas["foreign_keys"] = "OFF"
    return _sqlite(_opener(path, "rw"), pragmas, begin="BEGIN IMMEDIATE", size=1)


def sqlite_reader(path: Path, *, at_rest: bool = False) -> Engine:
    """Connections that can only read a file.

    :param at_rest: True takes it for a file that never changes (see :mod:`watcher.store.at_rest`).
    """
    mode = "ro&immutable=1" if at_rest else "ro"
    return _sqlite(_opener(path, mode), {**_EVERYWHERE, **_READER}, begin="BEGIN", size=5)


def sqlite_memory() -> Engine:
    """The one connection of a store in memory, for reading and writing."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False),
        poolclass=StaticPool,
        hide_parameters=True,
    )
    return _prepared(engine, _EVERYWHERE, "BEGIN")


def postgres(address: Address) -> Engine:
    """Connections to PostgreSQL, each tested before it is used.

    :raises StoreError: when the driver is not installed.
    """
    speak_postgresql()
    try:
        return create_engine(address.url, hide_parameters=True, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        todo = "pip install 'watcher[postgres]'"
        raise StoreError("PostgreSQL's driver is not installed", where=address.shown, todo=todo) from error


def _opener(path: Path, mode: str) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )

    return connect


def _sqlite(creator: Callable[[], sqlite3.Connection], pragmas: _Pragmas, *, begin: str, size: int) -> Engine:
    engine = create_engine(
        "sqlite:///file",
        creator=creator,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0 if size == 1 else 10,
        hide_parameters=True,
    )
    return _prepared(engine, pragmas, begin)


def _prepared(engine: Engine, pragmas: _Pragmas, begin: str) -> Engine:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name}={value}").close()

    @event.listens_for(engine, "begin")
    def begin_ourselves(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
