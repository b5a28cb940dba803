"""The three standard streams, whatever they are connected to: nothing, a full disk, a reader who has seen enough."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from watcher.core.errors import ExitCode


class UnwrittenError(OSError):
    """What we print cannot be written: the disk under standard output is full, for one."""


class UnheardError(UnwrittenError):
    """The reader of our output, ``head`` for one, has seen enough."""


class _Output(io.FileIO):
    """Standard output, whose faults can be told from those of any other file."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise UnheardError from None
        except OSError as error:
            raise UnwrittenError(error.strerror) from None


class _Complaints(io.FileIO):
    """Standard error: where even this cannot be written, the exit code has to say it all."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def prepare() -> None:
    """Make sure that there are three streams, and that neither they nor the locale can end a turn.

    Where standard output is closed, its number would go to the next file that is opened, perhaps the store.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w" if number else "r", encoding="utf-8"))  # noqa: PTH123, SIM115 - lives as long as we do
    sys.stdout = _guarded(sys.stdout, sys.__stdout__, _Output)
    sys.stderr = _guarded(sys.stderr, sys.__stderr__, _Complaints)


def _guarded(stream: Any, own: object, kind: type[io.FileIO]) -> Any:
    """The stream over a file of this kind, where it is the process's own; a name the locale lacks becomes an escape."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    if stream is own:
        raw = kind(stream.fileno(), "w", closefd=False)
        at_once = stream.line_buffering or stream.write_through
        stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding=stream.encoding, line_buffering=at_once)
    stream.reconfigure(errors="backslashreplace")
    return stream


def finish(code: int) -> int:
    """Bring out what is still to be printed, so that nothing is left to fail when the process ends.

    :returns: the exit code: this one, or that of a disk which is full.
    """
    try:
        sys.stdout.flush()
    except UnwrittenError as error:
        return give_up(error, code)
    return code


def give_up(error: UnwrittenError, code: int = ExitCode.OK) -> int:
    """Say that standard output cannot be written, and print nothing more; a reader who has seen enough is no fault."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    if isinstance(error, UnheardError):
        return code
    todo = "what was printed is cut off; make room, or print elsewhere"
    print(f"watcher: standard output cannot be written: {error} ({todo})", file=sys.stderr)
    return ExitCode.STORE
