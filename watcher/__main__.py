"""``python -m watcher``, and the command ``watcher``."""

from __future__ import annotations

import gc
import os
import sys

from watcher import cli
from watcher.cli import uncaught


def main() -> None:
    """Run the command line; what it writes is for its own user and group, whatever cron's umask is."""
    os.umask(0o027)
    uncaught.watch()
    # Importing makes many objects and no garbage; to look for some at every 700th is a tenth of a short command's time.
    gc.set_threshold(50_000)
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
