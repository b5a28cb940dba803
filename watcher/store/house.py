"""What a store knows of itself: its epoch, which changes when it is put back to an earlier state."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from watcher.store.schema import Tx, house

_EPOCH = "epoch"


def epoch(tx: Tx) -> str:
    """Which life of the store this is; empty for the first.

    After a restore sequence numbers come again that receivers have seen, with other words. The epoch is part of a
    message's key, so that they do not take the new message for the old one.
    """
    return tx.execute(select(house.c.value).where(house.c.name == _EPOCH)).scalar() or ""


def begin_epoch(tx: Tx, name: str) -> None:
    """Begin another life."""
    tx.execute(delete(house).where(house.c.name == _EPOCH))
    tx.execute(insert(house).values(name=_EPOCH, value=name))
