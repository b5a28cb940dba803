"""`watcher migrate`: bring the store to this version."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from watcher import clock
from watcher.cli.opening import config_option, open_settings
from watcher.config.settings import Settings
from watcher.core.errors import Locked
from watcher.singleton import holding, is_held
from watcher.store import migrate
from watcher.store.backup import backup
from watcher.store.engine import Store
from watcher.store.schema import SCHEMA_REVISION


@click.command()
@config_option
@click.option("--no-backup", is_flag=True, help="You have one already, e.g. by pg_dump.")
def command(config: Path | None, *, no_backup: bool) -> int:
    r"""Bring the store to this version, whole or not at all.

    A backup is taken first. A PostgreSQL store is backed up by its own tools: take one, then use --no-backup.

    \b
    systemctl stop watcher && watcher migrate && systemctl start watcher
    """
    settings = open_settings(config)
    if is_held(settings.state_dir / "daemon.lock"):
        raise Locked("the daemon is at work on this store", todo="stop it first")
    with holding(settings.state_dir / "turn.lock", who="a migration"):
        found = migrate.current(settings.store.url)
        if found == SCHEMA_REVISION:
            print(f"nothing to do: the store is of this version ({found})")
            return 0
        if not no_backup:
            _back_up(settings, found or "none", clock.wall())
        for revision in migrate.migrate(settings.store.url):
            print(f"applied {revision}")
    return 0


def _back_up(settings: Settings, revision: str, now: datetime) -> None:
    folder = settings.state_dir / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Store.unchecked(settings.store.url) as store:
        report = backup(store, folder / f"before-{revision}-{now:%Y%m%dT%H%M%SZ}.db")
    print(f"backup: {report.path}")
