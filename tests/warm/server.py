"""Commands in processes of their own that need not import anything.

``python -m watcher`` takes half a second of processor to import what most tests do not ask about. Here one process imports
everything, and each command is forked from it: with its own streams, folder, environment and exit code, as from a shell.
What an import, a locale, a umask or a signal may change is asked of ``python -m watcher`` itself.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import select
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import watcher
from watcher.__main__ import main

#: Longer than any command line and environment of a test.
_LONGEST = 1 << 20


def serve(address: str) -> None:
    """Take one command from each connection, for as long as this process is let live."""
    for module in pkgutil.walk_packages(watcher.__path__, "watcher."):
        import_module(module.name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(address)
        server.listen()
        print("ready", flush=True)
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _wait_for_command(connection)
            connection.close()
            _bury_the_dead()


def _bury_the_dead() -> None:
    """Take leave of those that waited for a command which has ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _wait_for_command(connection: socket.socket) -> None:
    """Fork once more, and answer with the exit code."""
    said, streams, _, _ = socket.recv_fds(connection, _LONGEST, 3)
    command = os.fork()
    if command == 0:
        connection.close()
        _become(json.loads(said), streams)
    for stream in streams:
        os.close(stream)
    asker, ended = connection.fileno(), os.pidfd_open(command)
    if asker in select.select([asker, ended], [], [])[0]:
        # Whoever asked was killed; nobody waits for an answer.
        os.kill(command, signal.SIGKILL)
        os._exit(0)
    _, status = os.waitpid(command, 0)
    connection.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(asked: dict[str, Any], streams: list[int]) -> None:
    """Run the command, and end as Python ends."""
    given = dict(zip(asked["open"], streams, strict=True))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        _connect(number, name, given.get(number))
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["watcher", *asked["arguments"]]
    main()


def _connect(number: int, name: str, given: int | None) -> None:
    """Make what was given a standard stream, as Python does when it starts: a closed one is None."""
    stream = None
    if given is None:
        os.close(number)
    else:
        os.dup2(given, number)
        os.close(given)
        mode = "w" if number else "r"
        at_once = number == 2 or os.isatty(number)
        stream = os.fdopen(number, mode, encoding="utf-8", buffering=1 if at_once else -1)
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)


if __name__ == "__main__":
    serve(sys.argv[1])
