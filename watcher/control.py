"""The daemon's ear: a unix socket on which `watcher check` asks a running daemon for a turn.

One line of JSON each way. Only the daemon's own user can open the socket.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from watcher.core.errors import Locked, StoreError
from watcher.log import tell_of

#: Answers a question: ``{"ask": "turn"}`` with what `check` would print.
Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]

_LONGEST = 1 << 20
#: How long a caller may take to put its question.
_PATIENCE_S = 5.0


class Ear:
    """Listens until it is closed; questions are answered one after the other.

    :raises StoreError: when there can be no socket at the path.
    """

    def __init__(self, path: Path, answer: Answer) -> None:
        self._path = path
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            path.unlink(missing_ok=True)
            self._socket.bind(str(path))
            path.chmod(0o600)
        except OSError as error:
            self._socket.close()
            # A path that is too long is refused by Python itself, which gives no reason of the system's.
            todo = (
                "state_dir must belong to whoever runs watcher" if error.strerror else "set state_dir to a shorter path"
            )
            raise StoreError(
                f"the daemon's socket cannot be made: {error.strerror or error}", where=str(path), todo=todo
            ) from None
        self._socket.listen(8)
        self._thread = threading.Thread(target=self._listen, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            # A caller that says nothing, or nonsense, or has gone away, must not make us deaf for the next one.
            try:
                with caller:
                    self._converse(caller)
            except (ValueError, OSError, RecursionError):
                pass
            except Exception as fault:  # noqa: BLE001 - whatever goes wrong over one question, the next is heard
                tell_of(fault, "a question could not be answered")

    def _converse(self, caller: socket.socket) -> None:
        caller.settimeout(_PATIENCE_S)
        with caller.makefile("rb") as lines:
            question = json.loads(lines.readline(_LONGEST))
        if isinstance(question, dict):
            caller.sendall(json.dumps(self._answer(question)).encode() + b"\n")


def ask(path: Path, question: Mapping[str, Any], *, timeout_s: float) -> dict[str, Any]:
    """Put a question to the daemon.

    :raises Locked: when it does not answer.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(timeout_s)
            channel.connect(os.fspath(path))
            channel.sendall(json.dumps(question).encode() + b"\n")
            with channel.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline(_LONGEST))
                return answer
    except (OSError, ValueError):
        raise Locked("the daemon is running and does not answer", where=str(path), todo="try again later") from None
