"""Runs: when watcher was at work, through which door, and how it went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from watcher.store.schema import run as table


class Run(NamedTuple):
    """One time that watcher was at work."""

    id: int
    #: check, daemon, demo, ...
    door: str
    started_at: datetime
    #: None while it is at work, or when it was killed.
    finished_at: datetime | None
    exit_code: int | None
    #: Counts and reasons, for people and for ``watcher status``.
    summary: Mapping[str, Any]


def start_run(tx: Connection, door: str, *, now: datetime) -> int:
    """Note that work begins, and return the run's number."""
    number: int = tx.execute(insert(table).values(door=door, started_at=now).returning(table.c.id)).scalar_one()
    return number


def finish_run(tx: Connection, run: int, *, exit_code: int, summary: Mapping[str, Any], now: datetime) -> None:
    """Note that work is over and how it went."""
    text = json.dumps(summary, ensure_ascii=False, sort_keys=True)
    tx.execute(update(table).where(table.c.id == run).values(finished_at=now, exit_code=exit_code, summary=text))


def last_runs(tx: Connection, n: int = 1) -> list[Run]:
    """The last runs, newest first."""
    return [_run(row) for row in tx.execute(select(table).order_by(table.c.id.desc()).limit(n))]


def _run(row: Row[Any]) -> Run:
    summary = json.loads(row.summary) if row.summary else {}
    return Run(row.id, row.door, row.started_at, row.finished_at, row.exit_code, summary)
