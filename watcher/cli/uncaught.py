"""What nobody caught: a fault in a thread, at the very end of a process, or where an object is thrown away.

Python would print it as it is, with whatever its text holds. Here it goes to the log as every fault does: structured, and
without secrets.
"""

from __future__ import annotations

import sys
import threading
from types import TracebackType


def watch() -> None:
    """See to it that every fault of this process is logged."""
    sys.excepthook = _of_the_process
    threading.excepthook = _of_a_thread
    sys.unraisablehook = _of_an_object


def _of_the_process(_kind: type[BaseException], fault: BaseException, _trace: TracebackType | None) -> None:
    _log(fault, "the process ended by a fault")


def _of_a_thread(told: threading.ExceptHookArgs) -> None:
    # A thread may end itself.
    if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
        _log(told.exc_value, "a thread ended by a fault", thread=told.thread.name if told.thread else "")


def _of_an_object(told: sys.UnraisableHookArgs) -> None:
    if told.exc_value is not None:
        _log(told.exc_value, "a fault where nobody could catch it", where=type(told.object).__name__)


def _log(fault: BaseException, event: str, **about: object) -> None:
    # Imported here, so that a command without a fault does not wait for it.
    from watcher.log import tell_of

    tell_of(fault, event, **about)
