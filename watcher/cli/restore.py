"""`watcher restore`: put a backup in the place of the store."""

from __future__ import annotations

from pathlib import Path

import click

from watcher import clock
from watcher.cli.opening import alone, config_option, open_settings
from watcher.core.errors import Locked, StoreError
from watcher.core.message.phrase import counted
from watcher.singleton import is_held
from watcher.store.address import Address
from watcher.store.restore import restore


@click.command()
@config_option
@click.argument("backup", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--resend", is_flag=True, help="Also send what was queued more than an hour ago.")
def command(config: Path | None, backup: Path, *, resend: bool) -> int:
    r"""Put BACKUP in the place of the store, whole or not at all.

    The backup is checked first, and brought to this version if it is older. The store that was there is kept beside it,
    as `.before-restore`. Messages that waited in the backup for more than an hour are cancelled, because they have
    probably been told since. Then the next turn reads the records anew that came after the backup.

    \b
    systemctl stop watcher && watcher restore /backups/watcher-2026-06-01.db && systemctl start watcher
    """
    settings = open_settings(config)
    address = Address.parse(settings.store.url)
    if address.path is None:
        raise StoreError("only a SQLite file can be restored", where=address.shown, todo="use pg_restore")
    if is_held(settings.state_dir / "daemon.lock"):
        raise Locked("the daemon is at work on this store", todo="stop it first")
    with alone(settings, who="a restore"):
        done = restore(address.path, backup, resend=resend, now=clock.wall())
    print(f"{address.path}: restored from {backup}")
    if done.applied:
        print(f"brought to this version: {', '.join(done.applied)}")
    if done.before is not None:
        print(f"what was there before is kept in {done.before}")
    if done.cancelled:
        again = "watcher outbox replay --state cancelled"
        print(f"{counted(done.cancelled, 'message')} from before is not sent; to send all the same: {again}")
    return 0
