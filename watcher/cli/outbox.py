"""`watcher outbox`: messages on their way: list, show, replay, cancel, enable."""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.number import Whole
from watcher.cli.opening import config_option, on_terminal, open_settings, open_store
from watcher.cli.rulebook import did_you_mean
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_json, print_rows, safe
from watcher.core.delivery import DeliveryState
from watcher.core.errors import UsageError
from watcher.core.message.phrase import counted
from watcher.core.period import duration
from watcher.store.deliveries import Delivery, find_deliveries, known_endpoints
from watcher.store.outbox import enable
from watcher.store.request import (
    ENDED,
    Attempt,
    attempts,
    cancel_deliveries,
    closed_endpoints,
    content,
    named,
    replay,
)
from watcher.store.schema import Tx

#: Deliveries of a list unless a limit is given.
_SHOWN = 100
_COLUMNS = (
    Column("id"),
    Column("state"),
    Column("tries", right=True),
    Column("queued"),
    Column("due"),
    Column("endpoint"),
    Column("recipient", gives=True),
    Column("subject", gives=True),
    Column("reason", gives=True),
)
#: Characters of an id that tell it from all others.
_ENOUGH = 12
_ON_ITS_WAY = (DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.RETRY)


@click.group()
def command() -> None:
    r"""Messages on their way: each to each recipient, how it stands, and why.

    \b
    watcher outbox list --state dead
    watcher outbox show dlv_5f2c9a01
    watcher outbox replay --state dead --endpoint desk    # they are back: send what they missed
    watcher outbox cancel dlv_5f2c9a01                    # do not send it
    watcher outbox enable desk/webhook/1                  # it was closed by "410 Gone"
    """


def _filters(function: Any) -> Any:
    choice = click.Choice([state.value for state in DeliveryState])
    states = click.option("--state", "states", multiple=True, type=choice, help="Only these; may be repeated.")
    endpoint = click.option("--endpoint", metavar="NAME", help="Only of this endpoint, or of this receiver.")
    since = click.option("--since", metavar="DURATION", help="Only what was queued in this time: 24h.")
    return states(endpoint(since(function)))


@command.command("list")
@config_option
@_filters
@click.option("--limit", type=Whole(), default=_SHOWN, show_default=True, help="At most so many.")
@format_option(*LIST_FORMATS)
def list_(config: Path | None, *, limit: int, style: str, **filters: Any) -> int:
    """List deliveries, the newest message first."""
    with open_store(open_settings(config), read_only=True) as store, store.reading() as tx:
        found = _matching(tx, limit=limit + 1, **filters)
    print_rows((_row(each, style) for each in found[:limit]), _COLUMNS, style, empty="there is nothing in the outbox")
    if style == "text" and len(found) > limit:
        print(f"(the first {limit}; see --limit)")
    return 0


@command.command()
@config_option
@click.argument("name", metavar="ID")
@click.option("--body", is_flag=True, help="Print the bytes that are sent, and nothing else.")
@format_option("text", "json")
def show(config: Path | None, name: str, *, body: bool, style: str) -> int:
    """Show one delivery: every try with its answer, and what it says.

    An id may be cut short. The key of a message, as its receiver knows it, names its deliveries as well.
    """
    with open_store(open_settings(config), read_only=True) as store, store.reading() as tx:
        for each in _named(tx, name):
            tries, (kind, raw) = attempts(tx, each.id), content(tx, each.message)
            if body:
                print(_verbatim(raw), end="")
            elif style == "json":
                print_json({**_row(each, style), "attempts": [_try(one) for one in tries], "body": _readable(raw)})
            else:
                _print(each, tries, kind, raw)
    return 0


@command.command("replay")
@config_option
@click.argument("names", metavar="[ID...]", nargs=-1)
@_filters
def replay_(config: Path | None, names: tuple[str, ...], **filters: Any) -> int:
    """Send dead or cancelled deliveries once more, with the same key and the same bytes.

    They go out with the next turn. Name them, or say --state dead, --state cancelled, and where. To a closed endpoint
    nothing is sent: see `watcher outbox enable`. What a silence took back is told in another message.
    """
    with open_store(open_settings(config)) as store, store.writing() as tx:
        wanted = _wanted(tx, names, filters)
        for each in wanted if names else ():
            if each.state not in ENDED:
                raise UsageError(f"{each.id} is {each.state}", todo="only what is dead or cancelled can be sent again")
        closed = closed_endpoints(tx)
        # The oldest first, so that they arrive in their order.
        done = replay(tx, [each.id for each in reversed(wanted) if each.state in ENDED], now=clock.wall())
    print(f"{counted(len(done), 'message')} will be sent once more")
    for endpoint in sorted({each.endpoint for each in wanted} & closed.keys()):
        print(f"{endpoint} is closed ({safe(closed[endpoint])}); open it with: watcher outbox enable {endpoint}")
    return 0


