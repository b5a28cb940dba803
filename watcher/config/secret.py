"""References to secrets become their values, at the moment they are needed and never in a message."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from watcher.core.errors import ConfigError, Problem
from watcher.core.secret import SecretReference

MAX_BYTES = 65_536
#: Where systemd puts the credentials of a unit.
CREDENTIALS = "CREDENTIALS_DIRECTORY"


def reveal(reference: SecretReference, *, environ: Mapping[str, str], folder: Path) -> SecretStr:
    """The value of a secret.

    :param folder: where a relative path of a file starts, the folder of the settings file.
    :raises ConfigError: when it cannot be had; the message names the reference and never the value.
    """
    if reference.env is not None:
        value = environ.get(reference.env, "")
        if not value:
            raise _refused(reference, "the environment variable is not set", "set it where watcher is started")
        return SecretStr(value)
    path = _path(reference, environ, folder)
    # The folder of credentials is for the one unit, whatever modes the files in it show.
    is_credential = path.parent == Path(environ.get(CREDENTIALS) or os.devnull)
    return SecretStr(_from_file(reference, path, guarded=is_credential))


def _path(reference: SecretReference, environ: Mapping[str, str], folder: Path) -> Path:
    if reference.credential is None:
        return folder / str(reference.file)
    if CREDENTIALS not in environ:
        raise _refused(reference, f"${CREDENTIALS} is not set", "systemd sets it: LoadCredential= in the unit")
    if Path(reference.credential).name != reference.credential:
        raise _refused(reference, "a credential is the name of a file, without a folder")
    return Path(environ[CREDENTIALS]) / reference.credential


def _from_file(reference: SecretReference, path: Path, *, guarded: bool) -> str:
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise _refused(reference, "it is no regular file")
            if not guarded and stat.S_IMODE(mode) & (stat.S_IRWXG | stat.S_IRWXO):
                raise _refused(reference, "others can read the file", f"chmod 600 {path}")
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a usable path"
        raise _refused(reference, f"the file cannot be read: {reason}", "check path and owner") from None
    return _text(reference, data)


def _text(reference: SecretReference, data: bytes) -> str:
    try:
        value = data.decode("utf-8").removesuffix("\n").removesuffix("\r") if len(data) <= MAX_BYTES else ""
    except UnicodeDecodeError:
        raise _refused(reference, "the file is not UTF-8 text") from None
    if not value:
        raise _refused(reference, "the file is empty or larger than 64 KiB")
    return value


def _refused(reference: SecretReference, summary: str, hint: str = "") -> ConfigError:
    return ConfigError([Problem(f"secret {reference}", 0, 0, summary, hint=hint, check="settings/secret")])
