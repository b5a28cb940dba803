"""Taking rules over: their facts, stated numbers and series, and the end of what they leave out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from watcher.agenda import OPEN
from watcher.bench import Bench, Told, last_evidence, record
from watcher.core.alert import OURS, Alert, remove
from watcher.core.baseline import Baseline
from watcher.core.fact import Fact
from watcher.core.rule import Group, Rule
from watcher.store.alerts import find_alerts, forget_rule_states, mark_dirty
from watcher.store.baselines import sync_baseline_files
from watcher.store.citations import sync_citations
from watcher.store.facts import sync_fact_files
from watcher.store.rule_sets import put_in_force, rule_set_in_force
from watcher.store.series import ensure_scopes

Said = TypeVar("Said", Fact, Baseline)


def take_over(bench: Bench) -> list[Told]:
    """Put the rules in force, unless they are: their facts, baselines and series, and the end of what they leave out."""
    tx, rules, now = bench.tx, bench.rules, bench.now
    if rule_set_in_force(tx) == rules.content_hash:
        return []
    catalogue = rules.catalogue
    sync_citations(tx, catalogue.citations, now=now)
    facts = sync_fact_files(tx, _by_source(catalogue.facts), catalogue.citations, now=now)
    baselines = sync_baseline_files(tx, _by_source(catalogue.baselines), catalogue.citations, now=now)
    for what, changed in (("facts", facts), ("baselines", baselines)):
        if changed.known_from is not None:
            mark_dirty(tx, what, changed.known_from)
    ensure_scopes(tx, rules.indicators, now=now)
    put_in_force(tx, rules.content_hash, rules.entries, now=now)
    live = {rule.identity for rule in rules.rules}
    forget_rule_states(tx, live)
    return [
        told
        for alert in find_alerts(tx, states=OPEN)
        if alert.rule not in live and not alert.rule.startswith(OURS)
        for told in _removed(bench, alert)
    ]


def _by_source(said: Mapping[str, tuple[Said, ...]]) -> dict[str, tuple[Said, ...]]:
    """What each file says, by the name of the file as a source."""
    return {f"file:{file}": each for file, each in said.items()}


def _removed(bench: Bench, alert: Alert) -> list[Told]:
    """End an alert whose rule is gone; whoever was told of it is told its end."""
    change = remove(alert, bench.now)
    if change is None:
        return []
    name = str(last_evidence(bench, alert).get("alert", alert.rule))
    rule = Rule.model_construct(alert=name, id=alert.rule)
    transition = record(bench, change, {"alert": name})
    return [Told(rule, Group(), change.alert, transition)] if transition.notify else []
