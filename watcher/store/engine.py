"""The store: one database, opened, with its transactions.

Writers take turns; readers see one moment and wait for nobody.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Self, cast

from sqlalchemy import Connection, Engine

from watcher.core.errors import Locked, SchemaMismatch, StoreError
from watcher.store import connection
from watcher.store.address import Address
from watcher.store.at_rest import AtRest
from watcher.store.fault import RESTORE, explained
from watcher.store.filesystem import create_private, is_on_network, refuse_unfit
from watcher.store.lock import PATIENCE_S, WriteLock
from watcher.store.schema import APPLICATION_ID, SCHEMA_REVISION

#: On PostgreSQL whoever reads in or judges holds this lock to the end of the transaction.
_ALONE = 0x7774636A


class Store:
    """An open store. Open it with :meth:`open`, make it with :func:`watcher.store.migrate.create`."""

    def __init__(self, address: Address, *, read_only: bool, migrating: bool) -> None:
        self._address = address
        self._read_only = read_only
        self._migrating = migrating
        self._lock = WriteLock(_lock_path(address.path))
        self._wrote = False
        self._presence: Connection | None = None
        self._resting = AtRest.found(address.path) if read_only and address.path is not None else None
        self._writer, self._reader = self._engines()

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> Self:
        """Open a store.

        :param read_only: nothing is written, so that one may be read whose folder belongs to somebody else.
        :raises SchemaMismatch: when it is of an older or a newer version of watcher.
        :raises StoreError: when there is none, it is not ours, or it cannot be read.
        """
        address = Address.parse(url)
        if address.path is not None:
            refuse_unfit(address.path)
        store = cls(address, read_only=read_only, migrating=False)
        with ExitStack() as on_failure:
            on_failure.callback(store.close)
            store.check_schema()
            store._leave_log_behind()
            on_failure.pop_all()
        return store

    @classmethod
    def unchecked(cls, url: str, *, create: bool = False) -> Self:
        """Open a database without looking at its tables: for migrations, and for the backup before one.

        :param create: make the file where there is none.
        :raises StoreError: when there is none, or it cannot be opened.
        """
        address = Address.parse(url)
        if address.path is not None:
            if create:
                create_private(address.path)
            refuse_unfit(address.path)
        return cls(address, read_only=False, migrating=True)

    @property
    def url(self) -> str:
        """The address it was opened with; may hold a password."""
        return self._address.url.render_as_string(hide_password=False)

    @property
    def shown(self) -> str:
        """The address as it may be printed."""
        return self._address.shown

    @property
    def path(self) -> Path | None:
        """The database file; None for PostgreSQL and for a store in memory."""
        return self._address.path

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite."""
        return self._address.is_sqlite

    def __repr__(self) -> str:
        return f"Store({self.shown!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[Connection]:
        """One write transaction: all of it is durable at the end, or nothing of it happened.

        :param alone: on PostgreSQL, too, one such at a time: several daemons may share a server, and none is to judge on
            what another is about to change. On SQLite every one is alone.
        :raises Locked: when another writer does not finish.
        :raises StoreError: when the database cannot be written.
        """
        if self._read_only:
            raise StoreError("the store was opened for reading only", where=self.shown)
        self._wrote = True
        with self._turn(), explained(self.shown), self._writer.begin() as tx:
            if alone and not self.is_sqlite:
                tx.exec_driver_sql(f"select pg_advisory_xact_lock({_ALONE})")
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One read transaction: everything read in it is of one moment.

        :raises StoreError: when the database cannot be read.
        """
        with ExitStack() as stack:
            if self.path is None and self.is_sqlite:
                # In memory there is one connection for all.
                stack.enter_context(self._lock.held())
            if self._resting is not None:
                stack.enter_context(self._resting.undisturbed())
            stack.enter_context(explained(self.shown))
            tx = stack.enter_context(self._reader.connect())
            if not self.is_sqlite:
                tx = tx.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            stack.enter_context(tx.begin())
            yield tx

    def vacuum(self) -> None:
        """Give what was deleted back to the disk; a SQLite file is written anew, and nobody else writes meanwhile.

        :raises StoreError: when there is no room for the copy that is made on the way.
        """
        with self._turn(), explained(self.shown), self._writer.connect() as connection:
            connection.connection.cursor().execute("VACUUM")

    def content(self) -> bytes:
        """Every page of a store in memory."""
        with self._writer.connect() as connection:
            return _driver(connection).serialize()

    def fill(self, content: bytes) -> None:
        """Put the pages of another store into one in memory."""
        with closing(sqlite3.connect(":memory:")) as other, self._writer.connect() as connection:
            other.deserialize(content)
            other.backup(_driver(connection))

    def announce(self, boot: str) -> None:
        """Let other processes on the same server see, as long as this one lives, that it does.

        A SQLite file has one sender, by a lock on a file; there it does nothing.
        """
        if not self.is_sqlite and self._presence is None:
            with explained(self.shown):
                self._presence = self._writer.connect()
                # The lock goes with the connection, so it must not go back into the pool.
                self._presence.detach()
                self._presence.exec_driver_sql(f"select pg_advisory_lock({presence_key(boot)})")
                self._presence.commit()

    def check_schema(self) -> None:
        """Refuse a database that is not ours, or of another version.

        :raises SchemaMismatch: when it is of an older or a newer version of watcher.
        :raises StoreError: when it is not ours.
        """
        found = self.revision()
        if found is None:
            raise StoreError("this is no store of watcher", where=self.shown, todo="run: watcher init")
        if found == SCHEMA_REVISION:
            return
        if found.isdigit() and int(found) < int(SCHEMA_REVISION):
            what, todo = f"the store has the tables of an older version ({found})", "run: watcher migrate"
        else:
            what, todo = f"the store has the tables of a newer version ({found})", "install a newer watcher"
        raise SchemaMismatch(f"{what}; this one needs {SCHEMA_REVISION}", where=self.shown, todo=todo)

    def revision(self) -> str | None:
        """The revision of its tables; None when it has none.

        :raises StoreError: when it belongs to somebody else.
        """
        with self.reading() as tx:
            if is_sqlite(tx):
                self._refuse_foreign(tx)
            if not has_table(tx, "alembic_version"):
                return None
            found = tx.exec_driver_sql("select version_num from alembic_version").scalar()
        return None if found is None else str(found)

    def quick_check(self) -> None:
        """Read every page of a SQLite file once.

        :raises StoreError: when one of them is damaged.
        """
        if not self.is_sqlite:
            return
        with self.reading() as tx:
            found = [str(row[0]) for row in tx.exec_driver_sql("PRAGMA quick_check(3)")]
        if found != ["ok"]:
            raise StoreError(f"the store is damaged: {'; '.join(found)}", where=self.shown, todo=RESTORE)

    def close(self) -> None:
        """Move the log into the database, when something was written, and let go of every connection."""
        with ExitStack() as stack:
            if self._presence is not None:
                self._presence.close()
                self._presence = None
            is_last = self._wrote and self._took_turn(stack)
            stack.callback(self._writer.dispose)
            self._reader.dispose()
            if is_last:
                self._checkpoint()

    def _took_turn(self, stack: ExitStack) -> bool:
        try:
            stack.enter_context(self._turn(patience_s=1.0))
        except Locked:
            # Somebody else writes and will checkpoint; our connection is not the last one.
            return False
        return True

    def _checkpoint(self) -> None:
        if self.path is not None:
            with explained(self.shown), self._writer.connect() as tx:
                log = tx.connection.cursor()
                # A reader elsewhere may hold the log for long, or an error have left a statement of ours unfinished,
                # and the error is what is to be told: then the log stays as it is.
                with suppress(sqlite3.OperationalError):
                    log.execute("PRAGMA busy_timeout=500")
                    log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                log.close()

    @contextmanager
    def _turn(self, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
        if self.is_sqlite:
            with self._lock.held(patience_s=patience_s):
                yield
        else:
            yield

    def _engines(self) -> tuple[Engine, Engine]:
        if not self.is_sqlite:
            engine = connection.postgres(self._address)
            return engine, engine
        if self.path is None:
            engine = connection.sqlite_memory()
            return engine, engine
        journal = "DELETE" if is_on_network(self.path) else "WAL"
        writer = connection.sqlite_writer(self.path, journal=journal, foreign_keys=not self._migrating)
        return writer, connection.sqlite_reader(self.path, at_rest=self._resting is not None)

    def _leave_log_behind(self) -> None:
        """On a network file system, make a store that came with a write-ahead log do without."""
        if self.path is not None and not self._read_only and is_on_network(self.path):
            # Only while nobody else has it open can the journal be changed.
            self._reader.dispose()
            with self.writing():
                pass

    def _refuse_foreign(self, tx: Connection) -> None:
        mark = tx.exec_driver_sql("PRAGMA application_id").scalar()
        is_empty = tx.exec_driver_sql("select count(*) from sqlite_schema").scalar() == 0
        if mark != APPLICATION_ID and not is_empty:
            todo = "set store.url to another file"
            raise StoreError("this SQLite file belongs to another program", where=self.shown, todo=todo)


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def is_sqlite(tx: Connection) -> bool:
    """Whether a transaction runs on SQLite; else it runs on PostgreSQL."""
    return tx.dialect.name == "sqlite"


def presence_key(boot: str) -> int:
    """The number of the lock that a living process holds on a PostgreSQL server."""
    return int.from_bytes(hashlib.blake2b(boot.encode(), digest_size=8).digest(), "big", signed=True)


def has_table(tx: Connection, name: str) -> bool:
    """Whether a table exists."""
    return tx.dialect.has_table(tx, name)


def _lock_path(path: Path | None) -> Path | None:
    return None if path is None else path.with_name(f"{path.name}.write.lock")
