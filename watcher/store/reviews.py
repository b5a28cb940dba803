"""What people say about alerts: acknowledgements and verdicts, rows that are only added."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from watcher.core import acknowledgement as core
from watcher.core.acknowledgement import Acknowledgement
from watcher.core.alert import Alert
from watcher.core.severity import Severity
from watcher.core.verdict import Tally, Verdict, Word, tally
from watcher.store import schema
from watcher.store.schema import Tx

_ack, _verdict = schema.acknowledgement, schema.verdict
_ACK = tuple(_ack.c[field] for field in Acknowledgement._fields)
_VERDICT = tuple(_verdict.c[field] for field in Verdict._fields)


def acknowledge(
    tx: Tx, alert: Alert, *, at: datetime, until: datetime | None, author: str, note: str = ""
) -> Acknowledgement:
    """Note that somebody has seen an alert."""
    said = Acknowledgement(alert.fingerprint, alert.episode, alert.worst, at, until, author, note)
    tx.execute(insert(_ack).values({**said._asdict(), "severity": said.severity.value}))
    return said


def acknowledgements(tx: Tx, fingerprint: str = "") -> list[Acknowledgement]:
    """The acknowledgements of one alert, or of all, the oldest first."""
    query = select(*_ACK).order_by(_ack.c.id)
    if fingerprint:
        query = query.where(_ack.c.fingerprint == fingerprint)
    return [_to_acknowledgement(row) for row in tx.execute(query)]


def standing_acknowledgement(tx: Tx, alert: Alert, now: datetime) -> Acknowledgement | None:
    """The acknowledgement that keeps an alert's reminders back now; None when none does."""
    return core.standing(acknowledgements(tx, alert.fingerprint), alert, now) if alert.state.is_open else None


def last_acknowledgement(tx: Tx, alert: Alert) -> Acknowledgement | None:
    """The last acknowledgement of an alert's last episode, whether it still holds or not; not one taken back."""
    found = [each for each in acknowledgements(tx, alert.fingerprint) if each.episode == alert.episode]
    return found[-1] if found and found[-1].until != found[-1].at else None


def judge(tx: Tx, alert: Alert, word: Word, *, at: datetime, author: str, note: str = "") -> Verdict:
    """Note whether an alert's episode was a true alarm."""
    said = Verdict(alert.fingerprint, alert.episode, alert.rule, word, at, author, note)
    tx.execute(insert(_verdict).values({**said._asdict(), "word": word.value}))
    return said


def verdicts(tx: Tx, fingerprint: str = "") -> list[Verdict]:
    """The verdicts on one alert, or on all, the oldest first."""
    query = select(*_VERDICT).order_by(_verdict.c.id)
    if fingerprint:
        query = query.where(_verdict.c.fingerprint == fingerprint)
    return [_to_verdict(row) for row in tx.execute(query)]


def verdict_on(tx: Tx, alert: Alert) -> Verdict | None:
    """The last verdict on an alert's last episode; None when there is none."""
    found = [each for each in verdicts(tx, alert.fingerprint) if each.episode == alert.episode]
    return found[-1] if found else None


def tallies(tx: Tx) -> dict[str, Tally]:
    """The verdicts counted, by the identity of the rule."""
    by_rule: dict[str, list[Verdict]] = defaultdict(list)
    for each in verdicts(tx):
        by_rule[each.rule].append(each)
    return {rule: tally(said) for rule, said in sorted(by_rule.items())}


def _to_acknowledgement(row: Row[Any]) -> Acknowledgement:
    said = Acknowledgement._make(row)
    return said._replace(severity=Severity(said.severity))


def _to_verdict(row: Row[Any]) -> Verdict:
    said = Verdict._make(row)
    return said._replace(word=Word(said.word))
