"""Simulated histories: the product's own couriers and outbox, a clock that the seed moves, crashes, and strange receivers.

One seed is one history. Nothing sleeps: what would take days is over in milliseconds, and a history that fails can be
run again.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.chaos.rows import Figures, row
from watcher.core.delivery import DeliveryState, Outcome, OutcomeClass, Outgoing
from watcher.deliver import Couriers
from watcher.endpoint import Endpoint
from watcher.net import Egress
from watcher.receivers import Access
from watcher.store.deliveries import find_deliveries
from watcher.store.engine import Store
from watcher.store.migrate import create
from watcher.store.outbox import enqueue
from watcher.store.schema import EDGES, delivery, endpoint_state

START = datetime(2026, 3, 28, 22, tzinfo=UTC)
OK = Outcome(OutcomeClass.OK, "204")
FAULTS = (
    Outcome(OutcomeClass.RECOVERABLE, "500"),
    Outcome(OutcomeClass.RECOVERABLE, "503", retry_after=timedelta(seconds=90)),
    Outcome(OutcomeClass.RECOVERABLE, "429", retry_after=timedelta(days=400)),
    Outcome(OutcomeClass.CONFIG, "401"),
    Outcome(OutcomeClass.GREYLIST, "451"),
)
SILENT = Outcome(OutcomeClass.AMBIGUOUS, "timeout")
#: How far the wall clock may jump, forwards and back.
JUMPS = tuple(timedelta(hours=hours) for hours in (-24 * 365, -24, -1, 1, 24, 24 * 365))
ALERTS = 6
#: After the faults stop everything is final within this: one longest wait, and its jitter.
DRAIN = timedelta(minutes=75)


class Crash(BaseException):
    """The process dies here."""


@dataclass
class World:
    """The clock, the receivers and what they took."""

    chance: random.Random
    share: float = 0.3
    now: datetime = START
    heard: list[tuple[datetime, Outgoing]] = field(default_factory=list)
    acknowledged: list[tuple[str, Outgoing]] = field(default_factory=list)
    excused: Counter[str] = field(default_factory=Counter)

    def clock(self) -> datetime:
        return self.now


@dataclass
class Channel:
    """A receiver that answers as the seed says."""

    world: World
    CHANNEL: str = "webhook"
    LEASE: timedelta = timedelta(seconds=60)

    def send(self, outgoing: Outgoing, **_: Any) -> Outcome:
        world = self.world
        if world.chance.random() < world.share / 3:
            raise Crash
        world.heard.append((world.now, outgoing))
        world.now += timedelta(milliseconds=world.chance.randrange(1, 2_000))
        if world.chance.random() < world.share:
            answer = world.chance.choice((*FAULTS, SILENT))
            if answer is SILENT:
                # It was taken, and we are not told so.
                world.excused[outgoing.message] += 1
                world.acknowledged.append((outgoing.endpoint, outgoing))
            return answer
        world.acknowledged.append((outgoing.endpoint, outgoing))
        if world.chance.random() < world.share / 6:
            world.excused[outgoing.message] += 1
            raise Crash
        return OK


class Simulation:
    """One history of one or two processes."""

    def __init__(self, seed: int, store: Store, *, processes: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(self.chance)
        self.store = store
        self.queued: dict[str, tuple[str, int]] = {}
        self._processes = processes
        self._boots = 0
        self._seqs: Counter[tuple[str, int]] = Counter()
        self._endpoints = ("a/webhook/1", "b/webhook/1")
        self._couriers = [self._begin() for _ in range(processes)]

    def _begin(self) -> Couriers:
        self._boots += 1
        access = Access(egress=Egress(), now=self.world.clock)
        channel: Any = Channel(self.world)
        endpoints = {name: Endpoint(name, name[0], channel, None, access) for name in self._endpoints}
        return Couriers(self.store, endpoints, boot=f"boot{self._boots}")

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self._step()
        self.world.share = 0.0
        until = self.world.now + DRAIN
        while self._is_open() and self.world.now < until:
            self._round(self._couriers[0])
            self.world.now += timedelta(seconds=30)

    def _step(self) -> None:
        act = self.chance.random()
        if act < 0.25:
            self._tell()
        elif act < 0.65:
            self.world.now += timedelta(seconds=self.chance.choice((1, 5, 30, 300)))
        elif act < 0.67:
            self.world.now += self.chance.choice(JUMPS)
        else:
            self._round(self.chance.choice(self._couriers))

    def _tell(self) -> None:
        endpoint, alert = self.chance.choice(self._endpoints), self.chance.randrange(ALERTS)
        self._seqs[endpoint, alert] += 1
        seq = self._seqs[endpoint, alert]
        name = f"msg_{endpoint[0]}_{alert}_{seq}"
        self.queued[name] = (f"{endpoint}:{alert}", seq)
        with self.store.writing() as tx:
            enqueue(
                tx,
                name,
                endpoint=endpoint,
                group_key=f"{alert % 2}",
                reason="first",
                status="firing",
                subject=name,
                content_type="text/plain",
                body=f"{name} written {self.world.now}".encode(),
                items=[(f"alert{alert}", seq)],
                recipients=[""],
                now=self.world.now,
                due_at=self.world.now,
            )

    def _round(self, couriers: Couriers) -> None:
        """What one process does at its next look, in this thread; it may die of it."""
        from watcher.deliver import _Tally  # noqa: PLC0415 - only a simulation looks inside

        try:
            for name in couriers._due(self.world.now, _Tally()):
                couriers.deliver_at(name, self.world.clock)
        except Crash:
            with self.store.reading() as tx:
                on_wire = [each.message for each in find_deliveries(tx, states=[DeliveryState.LEASED])]
            self.world.excused.update(on_wire)
            self._couriers[self._couriers.index(couriers)] = again = self._begin()
            if self._processes == 1:
                again.recover(self.world.now)

    def _is_open(self) -> bool:
        with self.store.reading() as tx:
            states = [DeliveryState.PENDING, DeliveryState.RETRY, DeliveryState.LEASED]
            return bool(find_deliveries(tx, states=states, limit=1))

    def judge(self) -> Figures:
        """Figures, or an assertion that names the invariant."""
        with self.store.reading() as tx:
            stands = {each.message: each for each in find_deliveries(tx)}
            edges = {tuple(edge) for edge in tx.execute(select(delivery.c.previous, delivery.c.state))}
        bodies = defaultdict(set)
        for _, outgoing in self.world.heard:
            bodies[outgoing.message].add(outgoing.body)
        assert set(bodies) <= set(self.queued), "I3 nothing that was never queued"
        assert all(len(each) == 1 for each in bodies.values()), "I2 one key has one body"
        told = Counter(outgoing.message for _, outgoing in self.world.acknowledged)
        for name in self.queued:
            state = stands[name].state
            assert state in {DeliveryState.DELIVERED, DeliveryState.DEAD}, f"I15 liveness: {name} is {state}"
            assert told[name] or stands[name].reason, f"I1 no loss: {name}"
            assert told[name] or state is DeliveryState.DEAD, f"I1 no loss: {name} counts as told"
            assert told[name] <= 1 + self.world.excused[name], f"I2 {name} repeated without an excuse"
        assert edges <= set(EDGES), "I5 legal edges only"
        self._in_order()
        repeated = sum(told.values()) - len(told)
        return {"messages": len(self.queued), "lost": 0, "repeated": repeated, "dead": len(stands) - len(told)}

    def _in_order(self) -> None:
        newest: Counter[str] = Counter()
        seen: set[str] = set()
        for _, outgoing in self.world.acknowledged:
            if outgoing.message not in seen:
                seen.add(outgoing.message)
                line, seq = self.queued[outgoing.message]
                assert newest[line] < seq, f"I6 order: {outgoing.message} after {newest[line]}"
                newest[line] = seq


def simulate(seed: int, *, processes: int, steps: int = 300) -> Figures:
    """One history."""
    with create("sqlite://") as store:
        history = Simulation(seed, store, processes=processes)
        history.run(steps)
        return {"histories": 1, **history.judge()}


@row("C28", "simulated histories of 300 steps: crashes, jumps of the clock to a year, two processes", slices=500)
def histories(seed: int, folder: Path, number: int = 20) -> Figures:
    figures: Counter[str] = Counter()
    for each in range(seed * number, (seed + 1) * number):
        figures.update(simulate(each, processes=1 + each % 2))
    return figures


@row("C10", "the clock jumps: an hour, a day, a year; 2038, 2100; a leap day; both changes of summer time", slices=8)
def jumps(seed: int, folder: Path, by: Sequence[timedelta] = (*JUMPS, timedelta(hours=24 * 3650))) -> Figures:
    days = (
        "2026-03-29T00:59:30",
        "2026-10-25T00:59:30",
        "2028-02-28T23:59:30",
        "2028-02-29T23:59:30",
        "2038-01-19T03:14:00",
        "2099-12-31T23:59:30",
        "2026-12-31T23:59:30",
        "2026-06-01T12:00:00",
    )
    start = datetime.fromisoformat(days[seed % len(days)]).replace(tzinfo=UTC)
    longest = timedelta()
    for jump in by:
        with create("sqlite://") as store:
            history = Simulation(seed, store, processes=1)
            history.world.now = start
            history.world.share = 0.9
            for _ in range(20):
                history._tell()
            for _ in range(3):
                history._round(history._couriers[0])
                history.world.now += timedelta(seconds=20)
            history.world.now += jump
            history.world.share = 0.0
            begun = history.world.now
            history.run(0)
            longest = max(longest, history.world.now - begun)
            history.judge()
    return {"jumps": len(by), "lost": 0, "max drain min (simulated)": longest.total_seconds() / 60}


@row(
    "C19", "10,000 messages wait behind an endpoint that was down for two hours and then takes 5 in a second", slices=1
)
def herd(seed: int, folder: Path, number: int = 10_000) -> Figures:
    with create("sqlite://") as store:
        history = Simulation(seed, store, processes=1)
        world, [couriers] = history.world, history._couriers
        while len(history.queued) < number:
            history._tell()
        channel = Limited(world, down_until=START + timedelta(hours=2))
        for endpoint in couriers._endpoints.values():
            object.__setattr__(endpoint, "channel", channel)
        attempts_down = 0
        until = START + timedelta(hours=12)
        while history._is_open() and world.now < until:
            history._round(couriers)
            attempts_down = attempts_down or (len(world.heard) if world.now > channel.down_until else 0)
            world.now += timedelta(seconds=5)
        history._in_order()
        with store.reading() as tx:
            left = tx.execute(select(endpoint_state.c.failures)).scalars().all()
        assert len({each.message for _, each in world.acknowledged}) == number, "I1 no loss"
        assert not any(left)
        busiest = max(Counter(moment.replace(microsecond=0) for moment, _ in world.heard).values())
        drained = (world.now - channel.down_until).total_seconds() / 60
        return {
            "messages": number,
            "lost": 0,
            "attempts while down": attempts_down,
            "max requests in a second": busiest,
            "max drain min (simulated)": drained,
        }


@dataclass
class Limited(Channel):
    """Down until a moment, and then takes five messages in a second and asks the sixth to wait."""

    down_until: datetime = START
    _taken: Counter[datetime] = field(default_factory=Counter)

    def send(self, outgoing: Outgoing, **_: Any) -> Outcome:
        world = self.world
        world.heard.append((world.now, outgoing))
        if world.now < self.down_until:
            world.now += timedelta(milliseconds=20)
            return Outcome(OutcomeClass.RECOVERABLE, "connect")
        second = world.now.replace(microsecond=0)
        self._taken[second] += 1
        world.now += timedelta(milliseconds=50)
        if self._taken[second] > 5:
            return Outcome(OutcomeClass.RECOVERABLE, "429", retry_after=timedelta(seconds=1))
        world.acknowledged.append((outgoing.endpoint, outgoing))
        return OK
