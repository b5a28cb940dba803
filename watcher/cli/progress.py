"""A line on a terminal that says how far a long piece of work is, and leaves no trace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: How often the line is written anew, in days gone through.
EVERY = 10


class Line:
    """Told after each day of each rule how many of the days have been gone through."""

    def __init__(self) -> None:
        self._rules = 1
        self._is_there = False

    def __call__(self, done: int, days: int) -> None:
        """Write the line anew, now and then."""
        if done % EVERY == 0:
            said = f"replaying rule {self._rules}: day {done} of {days}"
            print(f"\r\033[K{said}", end="", file=sys.stderr, flush=True)
            self._is_there = True
        self._rules += done == days

    def clear(self) -> None:
        """Take the line away."""
        if self._is_there:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self._is_there = False


@contextmanager
def progress() -> Iterator[Line | None]:
    """The line while something goes on; None where nobody watches."""
    line = Line() if sys.stderr.isatty() else None
    try:
        yield line
    finally:
        if line is not None:
            line.clear()
