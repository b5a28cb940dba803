"""Takes turns in forked children, so that a kill hits the turn and not the imports.

``python -m tests.chaos.turner SETTINGS``: for each line on standard input a child runs ``watcher check``; its process
number is printed when it starts, its exit code when it is over.
"""

from __future__ import annotations

import os
import sys

from watcher import cli
from watcher.cli import check  # noqa: F401 - imported once, for all children


def main(settings: str) -> None:
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(cli.main(["check", "--config", settings, "--format", "json"]))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
