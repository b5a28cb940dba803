"""Backups that follow each other in a folder: the newest are kept, and nothing else is touched but what stands here.

A backup is one of ours when its name is the one that it was given, and its bytes are those that its checksum was made
of. Whatever else lies in the folder stays there, whatever its name.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from watcher.core.errors import StoreError
from watcher.store.backup import checksum_file, flush_folder, is_as_written


class Rotated(NamedTuple):
    """What became of the older backups."""

    removed: tuple[Path, ...]
    #: Those that ought to go, and are not what was once written.
    strange: tuple[Path, ...]


def backup_name(instance: str, now: datetime) -> str:
    """The name of a backup that is taken now: ``desk-20261128T150300Z.db``."""
    return f"{instance}-{now:%Y%m%dT%H%M%SZ}.db"


def rotate(newest: Path, *, instance: str, keep: int) -> Rotated:
    """Remove all but the newest backups of an installation from the folder of the one that was just taken and verified.

    :param keep: how many stay; the one that was just taken is the first of them, whatever the names say.
    :raises StoreError: when one cannot be removed.
    """
    is_named = re.compile(rf"{re.escape(instance)}-\d{{8}}T\d{{6}}Z\.db").fullmatch
    others = [path for path in newest.parent.iterdir() if is_named(path.name) and path.name != newest.name]
    old = sorted((path for path in others if _has_checksum(path)), reverse=True)[keep - 1 :]
    removed, strange = [], []
    for path in old:
        if is_as_written(path):
            _remove(path)
            removed.append(path)
        else:
            strange.append(path)
    flush_folder(newest.parent)
    return Rotated(tuple(removed), tuple(strange))


def _has_checksum(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and checksum_file(path).is_file()


def _remove(path: Path) -> None:
    try:
        path.unlink()
        checksum_file(path).unlink()
    except OSError as fault:
        raise StoreError(
            f"an older backup cannot be removed: {fault.strerror}", where=str(path), todo="the new one is whole"
        ) from fault
