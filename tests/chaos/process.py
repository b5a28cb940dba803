"""A daemon in a process of its own, whose schedules are short and whose turns follow each other at once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos.turner import PATIENCE_S, ROOT

_HURRIED = """\
import sys, time
from datetime import timedelta
from pathlib import Path
from tests.chaos.turner import hurry
hurry()
from watcher import cli, daemon
from watcher.cli import run
daemon.EVERY = timedelta(seconds=0.2)
_, loaded, point, *command = sys.argv
if point:
    from tests.chaos.points import arm
    arm(point)
if loaded:
    Path(loaded).write_text(str(time.monotonic()))
sys.exit(cli.main(command))
"""


def start(settings: Path, command: str = "run", *, at: str = "", loaded: Path | None = None) -> subprocess.Popen[str]:
    """A process of watcher.

    :param at: the point at which it kills itself.
    :param loaded: the file into which it writes the moment at which Python has loaded it, by the monotonic clock.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _HURRIED, str(loaded or ""), at, command, "--config", str(settings)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    """Kill it if it still lives."""
    process.kill()
    process.wait(PATIENCE_S)
    if process.stderr is not None:
        process.stderr.close()


def wait_for(happens: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Whether it happens in time."""
    until = time.monotonic() + patience_s
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
