"""What a section says: sentences, with links for those who want more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """An address, always http or https, and what lies behind it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is said, with links for those who want more."""

    text: str
    links: tuple[Link, ...] = ()
    #: Whether somebody's words are quoted: then a link to them stands with it wherever it is shown.
    is_quote: bool = False
