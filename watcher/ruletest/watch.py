"""What a run of tests rests on, as it stands on the disk: when that changes, the tests are worth another run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from watcher.config.files import SUFFIXES

#: Size and time of the last change; None where there is no such file.
Stamp = tuple[int, int] | None


def stamps(roots: Iterable[Path]) -> Mapping[Path, Stamp]:
    """How every file stands that a run reads: those named, and those in the folders named."""
    return {path: _stamp(path) for root in dict.fromkeys(roots) for path in _files(root)}


def _files(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from sorted(path for path in root.rglob("*") if path.suffix in SUFFIXES)
    else:
        yield root


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns)
