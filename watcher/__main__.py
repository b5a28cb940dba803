"""``python -m watcher``, and the command ``watcher``."""

from __future__ import annotations

import os
import sys

from watcher import cli


def main() -> None:
    """Run the command line; what it writes is for its own user and group, whatever cron's umask is."""
    os.umask(0o027)
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
