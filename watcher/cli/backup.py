"""`watcher backup`: a verified copy of the store."""

from __future__ import annotations

from pathlib import Path

import click

from watcher import clock
from watcher.cli.number import Whole
from watcher.cli.opening import config_option, open_settings, open_store
from watcher.cli.table import safe
from watcher.core.errors import UsageError
from watcher.core.message.phrase import counted
from watcher.store.backup import BackupReport, backup, verify_backup
from watcher.store.rotation import backup_name, rotate


@click.command()
@config_option
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Check the backup TARGET that is there; make none.")
@click.option(
    "--keep",
    type=Whole(),
    metavar="N",
    help="TARGET is a folder: put the backup there under a name of its own, and remove all but the newest N.",
)
def command(config: Path | None, target: Path, *, verify: bool, keep: int | None) -> int:
    r"""Copy the store to TARGET while it is in use, and verify the copy.

    The copy is complete or absent. Beside it lies TARGET.sha256; check it with `sha256sum -c`, or with --verify. To go
    back, stop watcher and run `watcher restore TARGET`.

    With --keep, older backups are removed only when the new one is verified, and only those that this installation made
    this way. Two installations of the same name need two folders.

    \b
    watcher backup /backups/watcher.db
    watcher backup --keep 14 /backups
    """
    if verify and keep:
        raise UsageError("--verify makes no backup, so there is nothing to keep", todo="leave out --verify or --keep")
    if verify:
        if target.is_dir():
            raise UsageError(f"{target} is a folder", todo="name the backup in it")
        report = verify_backup(target)
        print(f"{report.path}: whole, {report.bytes} bytes, sha256 {report.sha256}")
        return 0
    _refuse_wrong_kind(target, is_folder=keep is not None)
    settings = open_settings(config)
    with open_store(settings) as store:
        name = backup_name(settings.instance, clock.wall())
        report = backup(store, target / name if keep else target)
    print(f"{report.path}: {report.bytes} bytes, sha256 {report.sha256}")
    if keep:
        _rotate(report, settings.instance, keep)
    return 0


def _refuse_wrong_kind(target: Path, *, is_folder: bool) -> None:
    if is_folder and not target.is_dir():
        raise UsageError(f"{target} is no folder", todo="make it, or name the one that the backups are kept in")
    if not is_folder and target.is_dir():
        raise UsageError(f"{target} is a folder", todo="name a file in it, or say how many to --keep there")


def _rotate(report: BackupReport, instance: str, keep: int) -> None:
    rotated = rotate(report.path, instance=instance, keep=keep)
    if rotated.removed:
        names = ", ".join(path.name for path in rotated.removed)
        print(f"removed {counted(len(rotated.removed), 'older backup')}: {safe(names)}")
    for path in rotated.strange:
        print(f"{safe(str(path))} is not what was written there, and stays; look at it, and remove it by hand")
