"""Citations in the store: where facts and stated numbers come from, kept even when no file names them any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from watcher.core.fact import Citation
from watcher.store.schema import citation as table


def sync_citations(tx: Connection, citations: Mapping[str, Citation], *, now: datetime) -> int:
    """Store new and changed citations, and return how many there were; older evidence may still name the others."""
    stored = find_citations(tx)
    changed = {name: entry for name, entry in citations.items() if stored.get(name) != entry}
    for name, entry in changed.items():
        values = {"body": entry.model_dump_json(by_alias=True), "recorded_at": now}
        if name in stored:
            tx.execute(update(table).where(table.c.name == name).values(values))
        else:
            tx.execute(insert(table).values(name=name, **values))
    return len(changed)


def find_citations(tx: Connection) -> dict[str, Citation]:
    """Every citation, by name."""
    rows = tx.execute(select(table.c.name, table.c.body).order_by(table.c.name))
    return {name: Citation.model_validate_json(body) for name, body in rows}
