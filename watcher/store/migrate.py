"""Migrations: the one module that knows Alembic, which is slow to import and rarely needed.

All steps run in one transaction: a migration that fails leaves the store as it was.
"""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from watcher.core.errors import SchemaMismatch, StoreError
from watcher.shipped import shipped
from watcher.store.engine import Store, is_sqlite
from watcher.store.schema import APPLICATION_ID


def create(url: str) -> Store:
    """Make the tables of a new store and open it; a store of this version is only opened.

    :raises SchemaMismatch: when there is a store of another version.
    :raises StoreError: when the place is taken by something else, or cannot be written.
    """
    store = Store.unchecked(url, create=True)
    if store.is_sqlite and store.path is None:
        store.fill(_empty())
        return store
    if store.revision() is None:
        _upgrade(store)
    store.close()
    return Store.open(url)


def migrate(url: str) -> list[str]:
    """Bring a store to this version; the revisions that were applied, oldest first.

    The caller takes a backup before.

    :raises SchemaMismatch: when it is of a newer version.
    :raises StoreError: when there is no store, or it cannot be written.
    """
    with Store.unchecked(url) as store:
        if store.revision() is None:
            raise StoreError("this is no store of watcher", where=store.shown, todo="run: watcher init")
        return _upgrade(store)


def current(url: str) -> str | None:
    """The revision of a store's tables; None when it has none.

    :raises StoreError: when there is no store, or it belongs to another program.
    """
    with Store.unchecked(url) as store:
        return store.revision()


@cache
def _empty() -> bytes:
    """A store in memory, as it is made: rule tests take one after the other, and migrating takes longer than most of them."""
    with Store.unchecked("sqlite://") as store:
        _upgrade(store)
        store.check_schema()
        return store.content()


def _upgrade(store: Store) -> list[str]:
    before = store.revision()
    with store.writing() as tx:
        if not is_sqlite(tx):
            # One migration of a PostgreSQL database at a time; the transaction's end lets go.
            tx.exec_driver_sql(f"select pg_advisory_xact_lock({APPLICATION_ID})")
        config = _config(tx)
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            # Alembic does not know the revision that the store has.
            todo = "install a newer watcher"
            raise SchemaMismatch(f"the store cannot be migrated: {error}", where=store.shown, todo=todo) from error
        if is_sqlite(tx):
            _check_foreign_keys(tx, store.shown)
    steps = ScriptDirectory.from_config(config).iterate_revisions("head", before or "base")
    return [step.revision for step in steps][::-1]


def _config(tx: Connection) -> Config:
    config = Config(attributes={"connection": tx})
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _check_foreign_keys(tx: Connection, where: str) -> None:
    broken = tx.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(1)
    if broken:
        raise StoreError(f"the migration would leave a dangling reference in {broken[0][0]}", where=where)
