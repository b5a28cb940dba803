"""Takes turns in forked children, so that a kill hits the turn and not the imports.

``python -m tests.chaos.turner SETTINGS``: for each line on standard input a child runs ``watcher check``; it prints its
process number when it starts, the moment of its first commit and the CPU it used until its first request, and its exit
code is printed when it is over. A line may name a point at which the child kills itself: ``claim:after:2`` is after the
second call of ``claim``.

What failed is due again within a twentieth of a second, so that a test need not wait for our schedule.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Self

from tests.chaos.mutants import MUTANTS
from tests.chaos.points import after_first_commit, arm, before_first_request
from watcher import cli
from watcher.cli import check  # noqa: F401 - imported once, for all children
from watcher.core import delivery
from watcher.core.delivery import OutcomeClass

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 180
_SOON = timedelta(milliseconds=50)
_COMMITTED, _DIALLED = "committed at", "dialled after"


def hurry() -> None:
    """Make every schedule a short one."""
    soon = (_SOON,)
    delivery._SCHEDULES = dict.fromkeys(OutcomeClass, soon)
    delivery._BUSY_WAIT = delivery._GREYLIST_WAIT = _SOON
    delivery.FAST = soon * 9


def main(settings: str, mutant: str = "") -> None:
    hurry()
    if mutant:
        MUTANTS[mutant](setattr)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            print(os.getpid(), flush=True)
            after_first_commit(lambda: print(f"{_COMMITTED} {time.monotonic()}", flush=True))
            before_first_request(lambda: print(f"{_DIALLED} {time.process_time()}", flush=True))
            if point := line.strip():
                arm(point)
            os._exit(cli.main(["check", "--config", settings, "--format", "json"]))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


class Turner:
    """Takes turns one after the other, and kills some of them."""

    def __init__(self, settings: Path, *, mutant: str = "") -> None:
        #: When the last turn began, and when it first committed, by the monotonic clock; None: it did not come so far.
        self.begun = 0.0
        self.committed: float | None = None
        #: Seconds that the last turn took that nobody killed.
        self.whole_s = 0.0
        #: Seconds of CPU that it used before its first request.
        self.cpu: float | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.turner", str(settings), mutant],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()

    def turn(self, *, kill_after_s: float | None = None, at: str = "") -> int:
        """The exit code of one turn; -9 when it was killed."""
        assert self._process.stdin is not None
        self.begun, self.committed, self.cpu = time.monotonic(), None, None
        print(at, file=self._process.stdin, flush=True)
        child = int(self._line())
        timer = None
        if kill_after_s is not None:
            timer = threading.Timer(kill_after_s, _kill, [child])
            timer.start()
        code = self._next_number()
        if timer is not None:
            timer.cancel()
        if code != -signal.SIGKILL:
            self.whole_s = time.monotonic() - self.begun
        return code

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _next_number(self) -> int:
        """What the child itself prints is JSON; the exit code is the line that is a number."""
        while True:
            line = self._line()
            assert line, f"the turner has died; its exit code: {self._process.wait(PATIENCE_S)}"
            if line.startswith(_COMMITTED):
                self.committed = float(line.removeprefix(_COMMITTED))
            if line.startswith(_DIALLED):
                self.cpu = float(line.removeprefix(_DIALLED))
            if line.strip().lstrip("-").isdigit():
                return int(line)


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main(*sys.argv[1:])