@command.command("cancel")
@config_option
@click.argument("names", metavar="[ID...]", nargs=-1)
@_filters
@click.option("--reason", metavar="TEXT", default="", help="Why, for whoever asks later.")
def cancel_(config: Path | None, names: tuple[str, ...], *, reason: str, **filters: Any) -> int:
    """Do not send deliveries that wait. What is on the wire now may still arrive, and is not tried again.

    Name them, or say --state pending, --state retry, and where.
    """
    with open_store(open_settings(config)) as store, store.writing() as tx:
        wanted = _wanted(tx, names, filters)
        for each in wanted if names else ():
            if each.state not in _ON_ITS_WAY:
                raise UsageError(f"{each.id} is {each.state}", todo="only what waits can be cancelled")
        stopped, asked = cancel_deliveries(tx, [each.id for each in wanted], reason=_told(reason))
    print(f"cancelled {counted(len(stopped), 'message')}")
    if asked:
        print(f"{counted(len(asked), 'message')} on the wire now; not tried again after that")
    return 0


@command.command("enable")
@config_option
@click.argument("endpoint")
def enable_(config: Path | None, endpoint: str) -> int:
    """Send to an endpoint again that said it was gone for ever (410), or that is left alone for a while."""
    with open_store(open_settings(config)) as store, store.writing() as tx:
        known = known_endpoints(tx)
        if endpoint not in known:
            raise UsageError(f"nothing was ever sent to {endpoint!r}", todo=did_you_mean(endpoint, known))
        enable(tx, endpoint)
        dead = len(find_deliveries(tx, states=[DeliveryState.DEAD], endpoint=endpoint))
    print(f"{endpoint} is open")
    if dead:
        again = f"watcher outbox replay --state dead --endpoint {endpoint}"
        print(f"{counted(dead, 'dead message')} can be sent once more: {again}")
    return 0


def _wanted(tx: Tx, names: Sequence[str], filters: dict[str, Any]) -> list[Delivery]:
    """What is named, or what the filters pick."""
    if bool(names) == any(filters.values()):
        raise UsageError("say which deliveries", todo="their ids, or --state and --endpoint; see: watcher outbox list")
    return [each for name in names for each in _named(tx, name)] if names else _matching(tx, **filters)


def _named(tx: Tx, name: str) -> list[Delivery]:
    found = named(tx, name)
    if not found:
        raise UsageError(f"there is no delivery {name!r}", todo="see: watcher outbox list")
    if len({each.message for each in found}) > 1:
        raise UsageError(f"{name!r} is the beginning of several", todo=", ".join(each.id for each in found[:5]))
    return found


def _matching(
    tx: Tx, *, states: Sequence[str], endpoint: str | None, since: str | None, limit: int | None = None
) -> list[Delivery]:
    chosen = [DeliveryState(state) for state in states]
    found = find_deliveries(tx, states=chosen, endpoint=endpoint or "", since=_since(since), limit=limit)
    if not found and endpoint:
        known = known_endpoints(tx)
        if not any(endpoint in {name, name.partition("/")[0]} for name in known):
            raise UsageError(f"nothing was ever sent to {endpoint!r}", todo=did_you_mean(endpoint, known))
    return found


def _since(text: str | None) -> datetime | None:
    try:
        return clock.wall() - duration(text) if text else None
    except ValueError as error:
        raise UsageError(f"--since: {error}") from None


def _told(reason: str) -> str:
    try:
        who = getpass.getuser()
    except (KeyError, OSError):
        who = "somebody"
    said = f": {reason.strip()}" if reason.strip() else ""
    return f"cancelled by {who} at {clock.wall():%Y-%m-%d %H:%M} UTC{said}"


def _row(each: Delivery, style: str) -> dict[str, Any]:
    row = {
        "id": each.id if style != "text" else each.id[:_ENOUGH],
        "state": each.state.value,
        "tries": each.attempt,
        "queued": each.queued_at,
        "due": each.due_at if each.state in _ON_ITS_WAY else None,
        "endpoint": each.endpoint,
        "recipient": each.recipient,
        "subject": each.subject,
        "reason": each.reason,
    }
    more = {"message": each.message, "replays": each.replays, "delivered": each.delivered_at}
    return row if style != "json" else {**row, **more}


def _try(one: Attempt) -> dict[str, Any]:
    names = ("n", "started_at", "ended_at", "outcome", "code", "detail")
    return {name: getattr(one, name) for name in names}


def _verbatim(raw: bytes) -> str:
    """What is sent; on a terminal nothing in it can play with the screen."""
    text = raw.decode("utf-8", "replace")
    return "\n".join(map(safe, text.splitlines())) if on_terminal() else text


def _readable(raw: bytes) -> Any:
    text = raw.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _print(each: Delivery, tries: Sequence[Attempt], kind: str, raw: bytes) -> None:
    row = _row(each, "json")
    for name in ("id", "message", "endpoint", "recipient", "subject", "state", "reason", "queued", "due", "delivered"):
        if row[name] not in {None, ""}:
            value = f"{row[name]:%Y-%m-%d %H:%M:%S} UTC" if isinstance(row[name], datetime) else str(row[name])
            print(f"{name:<11}{safe(value)}")
    for one in tries:
        said = " ".join(filter(None, (one.outcome or "on the wire", one.code, one.detail)))
        print(f"try {one.n:<7}{one.started_at:%Y-%m-%d %H:%M:%S} UTC  {safe(said)}")
    print(f"{kind}:")
    for line in raw.decode("utf-8", "replace").splitlines():
        print(f"  {safe(line)}")
