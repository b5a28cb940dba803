"""Claims of an outbox in which much waits: ``python -m tests.bench.outbox claims MESSAGES GROUPS FOLDER``.

Every message tells of one alert of its group, so that both what keeps a group and what keeps an alert in order is at work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from tests.bench.measure import NOW, Figures, spent, tell
from watcher.core.delivery import Outcome, OutcomeClass
from watcher.store.deliveries import due_endpoints
from watcher.store.engine import Store
from watcher.store.migrate import create
from watcher.store.outbox import claim, enqueue, settle

ENDPOINT, LEASE, OK = "desk/webhook/1", timedelta(minutes=1), Outcome(OutcomeClass.OK, "204")
#: How often each is done.
CLAIMS, LOOKS = 20, 20


def claims(messages: str, groups: str, folder: str) -> Figures:
    """Seconds of CPU of a claim with its outcome, and of a look for what is due; the answer is what was claimed."""
    with create(f"sqlite:///{folder}/outbox-{messages}-{groups}.db") as store:
        _fill(store, int(messages), int(groups))
        seconds, told = spent(lambda: [_claimed(store) for _ in range(min(CLAIMS, int(messages) - 1))])
        look, _ = spent(lambda: [_due(store) for _ in range(LOOKS)])
    return {"seconds": seconds / len(told), "answer": told, "look": look / LOOKS}


def _fill(store: Store, messages: int, groups: int) -> None:
    with store.writing() as tx:
        for number in range(messages):
            group = number % groups
            enqueue(
                tx,
                f"msg_{number}",
                endpoint=ENDPOINT,
                group_key=f"desk:{group}",
                reason="first",
                status="firing",
                subject="Attacks in a place",
                content_type="application/json",
                body=b"{}" * 500,
                items=[(f"alert{group}", 1 + number // groups)],
                recipients=[""],
                now=NOW,
                due_at=NOW,
            )


def _claimed(store: Store) -> str:
    with store.writing() as tx:
        [outgoing] = claim(tx, NOW, boot="bench", endpoint=ENDPOINT, lease=LEASE)
    with store.writing() as tx:
        settle(tx, outgoing, OK, boot="bench", started_at=NOW, now=NOW)
    return outgoing.message


def _due(store: Store) -> list[str]:
    with store.reading() as tx:
        return due_endpoints(tx, NOW)


WORKS: Mapping[str, Callable[..., Figures]] = {"claims": claims}

if __name__ == "__main__":
    tell(WORKS)
