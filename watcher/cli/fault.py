"""Faults of the machine under a command: a folder that is not ours, a disk that is full."""

from __future__ import annotations

import errno
import os
import shutil

from watcher.core.errors import StoreError

_ANOTHER = "name another place"
_NEXT_STEP = {
    **dict.fromkeys((errno.EACCES, errno.EPERM), f"run this as the user to whom it belongs, or {_ANOTHER}"),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room"),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST), "check the path"),
    **dict.fromkeys((errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP), _ANOTHER),
}


def told(error: OSError) -> StoreError | None:
    """What the system refused, where, and what to do; None when it does not say what it refused, which is a bug of ours."""
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        _, target, why = error.args[0][0]
        return StoreError(f"cannot be written: {why}", where=str(target))
    if not error.strerror:
        return None
    where = "" if error.filename is None or isinstance(error.filename, int) else os.fsdecode(error.filename)
    what = f"cannot be read or written: {error.strerror}" if where else error.strerror
    return StoreError(what, where=where, todo=_NEXT_STEP.get(error.errno or 0, ""))
