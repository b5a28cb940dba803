"""`watcher silence`: what nobody is told of for a while."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.number import Whole
from watcher.cli.opening import config_option, moment, open_settings, open_store
from watcher.cli.rulebook import Rulebook, did_you_mean, find_alert
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_rows, safe
from watcher.config.notify import load_notify
from watcher.config.settings import Settings
from watcher.core.errors import UsageError
from watcher.core.interval import Intervals
from watcher.core.matcher import Matcher, matcher, matchers
from watcher.core.muting import Silence, is_about_everything
from watcher.core.route import span
from watcher.store.schema import Tx
from watcher.store.silences import StoredSilence, add_silence, expire_silence, find_silences

_COLUMNS = (
    Column("id", right=True),
    Column("state"),
    Column("matchers", gives=True),
    Column("starts"),
    Column("ends"),
    Column("during"),
    Column("author", gives=True),
    Column("comment", gives=True),
)


@click.group()
def command() -> None:
    r"""Keep alerts from being told for a while: who wants that, until when, and why.

    \b
    watcher silence add 'country="Mali"' --for 7d --comment "the records are being revised"
    watcher silence list
    watcher silence expire 3
    """


@command.command()
@config_option
@click.argument("tests", metavar="MATCHER...", nargs=-1)
@click.option("--alert", "fingerprint", metavar="FINGERPRINT", help="This one alert, instead of matchers.")
@click.option("--for", "length", metavar="DURATION", help="How long from its begin: 2h, 7d.")
@click.option("--until", metavar="MOMENT", help="When it ends: 2026-12-01, or with a time, in UTC.")
@click.option("--endless", is_flag=True, help="Until somebody ends it.")
@click.option("--from", "since", metavar="MOMENT", help="When it begins; now if not given.")
@click.option("--during", metavar="NAME", help="Only within this time interval of notify.yaml, again and again.")
@click.option("--author", metavar="WHO", help="Who wants it; your user name if not given.")
@click.option("--comment", metavar="TEXT", required=True, help="Why, for whoever wonders.")
def add(config: Path | None, *, tests: tuple[str, ...], **options: Any) -> int:
    r"""Silence what passes every MATCHER: severity="info", country=~"Mali|Niger".

    What is silenced is held, with the reason, and told when the silence ends, unless the alert is over by then; so is
    what is queued and was never tried. Nothing is lost: `watcher alerts FINGERPRINT` shows what waits, and why.

    \b
    watcher silence add 'alertname="Attacks in a place"' 'location="Palma"' --for 7d --comment "known"
    watcher silence add --alert 4f1c --until 2026-12-01 --comment "told by phone"
    watcher silence add 'severity="info"' --during weekend --endless --comment "nobody is in"
    """
    settings, now = open_settings(config), clock.wall()
    starts_at = moment(options["since"]) if options["since"] else now
    ends_at = _end(starts_at, now, options)
    _refuse_unknown_interval(settings, options["during"])
    with open_store(settings) as store, store.writing() as tx:
        wanted = _wanted(tx, settings, tests, options["fingerprint"])
        number = add_silence(
            tx,
            wanted,
            starts_at=starts_at,
            ends_at=ends_at,
            author=options["author"] or getpass.getuser(),
            comment=options["comment"],
            during=options["during"] or "",
            now=now,
        )
    until = (
        f"until {ends_at:%Y-%m-%d %H:%M} UTC" if ends_at else f"until somebody says: watcher silence expire {number}"
    )
    print(safe(f"silence {number}: {', '.join(map(str, wanted))}, {until}"))
    return 0


@command.command("list")
@config_option
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@format_option(*LIST_FORMATS)
def list_(config: Path | None, *, everything: bool, style: str) -> int:
    r"""The silences: what they are about, from when to when, who wants them and why.

    STATE is active, pending before its begin, resting outside of its time interval, or over.

    \b
    watcher silence list
    watcher silence list --all --format json
    """
    settings, now = open_settings(config), clock.wall()
    intervals = load_notify(settings.notify).intervals
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        rows = [_row(each, intervals, now) for each in find_silences(tx)]
    shown = [row for row in rows if everything or row["state"] != "over"]
    columns = [each for each in _COLUMNS if each.name != "during" or any(row["during"] for row in shown)]
    print_rows(shown, columns, style, empty="no silence" if everything else "nothing is silenced (see: --all)")
    return 0


@command.command()
@config_option
@click.argument("numbers", metavar="NUMBER...", type=Whole(), nargs=-1, required=True)
@click.option("--author", metavar="WHO", help="Who ends it; your user name if not given.")
def expire(config: Path | None, *, numbers: tuple[int, ...], author: str | None) -> int:
    r"""End silences now; what they held is told within a few minutes.

    \b
    watcher silence expire 3
    """
    settings, now = open_settings(config), clock.wall()
    with open_store(settings) as store, store.writing() as tx:
        for number in numbers:
            if not expire_silence(tx, number, by=author or getpass.getuser(), now=now):
                raise UsageError(f"there is no silence {number} that goes on", todo="see: watcher silence list")
    for number in numbers:
        print(f"silence {number} is over")
    return 0


def _end(starts_at: datetime, now: datetime, options: Mapping[str, Any]) -> datetime | None:
    """When it ends; exactly one way of saying so is asked for."""
    given = [name for name in ("length", "until", "endless") if options[name]]
    if len(given) != 1:
        raise UsageError("a silence needs an end", todo="write one of --for 7d, --until 2026-12-01, --endless")
    if options["endless"]:
        return None
    ends_at = starts_at + _length(options["length"]) if options["length"] else moment(options["until"])
    if ends_at <= max(starts_at, now):
        raise UsageError("the silence would be over before it begins", todo="look at --from, --for and --until")
    return ends_at


def _length(text: str) -> timedelta:
    try:
        return span(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None


def _wanted(tx: Tx, settings: Settings, tests: Sequence[str], fingerprint: str | None) -> list[Matcher]:
    """The tests of a silence: those that were written, or those of one alert."""
    if bool(tests) == bool(fingerprint):
        raise UsageError("say what is silenced", todo='write matchers such as country="Mali", or --alert FINGERPRINT')
    if fingerprint:
        alert = find_alert(tx, fingerprint)
        labels = {"alertname": Rulebook(settings).name(alert.rule), **dict(alert.group)}
        return [matcher(name, "=", value) for name, value in labels.items()]
    try:
        found = [test for line in tests for test in matchers(line)]
    except ValueError as error:
        raise UsageError(str(error)) from None
    if is_about_everything(found):
        raise UsageError("this would silence every alert", todo="name a label that an alert must have")
    return found


def _refuse_unknown_interval(settings: Settings, name: str | None) -> None:
    intervals = load_notify(settings.notify).intervals
    if name and name not in intervals:
        raise UsageError(
            f"there is no time interval {name!r} in {settings.notify.name}", todo=did_you_mean(name, intervals)
        )


def _row(stored: StoredSilence, intervals: Intervals, now: datetime) -> dict[str, Any]:
    silence = stored.silence
    return {
        "id": silence.id,
        "state": "over" if stored.expired_at else _state(silence, intervals, now),
        "matchers": ", ".join(map(str, silence.matchers)),
        "starts": silence.starts_at,
        "ends": silence.ends_at,
        "during": silence.during,
        "author": silence.author,
        "comment": silence.comment,
        "created": stored.created_at,
        "expired": stored.expired_at,
        "expired_by": stored.expired_by,
    }


def _state(silence: Silence, intervals: Intervals, now: datetime) -> str:
    if silence.is_over(now):
        return "over"
    if now < silence.starts_at:
        return "pending"
    return "active" if silence.is_active(now, intervals) else "resting"
