"""`watcher route`: where an alert with certain labels goes, and what would keep it from being told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.opening import config_option, moment, open_settings, open_store
from watcher.cli.rulebook import Rulebook
from watcher.cli.table import format_option, print_json, safe
from watcher.config.notify import load_notify
from watcher.config.settings import Settings
from watcher.core.digest import Digest
from watcher.core.errors import ExitCode, UsageError, WatcherError
from watcher.core.interval import end_of_muting, minute_text, muted_by
from watcher.core.matcher import matchers
from watcher.core.message.grouping import group_labels
from watcher.core.muting import Hush
from watcher.core.route import EVERY_LABEL, Position, Route, Target, span_text
from watcher.switchboard import Switchboard, hush_of
from watcher.wiring import switchboard

#: The end of muted hours is looked for within this.
_AHEAD = timedelta(days=14)
_NOT_LOOKED_AT = "silences and inhibitions were not looked at"


@click.group()
def command() -> None:
    r"""Where alerts go.

    \b
    watcher route test alertname="Attacks in a place" severity=critical
    watcher route show
    """


@command.command("test")
@config_option
@click.argument("labels", metavar="LABEL=VALUE...", nargs=-1)
@click.option("--at", metavar="MOMENT", help="As it would be at this moment; now if not given.")
@click.option("--expect", "expected", metavar="RECEIVER", multiple=True, help="Exit 1 unless it goes to these exactly.")
@format_option("text", "json")
def test_(
    config: Path | None, *, labels: tuple[str, ...], at: str | None, expected: tuple[str, ...], style: str
) -> int:
    r"""Where an alert with these labels goes: the way through the tree, its groups and times, and what mutes it.

    \b
    watcher route test alertname="Attacks in a place" severity=critical country=Mali
    watcher route test severity=warning --at 2026-12-05T22:00:00Z
    watcher route test severity=critical --expect duty-officer --expect desk
    """
    settings = open_settings(config)
    board, now = switchboard(settings), moment(at) if at else clock.wall()
    wanted = _labels(labels)
    hush, note = _hush(settings, board, now)
    muted = hush.mutes(wanted, now) if hush else None
    receivers = [_receiver(target, board, wanted, now) for target in board.route.targets(wanted)]
    document = {
        "labels": wanted,
        "at": now,
        "receivers": receivers,
        "muted": muted.why if muted else "",
        "note": note,
    }
    if style == "json":
        print_json(document)
    else:
        _print(document)
    found = {each["receiver"] for each in receivers}
    return ExitCode.FIRING if expected and found != set(expected) else ExitCode.OK


@command.command()
@config_option
def show(config: Path | None) -> int:
    r"""The tree of routes, with what each says; what a route does not say it has from the route above.

    \b
    watcher route show
    """
    settings = open_settings(config)
    for line in _tree(load_notify(settings.notify).route, ""):
        print(safe(line))
    return 0


def _labels(texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or value.startswith("~") or name.endswith("!"):
            raise UsageError(f"{text!r} is no label", todo='write severity=critical, or alertname="A long name"')
        # A value may stand in quotes, as in a matcher; spaces need none on a command line.
        found[name] = matchers(text)[0].value if value.startswith('"') else value
    return found


def _hush(settings: Settings, board: Switchboard, now: datetime) -> tuple[Hush | None, str]:
    """What mutes single alerts, where the store and the rules can be read; else why that is not known."""
    book = Rulebook(settings)
    if book.rules is None:
        return None, f"the rules do not load: {_NOT_LOOKED_AT}"
    with ExitStack() as stack:
        try:
            store = stack.enter_context(open_store(settings, read_only=True))
            return hush_of(stack.enter_context(store.reading()), book.rules, board, now), ""
        except WatcherError as error:
            return None, f"{error.what}: {_NOT_LOOKED_AT}"


def _receiver(target: Target, board: Switchboard, labels: Mapping[str, str], now: datetime) -> dict[str, Any]:
    terms = next((terms for name, terms in board.terms.items() if name == target.receiver), None)
    names = [each.name for each in board.endpoints.values() if each.receiver == target.receiver]
    hours = muted_by(target.mute, target.active, board.intervals, now)
    until = end_of_muting(target.mute, target.active, board.intervals, now, within=_AHEAD) if hours else None
    digest = terms.digest if terms and terms.digest and (terms.digest.critical or not _is_critical(labels)) else None
    return {
        "receiver": target.receiver,
        "channels": names,
        "path": [_step(board.route, target.position[:depth]) for depth in range(len(target.position) + 1)],
        "group_by": list(target.group_by),
        "group": group_labels(labels, target.group_by),
        "is_urgent": _is_critical(labels),
        "group_wait": span_text(target.group_wait),
        "group_interval": span_text(target.group_interval),
        "repeat_interval": span_text(target.repeat_interval),
        "mute_time_intervals": list(target.mute),
        "active_time_intervals": list(target.active),
        "out_of_hours": hours or "",
        "until": until,
        "digest": _digest(digest, board, now) if digest else None,
        "max_per_hour": terms.max_per_hour if terms and terms.max_per_hour else None,
    }


def _is_critical(labels: Mapping[str, str]) -> bool:
    return labels.get("severity") == "critical"


def _digest(digest: Digest, board: Switchboard, now: datetime) -> dict[str, Any]:
    zone = board.desk.timezone
    return {"at": minute_text(digest.at), "timezone": digest.timezone or zone, "next": digest.following(now, zone)}


def _step(root: Route, position: Position) -> str:
    """A route as one step of the way: its place and its tests."""
    route = root.at(position)
    place = f"routes[{position[-1]}]" if position else "route"
    tests = ", ".join(map(str, route.matchers))
    return f"{place} {{{tests}}}" if tests else place


def _print(document: Mapping[str, Any]) -> None:
    print(
        safe(", ".join(f'{name}="{value}"' for name, value in document["labels"].items()) or "an alert without labels")
    )
    print(f"at {document['at']:%Y-%m-%d %H:%M} UTC")
    for each in document["receivers"]:
        print(f"\n{safe(each['receiver'])}")
        for title, text in _facts(each):
            print(safe(f"  {title:<10}{text}"))
    for title, text in (("Not told now", document["muted"]), ("Note", document["note"])):
        if text:
            print()
            print(safe(f"{title}: {text}"))


def _facts(each: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "way", " > ".join(each["path"])
    yield "channels", ", ".join(each["channels"]) or "none: nobody is told"
    if each["digest"]:
        digest = each["digest"]
        yield "digest", f"at {digest['at']} {digest['timezone']}, next {digest['next']:%Y-%m-%d %H:%M} UTC"
    else:
        shared = ", ".join(f'{name}="{value}"' for name, value in each["group"].items())
        by = (
            "every label" if EVERY_LABEL in each["group_by"] else ", ".join(each["group_by"]) or "nothing: all together"
        )
        yield "group by", f"{by}{f': {shared}' if shared else ''}"
        waits = f"waits {each['group_wait']} for others, then at most one message in {each['group_interval']}"
        yield "times", "critical: at once" if each["is_urgent"] else waits
    yield "reminder", f"after {each['repeat_interval']}"
    if each["max_per_hour"]:
        yield "at most", f"{each['max_per_hour']} messages an hour at each channel"
    if each["out_of_hours"]:
        until = f", until {each['until']:%Y-%m-%d %H:%M} UTC" if each["until"] else ""
        yield "now", f"nothing is sent {each['out_of_hours']}{until}"
    else:
        hours = [*each["active_time_intervals"], *(f"not {name}" for name in each["mute_time_intervals"])]
        yield "now", f"sent (hours: {', '.join(hours)})" if hours else "sent"


def _tree(route: Route, indent: str) -> Iterator[str]:
    said = [f"{key}: {_value(route, name)}" for name, key in _keys(route)]
    tests = ", ".join(map(str, route.matchers)) or ("every alert" if not indent else "whatever comes")
    yield f"{indent}{tests}  ({'; '.join(said)})" if said else f"{indent}{tests}"
    for child in route.routes:
        yield from _tree(child, f"{indent}  ")


def _keys(route: Route) -> list[tuple[str, str]]:
    fields = type(route).model_fields
    hidden = {"matchers", "routes"}
    return [(name, each.alias or name) for name, each in fields.items() if name in route.model_fields_set - hidden]


def _value(route: Route, name: str) -> str:
    value = getattr(route, name)
    if isinstance(value, timedelta):
        return span_text(value)
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
