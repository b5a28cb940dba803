"""The spool: what was pulled from a source, kept in files until it is in the store.

A pull writes page after page into one part; a killed pull goes on behind its last whole page. Finished, the part becomes a
batch under a name of its own, and a batch is read like any file: whole, or not at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from watcher.core.errors import StoreError
from watcher.sources.pull import Page

_BATCH = ".lines"
_NOTE = ".json"
_PART = "part"


@dataclass(frozen=True, slots=True)
class Batch:
    """What one pull brought, complete."""

    source: str
    path: Path
    rows: int
    #: Where the pull began, and where the next one begins.
    before: str
    cursor: str
    #: ``pulled``, or ``pushed`` by whoever sent it.
    how: str = "pulled"

    @property
    def is_pulled(self) -> bool:
        """Whether we asked for it, so that it holds all that we asked for."""
        return self.how == "pulled"

    @property
    def name(self) -> str:
        """What people call it: ``pulled 20261128T143200Z``."""
        return f"{self.how} {self.path.stem.partition('-')[0]}"


class Part:
    """A pull that goes on."""

    def __init__(self, folder: Path, *, begun: str, asked: str, before: str) -> None:
        self._folder = folder
        self._lines = folder / _PART
        self._note = folder / f"{_PART}{_NOTE}"
        self._known: dict[str, Any] = {"begun": begun, "asked": asked, "before": before}
        self._known |= {"bytes": 0, "rows": 0, "position": "", "unknown": []}

    @classmethod
    def begin(cls, folder: Path, *, asked: str, before: str, now: datetime) -> Part:
        """Begin a pull, or take up the one that was cut off while the same was asked.

        :param asked: what is asked, as text: another question makes another pull.
        """
        part = cls(folder, begun=f"{now:%Y%m%dT%H%M%SZ}", asked=asked, before=before)
        with _written(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = _note_of(part._note)
            if found.get("asked") == asked and found.get("before") == before and part._lines.exists():
                part._known = found
            with part._lines.open("ab") as stream:
                # What was written behind the last noted page is half a page.
                stream.truncate(part._known["bytes"])
        return part

    @property
    def position(self) -> str:
        """Behind which page to go on; empty at the beginning."""
        return str(self._known["position"])

    @property
    def unknown(self) -> frozenset[str]:
        """Keys of its rows that nobody knows."""
        return frozenset(self._known["unknown"])

    def add(self, page: Page) -> None:
        """Keep a page: its lines first, and then the note that they are there."""
        with _written(self._folder):
            with self._lines.open("ab") as stream:
                stream.write(page.lines)
                stream.flush()
                os.fsync(stream.fileno())
            known = self._known
            self._known = {
                **known,
                "bytes": known["bytes"] + len(page.lines),
                "rows": known["rows"] + page.rows,
                "position": page.position,
                "unknown": sorted({*known["unknown"], *page.unknown}),
            }
            _note_down(self._note, self._known)

    def finish(self, source: str, cursor: str) -> Batch:
        """Make it a batch."""
        path = self._free_path()
        known = {"before": self._known["before"], "cursor": cursor, "rows": self._known["rows"]}
        with _written(self._folder):
            _note_down(path.with_suffix(_NOTE), known)
            # With this it is complete: a note without lines is passed over.
            self._lines.rename(path)
            self._note.unlink(missing_ok=True)
            _sync_folder(self._folder)
        return Batch(source, path, known["rows"], known["before"], cursor)

    def _free_path(self) -> Path:
        path, number = self._folder / f"{self._known['begun']}{_BATCH}", 1
        while path.exists():
            number += 1
            path = self._folder / f"{self._known['begun']}-{number:03}{_BATCH}"
        return path


class Spool:
    """The folder of all that was pulled and is not in the store yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder_of(self, source: str) -> Path:
        """Where the parts and batches of a source lie."""
        return self._folder / source

    def batches(self, source: str) -> list[Batch]:
        """What is complete and waits to be read, the oldest first."""
        try:
            paths = sorted(self.folder_of(source).glob(f"*{_BATCH}"), key=attrgetter("stem"))
        except OSError:
            return []
        found = [(path, _note_of(path.with_suffix(_NOTE))) for path in paths]
        return [
            Batch(source, path, note["rows"], note["before"], note["cursor"], note.get("how", "pulled"))
            for path, note in found
            if note
        ]

    def begin(self, source: str, *, asked: str, before: str, now: datetime) -> Part:
        """Begin a pull, or take up the one that was cut off."""
        return Part.begin(self.folder_of(source), asked=asked, before=before, now=now)

    def put(self, source: str, lines: bytes, *, rows: int, key: str, cursor: str, now: datetime) -> bool:
        """Keep what somebody has sent us; the same key again changes nothing and returns False.

        :param key: a name that the sender gave it, of letters, digits and ``-_``.
        :param cursor: how far the source has been read, which this does not change.
        """
        folder = self.folder_of(source)
        path = folder / f"{now:%Y%m%dT%H%M%SZ}-{key}{_BATCH}"
        with _written(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(folder.glob(f"*-{key}{_BATCH}")):
                return False
            _note_down(path.with_suffix(_NOTE), {"before": cursor, "cursor": cursor, "rows": rows, "how": "pushed"})
            fresh = path.with_suffix(".tmp")
            with fresh.open("wb") as stream:
                stream.write(lines)
                stream.flush()
                os.fsync(stream.fileno())
            fresh.rename(path)
            _sync_folder(folder)
        return True

    def sent(self, source: str, key: str) -> bytes | None:
        """What somebody has sent us under a key and is not in the store yet; None where there is nothing."""
        folder = self.folder_of(source)
        with _written(folder):
            found = next(folder.glob(f"*-{key}{_BATCH}"), None)
            try:
                return found.read_bytes() if found else None
            except FileNotFoundError:
                return None

    def refuse(self, batch: Batch) -> None:
        """Keep what cannot be read for whoever looks into it, the last such batch only: it is pulled again."""
        with _written(batch.path.parent):
            batch.path.rename(batch.path.with_name("refused"))
            batch.path.with_suffix(_NOTE).unlink(missing_ok=True)

    def drop(self, batch: Batch) -> None:
        """Throw away what is in the store now, or what nobody wants."""
        with _written(batch.path.parent):
            batch.path.unlink(missing_ok=True)
            batch.path.with_suffix(_NOTE).unlink(missing_ok=True)


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """What cannot be written is a fault of the disk, told with its folder."""
    try:
        yield
    except OSError as error:
        what = f"what was pulled cannot be kept: {error.strerror}"
        todo = "it must be on a disk with room, and belong to whoever runs watcher"
        raise StoreError(what, where=str(folder), todo=todo) from None


def _note_of(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _note_down(path: Path, known: Mapping[str, Any]) -> None:
    fresh = path.with_suffix(f"{_NOTE}.tmp")
    with fresh.open("w", encoding="utf-8") as stream:
        json.dump(known, stream, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.rename(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
