"""Commands in processes of their own that need not import anything: what to type in the place of ``python -m watcher``."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.unprivileged import as_anybody

ROOT = Path(__file__).parents[2]


@cache
def warm_watcher() -> tuple[str, ...]:
    """The words before the arguments. The process behind them is started once, and bound by the modes of files."""
    folder = Path(tempfile.mkdtemp(prefix="watcher-warm-"))
    address = folder / "socket"
    command = [*as_anybody(), sys.executable, "-m", "tests.warm.server", str(address)]
    server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    atexit.register(_end, server, folder)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return (sys.executable, "-I", "-S", str(Path(__file__).with_name("client.py")), str(address))


def _end(server: subprocess.Popen[bytes], folder: Path) -> None:
    server.terminate()
    server.wait()
    shutil.rmtree(folder)
