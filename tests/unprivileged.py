"""Commands run as somebody to whom the modes of files and folders matter: they do not to root."""

from __future__ import annotations

import os
import shutil
from functools import cache

import pytest


@cache
def bound_by_modes() -> tuple[str, ...]:
    """What to put before a command; the test is skipped where root cannot give its privilege away."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root may write everywhere, and there is no setpriv to give that up")
    return (setpriv, "--bounding-set", "-dac_override,-dac_read_search", "--")
