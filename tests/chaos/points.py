"""Named points of a turn at which a process can be killed: before and after each step that stores or sends.

They are put around the product's own functions from outside: nothing in the product knows of them. A function that is
renamed or moved is missed at once.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from watcher import app, deliver, ingest, messages
from watcher.net import wire
from watcher.store import outbox
from watcher.store.engine import Store

#: Name → where it is called from, and under which name.
_CALLED: dict[str, list[tuple[Any, str]]] = {
    "start_load": [(ingest, "start_load")],
    "record_events": [(ingest, "record_events")],
    "fold": [(ingest, "fold")],
    "mark_dirty": [(ingest, "mark_dirty")],
    "judge": [(app, "judge_what_is_due")],
    "tell": [(app, "tell")],
    "enqueue": [(messages, "enqueue")],
    "recover": [(deliver, "release_crashed")],
    "reap": [(deliver, "reap")],
    "expire": [(deliver, "expire")],
    "claim": [(deliver, "claim")],
    "dial": [(socket, "create_connection")],
    "write": [(wire.Wire, "write")],
    "read": [(wire.Wire, "read")],
    "settle": [(deliver, "settle")],
    "end_attempt": [(outbox, "_end_attempt")],
}
POINTS = tuple(f"{name}:{side}" for name in (*_CALLED, "commit") for side in ("before", "after"))


def arm(point: str) -> None:
    """Kill this process at the n-th time it comes by: ``claim:after:2``."""
    name, side, n = point.split(":")
    countdown = _Countdown(int(n))
    if name == "commit":
        Store.writing = around_commit(Store.writing, side, countdown)  # type: ignore[method-assign]
        return
    for place, attribute in _CALLED[name]:
        setattr(place, attribute, _around(getattr(place, attribute), side, countdown))


class _Countdown:
    def __init__(self, n: int) -> None:
        self._left = n

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _around(function: Callable[..., Any], side: str, countdown: _Countdown) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **how: Any) -> Any:
        if side == "before":
            countdown()
        result = function(*arguments, **how)
        if side == "after":
            countdown()
        return result

    return wrapped


def before_first_request(say: Callable[[], object]) -> None:
    """Call something when this process is about to open its first connection to a receiver."""
    dial, said = socket.create_connection, list[object]()

    def wrapped(*arguments: Any, **how: Any) -> Any:
        if not said:
            said.append(say())
        return dial(*arguments, **how)

    socket.create_connection = wrapped


def after_first_commit(say: Callable[[], object]) -> None:
    """Call something when this process has made its first write durable."""
    writing, said = Store.writing, list[object]()

    @contextmanager
    def wrapped(*arguments: Any, **how: Any) -> Iterator[Any]:
        with writing(*arguments, **how) as tx:
            yield tx
        if not said:
            said.append(say())

    Store.writing = wrapped  # type: ignore[method-assign]


def around_commit(writing: Any, side: str, countdown: Callable[[], object]) -> Any:
    @contextmanager
    def wrapped(*arguments: Any, **how: Any) -> Iterator[Any]:
        with writing(*arguments, **how) as tx:
            yield tx
            if side == "before":
                countdown()
        if side == "after":
            countdown()

    return wrapped
