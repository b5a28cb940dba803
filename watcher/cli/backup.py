"""`watcher backup`: a verified copy of the store."""

from __future__ import annotations

from pathlib import Path

import click

from watcher.cli.opening import config_option, open_settings, open_store
from watcher.store.backup import backup


@click.command()
@config_option
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def command(config: Path | None, target: Path) -> int:
    r"""Copy the store to TARGET while it is in use, and verify the copy.

    The copy is complete or absent. Beside it lies TARGET.sha256; check it with `sha256sum -c`. To go back, stop
    watcher and put the copy in the place of the store.

    \b
    watcher backup /backups/watcher-$(date +%F).db
    """
    with open_store(open_settings(config)) as store:
        report = backup(store, target)
    print(f"{report.path}: {report.bytes} bytes, sha256 {report.sha256}")
    return 0
