"""The key that signs links: one that is named in the settings, or one of our own in the state directory."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from watcher.config.secret import reveal
from watcher.core.errors import StoreError
from watcher.core.secret import SecretReference

NAME = "links.key"


def own_key(folder: Path) -> bytes:
    """The key in a folder, made when there is none yet; only its owner can read it.

    :raises StoreError: when it cannot be made.
    :raises ConfigError: when it cannot be read, or others could.
    """
    path = folder / NAME
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return reveal(SecretReference(file=str(path)), environ={}, folder=folder).get_secret_value().encode()
    except OSError as error:
        todo = "state_dir must belong to whoever runs watcher; or name a key: web: {secret: {file: ...}}"
        raise StoreError(f"the key of links cannot be made: {error.strerror}", where=str(path), todo=todo) from None
    key = secrets.token_urlsafe(32)
    with os.fdopen(file, "w", encoding="ascii") as new:
        new.write(key)
        new.flush()
        os.fsync(new.fileno())
    return key.encode()
