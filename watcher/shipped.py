"""Where the files lie that come with the package: rule packs, migrations, and what is deployed."""

from __future__ import annotations

import shutil
from pathlib import Path

from watcher.core.errors import UsageError

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The folder ``name`` as installed with the package, else as it lies in the checkout."""
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def copy_rules(target: Path) -> None:
    """Copy the shipped rules into a new folder; only its owner may write there, whatever modes they were installed with.

    :raises UsageError: when they are not there.
    """
    origin = shipped("rules")
    if not origin.is_dir():
        todo = "install watcher anew, or use --empty"
        raise UsageError("the shipped rules are not there", where=str(origin), todo=todo)
    shutil.copytree(origin, target)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
