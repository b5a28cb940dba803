"""`watcher migrate-store`: move the store into another database."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from watcher.cli.opening import config_option, open_settings
from watcher.core.errors import Locked, StoreError, UsageError
from watcher.singleton import holding, is_held
from watcher.store.engine import Store
from watcher.store.migrate import create
from watcher.store.transfer import transfer


@click.command()
@config_option
@click.argument("target", metavar="URL")
def command(config: Path | None, target: str) -> int:
    r"""Move the store that the settings name into a new database: SQLite to PostgreSQL, or back.

    All of it arrives, row for row and compared, or nothing does. The old store stays as it is: when the new one is in
    use, set `store.url`, and keep the old one until you trust it. A password belongs into ~/.pgpass or PGPASSWORD.

    \b
    systemctl stop watcher
    watcher migrate-store postgresql+psycopg://watcher@db.example.org/watcher
    # set store.url in watcher.yaml
    watcher doctor --deep && systemctl start watcher
    """
    settings = open_settings(config)
    if is_held(settings.state_dir / "daemon.lock"):
        raise Locked("the daemon is at work on this store", todo="stop it first")
    if target == settings.store.url:
        raise UsageError("that is the store that is in use", todo="name a new database")
    progress = _show if sys.stderr.isatty() else None
    with (
        holding(settings.state_dir / "turn.lock", who="a move of the store"),
        Store.open(settings.store.url, read_only=True) as source,
        _new(target) as new,
    ):
        moved = transfer(source, new, progress=progress)
        shown = new.shown
    if progress:
        print("\r\033[K", end="", file=sys.stderr)
    for each in moved:
        if each.rows:
            print(f"{each.rows:>9}  {each.table}")
    print(f"{shown} holds all of it. Set store.url in {settings.path} to it, and then: watcher doctor --deep")
    return 0


def _new(target: str) -> Store:
    """A store without a row at an address.

    :raises StoreError: when nothing can be made there.
    """
    if not target.startswith(("sqlite:///", "postgresql+psycopg://")):
        todo = "write sqlite:///path/to/watcher.db or postgresql+psycopg://host/name"
        raise UsageError("that is no address of a store", todo=todo)
    try:
        return create(target)
    except StoreError as error:
        error.todo = error.todo or "make an empty database that watcher may write"
        raise


def _show(table: str, rows: int) -> None:
    print(f"\r\033[K{table}: {rows} rows", end="", file=sys.stderr, flush=True)
