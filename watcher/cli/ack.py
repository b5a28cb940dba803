"""`watcher ack`: somebody has seen an alert and looks after it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from watcher import clock
from watcher.cli.opening import config_option, end_of, open_settings, open_store
from watcher.cli.person import by_option, whoever
from watcher.cli.rulebook import Rulebook, find_alert
from watcher.cli.table import safe
from watcher.core.acknowledgement import Acknowledgement
from watcher.core.alert import Alert
from watcher.core.errors import UsageError
from watcher.core.message.phrase import acknowledged_text
from watcher.core.period import duration
from watcher.store.reviews import acknowledge


@click.command()
@config_option
@click.argument("alert")
@click.option("--until", metavar="MOMENT", help="Keep reminders back until then; a day means its end.")
@click.option("--for", "span", metavar="DURATION", help="Keep reminders back for so long: 8h, 3d.")
@click.option("--undo", is_flag=True, help="Let it remind again from now on.")
@click.option("--note", default="", metavar="TEXT", help="What you know or do about it.")
@by_option
def command(
    config: Path | None, alert: str, *, until: str | None, span: str | None, undo: bool, note: str, by: str
) -> int:
    r"""Say that you have seen ALERT, by its fingerprint or a unique beginning of it.

    It sends no reminders until it gets worse, ends, or the time is over; whatever else happens to it is told as ever.
    Everybody sees in `watcher status`, and in the next message about it, who looks after it.

    \b
    watcher ack 4f1c
    watcher ack 4f1c --for 3d --note 'asked the field office, answer on Monday'
    watcher ack 4f1c --undo
    """
    now = clock.wall()
    end = now if undo else _end(until, span, now)
    with open_store(open_settings(config)) as store, store.writing() as tx:
        found = _open_alert(find_alert(tx, alert))
        said = acknowledge(tx, found, at=now, until=end, author=whoever(by), note=note.strip())
    print(safe(f"{_name(config, found)}: {'reminds again' if undo else _sentence(said)}"))
    return 0


def _end(until: str | None, span: str | None, now: datetime) -> datetime | None:
    if until and span:
        raise UsageError("--until and --for say the same", todo="give one of them")
    if span:
        try:
            return now + duration(span)
        except ValueError as error:
            raise UsageError(f"--for: {error}") from None
    end = end_of(until) if until else None
    if end is not None and end <= now:
        raise UsageError(f"--until {until} is over", todo="name a moment that is still to come")
    return end


def _open_alert(alert: Alert) -> Alert:
    if not alert.state.is_open:
        history = f"its history: watcher alerts {alert.fingerprint}"
        raise UsageError(f"this alert is {alert.state}: there is nothing to acknowledge", todo=history)
    return alert


def _name(config: Path | None, alert: Alert) -> str:
    return Rulebook(open_settings(config)).name(alert.rule)


def _sentence(said: Acknowledgement) -> str:
    return acknowledged_text(said, "UTC")
