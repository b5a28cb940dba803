"""`watcher backup`: a verified copy of the store."""

from __future__ import annotations

from pathlib import Path

import click

from watcher.cli.opening import config_option, open_settings, open_store
from watcher.store.backup import backup, verify_backup


@click.command()
@config_option
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--verify", is_flag=True, help="Check the backup TARGET that is there; make none.")
def command(config: Path | None, target: Path, *, verify: bool) -> int:
    r"""Copy the store to TARGET while it is in use, and verify the copy.

    The copy is complete or absent. Beside it lies TARGET.sha256; check it with `sha256sum -c`, or with --verify. To go
    back, stop watcher and run `watcher restore TARGET`.

    \b
    watcher backup /backups/watcher-$(date +%F).db
    """
    if verify:
        report = verify_backup(target)
        print(f"{report.path}: whole, {report.bytes} bytes, sha256 {report.sha256}")
        return 0
    with open_store(open_settings(config)) as store:
        report = backup(store, target)
    print(f"{report.path}: {report.bytes} bytes, sha256 {report.sha256}")
    return 0
