"""`watcher drill`: send a message marked as a drill to a receiver."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

import click

from watcher import clock
from watcher.cli.opening import PATIENCE, alone, config_option, open_settings, open_store, quiet_log
from watcher.cli.rulebook import did_you_mean
from watcher.cli.table import safe
from watcher.config.notify import load_notify
from watcher.config.settings import Settings
from watcher.control import ask
from watcher.core.errors import ExitCode, UsageError
from watcher.deliver import Couriers
from watcher.endpoint import Endpoint, of_receiver
from watcher.singleton import is_held
from watcher.store.engine import Store
from watcher.switchboard import Switchboard
from watcher.trial import Tried, begin, end
from watcher.wiring import switchboard


@click.command()
@config_option
@click.argument("receiver")
def command(config: Path | None, receiver: str) -> int:
    r"""Send a drill, a message marked as one, to every channel of RECEIVER, now, and say what became of each.

    It takes the way that alerts take: through the outbox, with the same signature, the same mail server and the same
    guards. Its subject begins with [DRILL]. A drill that does not arrive is not tried again.

    \b
    watcher drill duty-officer

    The exit code is 79 when one of the channels could not be told.
    """
    settings = open_settings(config)
    quiet_log(settings)
    board = switchboard(settings)
    endpoints = _endpoints(settings, board, receiver)
    with open_store(settings) as store:
        if is_held(settings.state_dir / "daemon.lock"):
            tried = _through_the_daemon(settings, store, endpoints, board)
        else:
            tried = _by_ourselves(settings, store, endpoints, board)
    for each in tried:
        print(safe(_sentence(each)))
    return ExitCode.OK if all(each.is_told for each in tried) else ExitCode.DELIVERY


def _endpoints(settings: Settings, board: Switchboard, receiver: str) -> list[Endpoint]:
    endpoints = of_receiver(board.endpoints, receiver)
    if endpoints:
        return endpoints
    names = load_notify(settings.notify).receivers
    if receiver in names:
        raise UsageError(f"the receiver {receiver!r} has no channel, so nobody is told", where=str(settings.notify))
    raise UsageError(f"there is no receiver {receiver!r}", todo=did_you_mean(receiver, names))


def _by_ourselves(settings: Settings, store: Store, endpoints: Sequence[Endpoint], board: Switchboard) -> list[Tried]:
    couriers = Couriers(store, board.endpoints, boot=uuid.uuid4().hex)
    with alone(settings, who="a drill"):
        couriers.recover(clock.wall())
        with store.writing() as tx:
            messages = begin(tx, endpoints, board.desk, now=clock.wall())
        for endpoint in endpoints:
            couriers.deliver_at(endpoint.name, clock.wall)
        with store.writing() as tx:
            return end(tx, endpoints, messages)


def _through_the_daemon(
    settings: Settings, store: Store, endpoints: Sequence[Endpoint], board: Switchboard
) -> list[Tried]:
    """Only one process sends: the daemon is asked for a turn."""
    with store.writing() as tx:
        messages = begin(tx, endpoints, board.desk, now=clock.wall())
    seconds = PATIENCE.total_seconds()
    try:
        ask(settings.state_dir / "daemon.sock", {"ask": "turn", "timeout_s": seconds}, timeout_s=seconds)
    finally:
        with store.writing() as tx:
            tried = end(tx, endpoints, messages)
    return tried


def _sentence(tried: Tried) -> str:
    to = " ".join(filter(None, (tried.endpoint, tried.recipient)))
    return f"{to}: told" if tried.is_told else f"{to}: not told: {tried.why}"
