"""A dry judgement: which rules hold by what was known at a moment. No turn is taken, and nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from watcher.bench import Bench
from watcher.cli.opening import open_store
from watcher.cli.table import Column, paint, print_json, print_rows, safe
from watcher.config.settings import Settings
from watcher.core.errors import ExitCode
from watcher.core.message.phrase import counted
from watcher.core.reading import Status
from watcher.core.rule import Group, Rule, judge
from watcher.core.severity import Severity
from watcher.feeds import query_offsets
from watcher.store.basis import assumed
from watcher.wiring import load_rule_set

_COLUMNS = (
    Column("severity"),
    Column("fingerprint"),
    Column("alert", gives=True),
    Column("group", gives=True),
    Column("headline", gives=True),
)


def judge_dry(settings: Settings, moment: datetime, *, fail_on: str | None, style: str) -> int:
    """Print what holds by what was known at a moment; 1 when one is so bad that the caller asked to hear of it."""
    rules = load_rule_set(settings)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        bench = Bench(tx, rules, query_offsets(settings), moment)
        found = [each for group in rules.groups for rule in group.rules for each in _read(bench, group, rule, moment)]
        rows = sorted((each for each in found if each["holds"]), key=lambda row: -Severity(row["severity"]).rank)
        notes = assumed(tx)
    unread = [each for each in found if not each["holds"]]
    if style == "json":
        print_json({"as_known": moment, "holds": rows, "not_judged": unread, "notes": notes, "stored": False})
    else:
        _print(moment, rows, unread, notes)
    fires = fail_on is not None and any(Severity(row["severity"]).rank >= Severity(fail_on).rank for row in rows)
    return ExitCode.FIRING if fires else ExitCode.OK


def _read(bench: Bench, group: Group, rule: Rule, moment: datetime) -> Iterator[dict[str, Any]]:
    """The groups for which a rule holds, and why it cannot be judged where it cannot; nothing of occurrences.

    An occurrence is told once, at the moment at which it becomes known, and does not hold at any other.
    """
    if rule.is_event_like:
        return
    weighed = bench.weighed(rule, group, moment)
    for reading in bench.readings(rule, group, moment):
        finding = judge(rule, reading, bench.catalogue, weighed=weighed.get(reading.labels))
        own = {"alert": rule.alert, "rule": rule.identity, "group": dict(reading.labels)}
        if reading.status is not Status.OK:
            yield {**own, "holds": False, "reason": reading.reason}
        elif finding.holds:
            yield {
                **own,
                "holds": True,
                "severity": finding.severity.value,
                "fingerprint": rule.fingerprint(reading.labels),
                "headline": reading.telling.headline,
                "watermark": reading.watermark,
                "values": dict(reading.values),
            }


def _print(moment: datetime, rows: list[dict[str, Any]], unread: list[dict[str, Any]], notes: list[str]) -> None:
    print(f"Judged by what was known on {moment:%Y-%m-%d %H:%M} UTC. Nothing was read, stored or told.")
    for note in notes:
        print(safe(note))
    levels = Counter(row["severity"] for row in rows)
    told = ", ".join(paint(f"{number} {level}", level) for level, number in levels.items())
    print(f"\nHOLDS  {told or 'nothing'}")
    print_rows(({**row, "group": " ".join(row["group"].values())} for row in rows), _COLUMNS, "text")
    for alert, reason in dict.fromkeys((each["alert"], each["reason"]) for each in unread):
        print(safe(f"{alert}: it cannot be judged: {reason}."))
    if rows:
        print(f"\n{counted(len(rows), 'condition')} held then; whether an alert fired is in: watcher alerts --as-known")
