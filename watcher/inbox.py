"""The inbox: which files of the sources are there, and which are new since the last look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from watcher.core.errors import SourceUnavailable
from watcher.ingest import Feed

_PATTERN = re.compile(r"[*?\[]")

#: Size and time of the last change: by these a file is known again without reading it.
Shape = tuple[int, int]


class Inbox:
    """Remembers what a running process has seen, so that a look at a folder costs no more than the look."""

    def __init__(self) -> None:
        self._looked: dict[str, datetime] = {}
        self._found: dict[Path, Shape] = {}
        #: By source and file: two sources may read one file in two ways.
        self._seen: dict[tuple[str, Path], Shape] = {}

    def is_due(self, feed: Feed, now: datetime) -> bool:
        """Whether it is time to look at a source again; a clock that was set back makes it time."""
        looked = self._looked.get(feed.name)
        return looked is None or not looked <= now < looked + feed.every

    def new_files(self, feed: Feed, now: datetime) -> list[Path]:
        """The files of a source that were not there, or not like this, at the last look.

        :raises SourceUnavailable: when one of its folders cannot be looked into.
        """
        self._looked[feed.name] = now
        # Before they are read: what is written to a file while it is read makes it new again.
        self._found = {path: _shape(path) for path in files_of(feed)}
        return [path for path, shape in self._found.items() if self._seen.get((feed.name, path)) != shape]

    def has_seen(self, feed: Feed, path: Path) -> bool:
        """Whether a file is as it was when it was remembered."""
        return self._seen.get((feed.name, path)) == _shape(path)

    def remember(self, feed: Feed, path: Path) -> None:
        """Note that there is nothing new to learn from a file until it changes."""
        self._seen[feed.name, path] = _shape(path)

    def note(self, feed: Feed, path: Path) -> None:
        """Note that a file was read to its end, or refused: either way there is nothing new to learn from it."""
        self._seen[feed.name, path] = self._found[path]


def _shape(path: Path) -> Shape:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)


def files_of(feed: Feed) -> list[Path]:
    """The files of a source: each path is a file, a folder, or a pattern of names.

    Names that begin with a dot or end in ``.part`` or ``.tmp`` are files still being written.

    :raises SourceUnavailable: when one of them is not there, or cannot be looked into: a folder that is not mounted is no
        quiet week.
    """
    found: set[Path] = set()
    for path in feed.paths:
        try:
            found.update(each for each in _candidates(path) if each.is_file() and _is_complete(each))
        except OSError as error:
            raise SourceUnavailable(f"cannot be looked into: {error.strerror}", where=str(path)) from None
    return sorted(found)


def _candidates(path: Path) -> Iterator[Path]:
    if not _PATTERN.search(path.name) and not path.exists():
        raise SourceUnavailable("there is no such file or folder", where=str(path), todo="see paths in watcher.yaml")
    return path.iterdir() if path.is_dir() else path.parent.glob(path.name)


def _is_complete(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix not in {".part", ".tmp"}
