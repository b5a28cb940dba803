"""`python -m tests.stories FILE...`: play stories, and write down in them what really happened, for their author to read."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.stories.runner import play


def main(paths: list[Path]) -> None:
    """Put what really happened in the place of what was told."""
    for path in paths:
        told = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            real = play(told, Path(folder))
        path.write_text(real, encoding="utf-8")
        print(f"{path.name}: {'it came true' if real == told else 'it went otherwise, see the file'}")


if __name__ == "__main__":
    main([Path(each) for each in sys.argv[1:]])
