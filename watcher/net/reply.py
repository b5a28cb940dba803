"""What a server answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: No more of a reply is read.
REPLY_LIMIT = 16 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    #: Names in lower case.
    headers: Mapping[str, str]
    #: As it came: of a message its first 16 KiB, of what was fetched the whole.
    body: bytes
