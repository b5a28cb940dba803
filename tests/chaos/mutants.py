"""Mistakes that others have made, built into the product, to see that the tests would notice them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from watcher import app, deliver
from watcher.bench import Bench
from watcher.core.delivery import Outcome, OutcomeClass
from watcher.store import deliveries, outbox, sweep
from watcher.store.deliveries import WAITING
from watcher.store.schema import delivery, message

#: Sets an attribute of something, and puts it back in the end.
Patch = Callable[[Any, str, Any], None]


def marked_before_it_is_sent(patch: Patch) -> None:
    claim = outbox.claim

    def claims(tx: Any, now: Any, *, boot: str, **how: Any) -> Any:
        claimed = claim(tx, now, boot=boot, **how)
        for each in claimed:
            outbox.settle(tx, each, Outcome(OutcomeClass.OK), boot=boot, started_at=now, now=now)
        return claimed

    patch(deliver, "claim", claims)


def written_in_a_second_transaction(patch: Patch) -> None:
    write = app._write_messages
    waiting: list[Any] = []

    def later(*arguments: Any, **_how: Any) -> int:
        waiting.append(arguments)
        return 0

    def evaluate(it: Any, now: Any, **how: Any) -> Any:
        done = original(it, now, **how)
        for _, _, evaluated in waiting:
            with it.store.writing() as tx:
                write(it, Bench(tx, it.rules, it.offsets, now), evaluated, patient=False)
        waiting.clear()
        return done

    original = app.evaluate
    patch(app, "_write_messages", later)
    patch(app, "evaluate", evaluate)


def out_of_order(patch: Patch) -> None:
    def heads(tx: Any, endpoint: str, now: Any, *, limit: int) -> Any:
        columns = [delivery.c[name] for name in ("id", "endpoint", "recipient", "attempt")]
        columns += [message.c[name] for name in ("key", "content_type", "body", "body_sha256", "subject")]
        query = select(*columns).join(message, message.c.id == delivery.c.message)
        due = query.where(delivery.c.endpoint == endpoint, delivery.c.state.in_(WAITING), delivery.c.due_at <= now)
        return tx.execute(due.order_by(delivery.c.due_at, delivery.c.number).limit(limit)).all()

    patch(outbox, "_due_heads", heads)


def another_key_at_each_try(patch: Patch) -> None:
    lease = outbox._lease

    def leased(*arguments: Any, **how: Any) -> Any:
        outgoing = lease(*arguments, **how)
        return replace(outgoing, message=f"{outgoing.message}.{outgoing.attempt}")

    patch(outbox, "_lease", leased)


def without_the_clamp(patch: Patch) -> None:
    never = timedelta(days=100_000)
    for module in (deliveries, sweep):
        for name in ("LATEST", "LONGEST_WAIT", "LONGEST_LEASE"):
            if hasattr(module, name):
                patch(module, name, never)


def written_anew_at_each_try(patch: Patch) -> None:
    lease = outbox._lease

    def leased(*arguments: Any, now: Any, **how: Any) -> Any:
        outgoing = lease(*arguments, now=now, **how)
        return replace(outgoing, body=outgoing.body + str(now).encode())

    patch(outbox, "_lease", leased)


MUTANTS: Mapping[str, Callable[[Patch], None]] = {
    "M1": marked_before_it_is_sent,
    "M2": written_in_a_second_transaction,
    "M3": out_of_order,
    "M4": another_key_at_each_try,
    "M6": without_the_clamp,
    "M7": written_anew_at_each_try,
}
