"""Links of messages that were used: each works once."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from watcher.core.message.link import Ticket
from watcher.later import Later
from watcher.store.engine import is_sqlite
from watcher.store.schema import Tx, link_use

# Only a store on PostgreSQL speaks its dialect.
_postgresql = Later("sqlalchemy.dialects.postgresql")


class Use(NamedTuple):
    """When a link was used, and by whom."""

    at: datetime
    author: str


def use_of(tx: Tx, ticket: Ticket) -> Use | None:
    """The use of a link; None when it was never used."""
    query = select(link_use.c.at, link_use.c.author).where(link_use.c.nonce == ticket.nonce)
    row = tx.execute(query).one_or_none()
    return Use(*row) if row is not None else None


def use(tx: Tx, ticket: Ticket, *, at: datetime, author: str) -> bool:
    """Use a link up; False when somebody was faster."""
    new = (sqlite if is_sqlite(tx) else _postgresql).insert(link_use)
    values = {"nonce": ticket.nonce, "action": ticket.action.value, "fingerprint": ticket.fingerprint}
    once = new.values(**values, at=at, author=author).on_conflict_do_nothing().returning(link_use.c.nonce)
    return tx.execute(once).first() is not None
