"""Silences: what people do not want to be told of for a while."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert

from watcher.core.route import Matcher
from watcher.store.schema import Tx
from watcher.store.schema import silence as _silence


def add_silence(
    tx: Tx,
    tests: Sequence[Matcher],
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    author: str,
    comment: str,
    now: datetime,
) -> int:
    """Store a silence and return its number."""
    new = insert(_silence).values(
        matchers=json.dumps([str(each) for each in tests], ensure_ascii=False),
        starts_at=starts_at,
        ends_at=ends_at,
        author=author,
        comment=comment,
        created_at=now,
    )
    return int(tx.execute(new.returning(_silence.c.id)).scalar_one())
