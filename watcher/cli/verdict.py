"""`watcher verdict`: whether an alert was a true alarm, and what that says about each rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.opening import config_option, open_settings, open_store
from watcher.cli.person import by_option, whoever
from watcher.cli.rulebook import Rulebook, find_alert
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_rows, safe
from watcher.core.alert import Alert
from watcher.core.errors import UsageError
from watcher.core.verdict import LEAST, Tally, Word
from watcher.store.reviews import judge, tallies

_COLUMNS = (
    Column("rule", gives=True),
    Column("true", right=True),
    Column("false", right=True),
    Column("unclear", right=True),
    Column("precision", gives=True),
)


@click.command()
@config_option
@click.argument("alert", required=False)
@click.argument("word", required=False, type=click.Choice([word.value for word in Word]))
@click.option("--note", default="", metavar="TEXT", help="How you know.")
@by_option
@format_option(*LIST_FORMATS)
def command(config: Path | None, *, alert: str | None, word: str | None, note: str, by: str, style: str) -> int:
    r"""Say whether ALERT, in its last episode, was a true alarm; without arguments, what the verdicts say of each rule.

    A later verdict on the same episode takes the place of the earlier one, and both stay in `watcher history`. The
    share of true alarms is named from ten verdicts that are true or false on; fewer say nothing.

    \b
    watcher verdict 4f1c true
    watcher verdict 4f1c false --note 'a backlog of old deaths was published at once'
    watcher verdict
    """
    if alert is None:
        return _list(config, style)
    if word is None:
        raise UsageError("a verdict is true, false or unclear", todo=f"watcher verdict {alert} true")
    return _judge(config, alert, Word(word), note=note.strip(), by=by)


def _judge(config: Path | None, text: str, word: Word, *, note: str, by: str) -> int:
    settings = open_settings(config)
    with open_store(settings) as store, store.writing() as tx:
        found = _with_an_episode(find_alert(tx, text))
        judge(tx, found, word, at=clock.wall(), author=whoever(by), note=note)
        counted = tallies(tx)[found.rule]
    name = Rulebook(settings).name(found.rule)
    print(safe(f"{name}, episode {found.episode}: {word.value}; this rule: {counted}"))
    return 0


def _with_an_episode(alert: Alert) -> Alert:
    if not alert.episode:
        raise UsageError("this alert has never fired: there is nothing to judge")
    return alert


def _list(config: Path | None, style: str) -> int:
    settings = open_settings(config)
    book = Rulebook(settings)
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        rows = [_row(book.name(rule), rule, counted) for rule, counted in tallies(tx).items()]
    print_rows(rows, _COLUMNS, style, empty="no verdict yet (watcher verdict ALERT true|false|unclear)")
    return 0


def _row(name: str, identity: str, counted: Tally) -> dict[str, Any]:
    return {
        "rule": name,
        "identity": identity,
        **counted._asdict(),
        "precision": str(counted),
        "share": counted.precision,
        "interval": counted.interval,
        "needed": max(0, LEAST - counted.decided),
    }
