"""What is wrong with our own ways out, as troubles that are told like any other: never through the way they are about."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.core.label import labels
from watcher.core.message.phrase import counted
from watcher.own_alerts import Trouble
from watcher.store.deliveries import Dead, Fault, endpoint_faults, given_up
from watcher.store.schema import Tx

ENDPOINT_FAILING = "WatcherEndpointFailing"
MESSAGES_DEAD = "WatcherMessagesDead"
#: Messages that were given up are a trouble for so long; one more in this time is the same trouble.
REMEMBERED = timedelta(days=1)
#: The label that says which endpoint it is about.
ABOUT = "endpoint"


def endpoint_troubles(tx: Tx, now: datetime) -> list[Trouble]:
    """What somebody must know about our endpoints.

    :param now: by the clock of the outbox.
    """
    failing = [_failing(each) for each in endpoint_faults(tx, now)]
    return [*failing, *(_dead(each) for each in given_up(tx, since=now - REMEMBERED))]


def _failing(fault: Fault) -> Trouble:
    name = fault.endpoint
    if fault.is_closed:
        headline = f"{name} is closed"
        todo = f"Nothing is sent there any more. Name another receiver, or: watcher outbox enable {name}"
    else:
        headline = f"{name} takes no messages"
        todo = "What waits is kept and tried again for 72 hours. See: watcher status, watcher drill."
    return Trouble(ENDPOINT_FAILING, labels({ABOUT: name}), headline, f"It said: {fault.why or 'nothing'}. {todo}")


def _dead(dead: Dead) -> Trouble:
    sentence = (
        f"The last of them: {dead.why}. Tell people by other means, mend it, and then: "
        f"watcher outbox replay --state dead --endpoint {dead.endpoint}"
    )
    headline = f"{counted(dead.total, 'message')} to {dead.endpoint} given up"
    return Trouble(MESSAGES_DEAD, labels({ABOUT: dead.endpoint}), headline, sentence)
