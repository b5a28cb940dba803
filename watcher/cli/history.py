"""`watcher history`: what happened to alerts, in one line of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from watcher.chronicle import KINDS, Entry, Filter, chronicle
from watcher.cli.opening import config_option, end_of, moment, open_settings, open_store
from watcher.cli.rulebook import Rulebook, find_alert, identity_of
from watcher.cli.table import Column, format_option, print_rows
from watcher.core.alert import Reason, State
from watcher.core.errors import UsageError
from watcher.core.severity import Severity
from watcher.store.schema import Tx

_COLUMNS = (
    Column("at"),
    Column("kind"),
    Column("severity"),
    Column("fingerprint"),
    Column("alert", gives=True),
    Column("group", gives=True),
    Column("what", gives=True),
    Column("why", gives=True),
)
_REASONS = [reason.name.lower() for reason in Reason]


@click.command()
@config_option
@click.option("--alert", "fingerprint", metavar="ALERT", help="Only one alert, by the beginning of its fingerprint.")
@click.option("--rule", metavar="RULE", help="Only one rule's alerts, by its name or the beginning of it.")
@click.option("--label", "labels", metavar="NAME=VALUE", multiple=True, help="Only alerts with this label; repeatable.")
@click.option("--severity", type=click.Choice([each.value for each in Severity]), help="Only while it was so severe.")
@click.option("--state", type=click.Choice([each.value for each in State]), help="Only transitions into this state.")
@click.option("--reason", type=click.Choice(_REASONS), help="Only transitions for this reason.")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only this kind of line; repeatable.")
@click.option("--since", metavar="MOMENT", help="Nothing before it; a day means its beginning.")
@click.option("--until", metavar="MOMENT", help="Nothing after it; a day means its end.")
@format_option("table", "json", "csv")
def command(config: Path | None, *, style: str, **wanted: Any) -> int:
    r"""What happened to alerts, the oldest first: transitions with their reasons, acknowledgements, verdicts, deliveries.

    Nothing in it is ever edited. Times are UTC: a transition stands at the moment by whose knowledge it was judged, a
    delivery at the moment it arrived, or else was written.

    \b
    watcher history --since 2020-07-01
    watcher history --alert 4f1c --format json
    watcher history --rule mozambique --state retracted
    watcher history --label country=MOZ --severity critical --kind transition
    """
    settings = open_settings(config)
    book = Rulebook(settings)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        rows = [_row(each, book) for each in chronicle(tx, _filter(tx, book, wanted))]
    print_rows(rows, _shown(rows), "text" if style == "table" else style, empty="nothing happened")
    return 0


def _filter(tx: Tx, book: Rulebook, wanted: Mapping[str, Any]) -> Filter:
    return Filter(
        fingerprint=find_alert(tx, wanted["fingerprint"]).fingerprint if wanted["fingerprint"] else "",
        rule=identity_of(tx, wanted["rule"], book),
        labels=dict(map(_label, wanted["labels"])),
        severity=Severity(wanted["severity"]) if wanted["severity"] else None,
        state=State(wanted["state"]) if wanted["state"] else None,
        reason=Reason[wanted["reason"].upper()] if wanted["reason"] else None,
        kinds=frozenset(wanted["kinds"] or KINDS),
        since=moment(wanted["since"]) if wanted["since"] else None,
        until=_end(wanted["until"]),
        labels_of=lambda identity: _labels_of(book, identity),
    )


def _end(text: str | None) -> datetime | None:
    return end_of(text) if text else None


def _label(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"--label: {text!r} is no label", todo="write country=MOZ")
    return name, value


def _labels_of(book: Rulebook, identity: str) -> dict[str, str]:
    """What every alert of a rule is labelled with, as the rule files say now."""
    own = {"alertname": book.name(identity)}
    if book.rules is None:
        return own
    for group in book.rules.groups:
        for rule in group.rules:
            if rule.identity == identity:
                return {**group.labels, **rule.labels, **own}
    return own


def _row(entry: Entry, book: Rulebook) -> dict[str, Any]:
    return {
        "at": entry.at,
        "kind": entry.kind,
        "severity": entry.severity.value if entry.severity else "",
        "fingerprint": entry.fingerprint,
        "alert": book.name(entry.rule),
        "rule": entry.rule,
        "group": dict(entry.group),
        "episode": entry.episode,
        "what": entry.what,
        "why": entry.why,
        **entry.detail,
    }


def _shown(rows: Iterable[Mapping[str, Any]]) -> Sequence[Column]:
    """The columns that say something."""
    has_group = any(row["group"] for row in rows)
    return [column for column in _COLUMNS if column.name != "group" or has_group]
