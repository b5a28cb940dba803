"""`watcher rules`: list the rules, or show one with every default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from watcher.cli import authoring, preview
from watcher.cli.opening import config_option, open_settings, open_store
from watcher.cli.rulebook import find_rule, rule_places
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_json, print_rows
from watcher.config.settings import Settings
from watcher.core.alert import Alert, State
from watcher.core.errors import StoreError
from watcher.core.rule import Group, Rule, RuleSet
from watcher.core.severity import SeverityTiers
from watcher.store.alerts import RuleState, find_alerts, rule_states
from watcher.wiring import load_rule_set

_COLUMNS = (
    Column("alert", gives=True),
    Column("detector"),
    Column("severity", gives=True),
    Column("status"),
    Column("state", gives=True),
    Column("file", gives=True),
)
_OPEN = (State.PENDING, State.FIRING, State.RECOVERING)


@click.group()
def command() -> None:
    r"""The rules: which there are and how each stands, or one with every default in place.

    \b
    watcher rules list
    watcher rules show mozambique --full
    watcher rules preview mozambique
    """


command.add_command(authoring.schema)
command.add_command(authoring.new)
command.add_command(authoring.log)
command.add_command(preview.command)


@command.command("list")
@config_option
@format_option(*LIST_FORMATS)
def list_(config: Path | None, *, style: str) -> int:
    """List the rules with their detector, severity, status, how they stand, and where they are written."""
    settings = open_settings(config)
    rules = load_rule_set(settings)
    places = rule_places(settings)
    states, alerts = _stored(settings)
    rows = [_row(rule, rules, places, states, alerts) for rule in rules.rules]
    print_rows(rows, _COLUMNS, style, empty="there is no rule (see: watcher init)")
    return 0


@command.command()
@config_option
@click.argument("name", metavar="RULE")
@click.option("--full", is_flag=True, help="With every default in place, and the group it is in.")
@format_option("yaml", "json")
def show(config: Path | None, name: str, *, full: bool, style: str) -> int:
    """Show a rule as YAML that can be read back; the beginning of its name is enough.

    With --full every key is written out with the value that holds, so that nothing is left to look up.
    """
    settings = open_settings(config)
    rules = load_rule_set(settings)
    rule = find_rule(rules, name)
    group = next(group for group in rules.groups if rule in group.rules)
    document = _in_full(rule, group, rules) if full else {"rules": [_written(rule)]}
    if style == "json":
        print_json(document)
        return 0
    print(f"# {rule_places(settings).get(rule.alert, '')}")
    print(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110), end="")
    return 0


# --- the list ---------------------------------------------------------------------------------------------------------


def _stored(settings: Settings) -> tuple[Mapping[str, RuleState], list[Alert]]:
    """How the rules stand in the store; nothing where there is none yet."""
    try:
        with open_store(settings, read_only=True) as store, store.reading() as tx:
            return rule_states(tx), find_alerts(tx, states=_OPEN)
    except StoreError:
        return {}, []


def _row(
    rule: Rule,
    rules: RuleSet,
    places: Mapping[str, str],
    states: Mapping[str, RuleState],
    alerts: Iterable[Alert],
) -> dict[str, Any]:
    return {
        "alert": rule.alert,
        "rule": rule.identity,
        "detector": rule.detector_name,
        "severity": " or ".join(tier.severity for tier in rule.defaults(rules.catalogue).severity),
        "status": rule.status.value,
        "state": _standing(rule.identity, states, alerts),
        "file": places.get(rule.alert, ""),
        "labels": dict(rule.labels),
        "tags": list(rule.tags),
    }


def _standing(identity: str, states: Mapping[str, RuleState], alerts: Iterable[Alert]) -> str:
    counts = Counter(alert.state.value for alert in alerts if alert.rule == identity)
    if counts:
        return ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    if identity not in states:
        return "not judged yet"
    problem = states[identity].problem
    return f"cannot be judged: {problem}" if problem else "does not hold"


# --- one rule ---------------------------------------------------------------------------------------------------------


def _written(rule: Rule) -> dict[str, Any]:
    """A rule as its author wrote it."""
    return rule.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _in_full(rule: Rule, group: Group, rules: RuleSet) -> dict[str, Any]:
    """A rule with every default, inside its group."""
    keys = rule.defaults(rules.catalogue)
    whole = rule.model_copy(
        update={
            "condition": keys.condition,
            "recovery": keys.recovery,
            "severity": SeverityTiers(keys.severity),
            "keep_firing_for": keys.keep_firing_for,
        }
    )
    around = group.model_dump(mode="json", by_alias=True, exclude={"rules"}, exclude_none=True)
    return {"groups": [{**around, "rules": [whole.model_dump(mode="json", by_alias=True, exclude_none=True)]}]}
