"""`watcher rules schema | new | log`: what an author of rules needs beside an editor."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import click
import yaml

from watcher.cli.number import Whole
from watcher.cli.opening import config_option, open_settings, open_store
from watcher.cli.table import format_option, print_rows, safe
from watcher.config.schema import schema_text
from watcher.config.template import rule_template
from watcher.core.detectors import DETECTORS
from watcher.core.rule import ORDER
from watcher.store.rule_sets import RuleSetInForce, rule_set_history

#: A value is one line of a diff, however long it is.
_WIDE = 10_000


@click.command()
def schema() -> int:
    r"""Print the rule language as JSON Schema, for editors and for check-jsonschema.

    An editor with the YAML language server completes and checks a file whose first line names the schema; the shipped
    rules name the copy that lies beside them.

    \b
    watcher rules schema > rules/rules.schema.json
    check-jsonschema --schemafile rules/rules.schema.json rules/*.yaml
    """
    print(schema_text(), end="")
    return 0


@click.command()
@click.argument("detector", type=click.Choice(list(DETECTORS)))
def new(detector: str) -> int:
    r"""Print a commented rule to begin with: every parameter of the DETECTOR, its default and what it means.

    \b
    watcher rules new pace > rules/mali.yaml
    watcher lint rules/mali.yaml
    """
    print(rule_template(detector), end="")
    return 0


@click.command()
@config_option
@click.option("--limit", type=Whole(), default=20, show_default=True, help="At most so many, the newest.")
@format_option("text", "json")
def log(config: Path | None, *, limit: int, style: str) -> int:
    r"""Which rules were in force when, with what changed from one set to the next.

    A set comes into force at the first turn that uses it. What changed is shown as a diff of each rule, indicator,
    state, actor, ... that is not as it was before.

    \b
    watcher rules log
    watcher rules log --limit 1 --format json
    """
    settings = open_settings(config)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        history = rule_set_history(tx, limit=limit + 1)
    steps = list(islice(zip_longest(history, history[1:]), limit))
    if style == "json":
        print_rows((_as_json(newer, older) for newer, older in steps), (), "json")
        return 0
    if not history:
        print("no rules were in force yet (see: watcher check)")
    for newer, older in steps:
        _print(newer, older)
    return 0


def _print(newer: RuleSetInForce, older: RuleSetInForce | None) -> None:
    counted = f"{_rules(newer)} rules" if _rules(newer) != 1 else "1 rule"
    print(f"{newer.content_hash}  in force from {newer.in_force_from:%Y-%m-%d %H:%M} UTC  {counted}")
    for line in ["the first rules"] if older is None else _diff(older.entries, newer.entries):
        print(f"  {safe(line)}")
    print()


def _rules(in_force: RuleSetInForce) -> int:
    return sum(name.startswith("rule ") for name in in_force.entries)


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    names = (before.keys() | after.keys()) - {ORDER}
    return sorted(name for name in names if before.get(name) != after.get(name))


def _diff(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    changed = _changed(before, after)
    if not changed:
        yield "no entry changed, but something else in the files: a comment, their order, a name"
    for name in changed:
        old, new_ = before.get(name, ""), after.get(name, "")
        yield f"{name}: {'added' if not old else 'removed' if not new_ else 'changed'}"
        for line in difflib.unified_diff(_lines(old), _lines(new_), lineterm="", n=0):
            if not line.startswith(("---", "+++", "@@")):
                yield f"  {line}"


def _lines(text: str) -> list[str]:
    """What is stored as JSON, as an author writes it."""
    return (
        yaml.safe_dump(json.loads(text), sort_keys=False, allow_unicode=True, width=_WIDE).splitlines() if text else []
    )


def _as_json(newer: RuleSetInForce, older: RuleSetInForce | None) -> dict[str, Any]:
    before, after = older.entries if older else {}, newer.entries
    return {
        "content_hash": newer.content_hash,
        "in_force_from": newer.in_force_from,
        "rules": _rules(newer),
        "changed": {
            name: {"before": _read(before.get(name)), "after": _read(after.get(name))}
            for name in _changed(before, after)
        },
    }


def _read(text: str | None) -> Any:
    return json.loads(text) if text else None
