"""Tokens: what a login has handed out, kept in a file that nobody else can read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from watcher.core.errors import StoreError

_OTHERS = 0o077


class Tokens(NamedTuple):
    """What a login has handed out."""

    access: str = ""
    #: Until when it holds, in seconds since 1970.
    until: int = 0
    #: What gets others without the password; empty where there is none.
    refresh: str = ""


def kept(path: Path, mark: str) -> Tokens:
    """The tokens of a file; none when there are none, when they are for something else, or when others could read them.

    :param mark: what they are for.
    """
    try:
        found: Any = {} if path.stat().st_mode & _OTHERS else json.loads(path.read_text(encoding="utf-8"))
        if found.get("for") == mark:
            return Tokens(str(found["access"]), int(found["until"]), str(found["refresh"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    return Tokens()


def keep(path: Path, mark: str, tokens: Tokens) -> None:
    """Write them down, whole or not at all.

    :raises StoreError: when that is not possible.
    """
    fresh = path.with_name(f"{path.name}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            json.dump({"for": mark, **tokens._asdict()}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.rename(path)
    except OSError as error:
        todo = "state_dir must be on a disk with room, and belong to whoever runs watcher"
        raise StoreError(f"a token cannot be kept: {error.strerror}", where=str(path), todo=todo) from None
