"""Commands run as somebody to whom the modes of files and folders matter: they do not to root."""

from __future__ import annotations

import os
import shutil
from functools import cache

import pytest


def bound_by_modes() -> tuple[str, ...]:
    """What to put before a command; the test is skipped where root cannot give its privilege away."""
    if os.geteuid() == 0 and not as_anybody():
        pytest.skip("root may write everywhere, and there is no setpriv to give that up")
    return as_anybody()


@cache
def as_anybody() -> tuple[str, ...]:
    """What to put before a command that root shall run as anybody else does; nothing where that is not needed, or not possible."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        return ()
    return (setpriv, "--bounding-set", "-dac_override,-dac_read_search", "--")
