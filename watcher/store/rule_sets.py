"""Which rule set was in force when, and what it said: texts are kept once, by their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select

from watcher.store import schema
from watcher.store.bulk import insert_missing, select_among
from watcher.store.schema import Tx

_rule_set = schema.rule_set


class RuleSetInForce(NamedTuple):
    """A rule set and from when it was in force."""

    content_hash: str
    in_force_from: datetime
    #: What it says, as JSON, by ``rule <identity>``, ``indicator <name>``, ``state <name>``, ...
    entries: Mapping[str, str]


def rule_set_in_force(tx: Tx) -> str:
    """The content hash of the rule set that was last put in force; empty when none was."""
    newest = select(_rule_set.c.content_hash).order_by(_rule_set.c.id.desc()).limit(1)
    return tx.execute(newest).scalar_one_or_none() or ""


def newest_rule_set(tx: Tx) -> int | None:
    """The id of the rule set that was last put in force; None when none was."""
    return tx.execute(select(_rule_set.c.id).order_by(_rule_set.c.id.desc()).limit(1)).scalar_one_or_none()


def put_in_force(tx: Tx, content_hash: str, entries: Mapping[str, str], *, now: datetime) -> None:
    """Note from when a rule set is in force, and what it says."""
    texts = {name: _hash(text) for name, text in entries.items()}
    rows = dict(zip(texts.values(), entries.values(), strict=True))
    insert_missing(tx, schema.rule_text, ("hash", "body"), list(rows.items()))
    values = {"content_hash": content_hash, "in_force_from": now, "entries": json.dumps(texts, sort_keys=True)}
    tx.execute(insert(_rule_set).values(values))


def rule_set_history(tx: Tx, *, limit: int | None = None) -> list[RuleSetInForce]:
    """The rule sets that were in force, the newest first."""
    query = select(_rule_set.c.content_hash, _rule_set.c.in_force_from, _rule_set.c.entries)
    rows = tx.execute(query.order_by(_rule_set.c.id.desc()).limit(limit)).all()
    sets = [(content_hash, moment, json.loads(entries)) for content_hash, moment, entries in rows]
    texts = _texts(tx, {text for *_, entries in sets for text in entries.values()})
    return [
        RuleSetInForce(content_hash, moment, {name: texts[text] for name, text in entries.items()})
        for content_hash, moment, entries in sets
    ]


def rule_set_of(tx: Tx, number: int) -> RuleSetInForce:
    """One rule set by its id."""
    query = select(_rule_set.c.content_hash, _rule_set.c.in_force_from, _rule_set.c.entries)
    content_hash, moment, entries = tx.execute(query.where(_rule_set.c.id == number)).one()
    named = json.loads(entries)
    texts = _texts(tx, set(named.values()))
    return RuleSetInForce(content_hash, moment, {name: texts[text] for name, text in named.items()})


def _texts(tx: Tx, hashes: set[str]) -> dict[str, str]:
    return dict(select_among(tx, "select hash, body from rule_text where hash in (??)", sorted(hashes)))


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
