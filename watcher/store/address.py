"""Addresses of stores: which engine, and which file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from watcher.core.errors import StoreError

_EXAMPLES = "write sqlite:////var/lib/watcher/watcher.db or postgresql+psycopg://user@host/database"


@dataclass(frozen=True, slots=True)
class Address:
    """A store's address, read."""

    url: URL
    #: The file; None for PostgreSQL and for a store in memory.
    path: Path | None

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite, in a file or in memory."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def shown(self) -> str:
        """The address as it may be printed: the file, or the URL without its password."""
        if self.path is not None:
            return str(self.path)
        return "memory" if self.is_sqlite else self.url.render_as_string(hide_password=True)

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read ``sqlite:///file``, ``sqlite://`` (in memory) or ``postgresql+psycopg://...``.

        :raises StoreError: for anything else; the address itself is not repeated, for it may hold a password.
        """
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise StoreError("the store's address cannot be read", where="store.url", todo=_EXAMPLES) from None
        backend = parsed.get_backend_name()
        if backend == "postgresql":
            return cls(parsed.set(drivername="postgresql+psycopg"), None)
        if backend == "sqlite":
            in_memory = parsed.database in (None, "", ":memory:")
            return cls(parsed, None if in_memory else Path(str(parsed.database)).absolute())
        raise StoreError(f"there is no store of the kind {backend!r}", where="store.url", todo=_EXAMPLES)
