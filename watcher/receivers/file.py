"""Files: every message as a line of a JSON Lines file, or as a file of its own in a folder."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import model_validator

from watcher.core.delivery import Outcome, OutcomeClass, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Notification
from watcher.core.message.payload import webhook_document
from watcher.core.message.wording import subject
from watcher.receivers.access import Access, Rendered, WrittenPath
from watcher.receivers.canonical import to_json
from watcher.receivers.mime import CONTENT_TYPE, addressed, domain, message_id, to_mime

CHANNEL = "file"
DEADLINE = timedelta(seconds=10)
LEASE = timedelta(seconds=60)

_PRIVATE = 0o600
#: Room that may come back by itself; everything else needs a person.
_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.EINTR, errno.EMFILE, errno.ENFILE})


class Format(StrEnum):
    """What is written."""

    #: The webhook's document.
    JSON = "json"
    #: An e-mail, to be opened in a mail program.
    EML = "eml"


class Settings(Document):
    """One entry of ``file_configs``."""

    path: WrittenPath | None = None
    """Append each message as one line of JSON to this file."""
    folder: WrittenPath | None = None
    """Write each message to a file of its own in this folder; without ``path`` and ``folder``: in the state directory."""
    format: Format = Format.JSON
    """In a folder: ``json`` or ``eml``."""
    send_resolved: bool = True
    """Whether to tell that an alert is over."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.path is not None and self.folder is not None:
            msg = "expected 'path' or 'folder', not both"
            raise ValueError(msg)
        if self.path is not None and self.format is Format.EML:
            msg = "an e-mail is a file of its own: use 'folder' with format: eml"
            raise ValueError(msg)
        return self


def recipients(_settings: Settings) -> tuple[str, ...]:
    """The endpoint itself."""
    return ("",)


def render(notification: Notification, *, settings: Settings, desk: Desk) -> Rendered:
    """The webhook's document, or the e-mail."""
    line = subject(notification, desk)
    if settings.format is Format.EML:
        return Rendered(line, CONTENT_TYPE, to_mime(notification, desk))
    return Rendered(line, "application/json", to_json(webhook_document(notification, desk)))


def send(outgoing: Outgoing, *, settings: Settings, access: Access) -> Outcome:
    """Write it so that it is there after a power cut, whole or not at all."""
    try:
        if settings.path is not None:
            append_line(settings.path, outgoing.body)
        else:
            name = f"{outgoing.message}.{settings.format.value}"
            write_whole((settings.folder or access.directory) / name, _content(outgoing, settings, access))
    except OSError as fault:
        kind = OutcomeClass.RECOVERABLE if fault.errno in _PASSING else OutcomeClass.CONFIG
        return Outcome(kind, errno.errorcode.get(fault.errno or 0, "file"), fault.strerror or "it cannot be written")
    return Outcome(OutcomeClass.OK)


def _content(outgoing: Outgoing, settings: Settings, access: Access) -> bytes:
    if settings.format is Format.JSON:
        return outgoing.body + b"\n"
    key = message_id(outgoing.message, outgoing.delivery, access.instance)
    sender = f"watcher@{domain(access.instance)}"
    return addressed(outgoing.body, sender=sender, recipient=outgoing.recipient, message_id=key)


def append_line(path: Path, line: bytes) -> None:
    """Add a line, durably; a line that a crash tore stays alone on its own."""
    with _locked(path) as file:
        end = os.lseek(file, 0, os.SEEK_END)
        torn = end > 0 and os.pread(file, 1, end - 1) != b"\n"
        try:
            _write_all(file, (b"\n" if torn else b"") + line + b"\n")
            os.fsync(file)
        except OSError:
            # If even this fails, the next line begins on a new one.
            with suppress(OSError):
                os.ftruncate(file, end)
            raise


def _write_all(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place in one step, durably; the same file again is the same file."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _PRIVATE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
