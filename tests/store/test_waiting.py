"""Every item in exactly one message, in order, whatever happens in whatever order: groups, hours, silences, digests, limits."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.core.notices import transition
from tests.store.records import moment
from watcher.bench import Bench, Told
from watcher.core.alert import OURS, Alert, Reason, State
from watcher.core.catalogue import Catalogue
from watcher.core.delivery import Outcome, OutcomeClass
from watcher.core.digest import Digest
from watcher.core.interval import TimeInterval
from watcher.core.matcher import matchers
from watcher.core.message import Desk
from watcher.core.muting import Inhibition
from watcher.core.route import Route
from watcher.core.rule import Group, Rule, RuleSet
from watcher.core.severity import Severity
from watcher.endpoint import Endpoint
from watcher.net import Egress
from watcher.notify import tell
from watcher.receivers import Access
from watcher.ruletest.tape import Tape
from watcher.store.alerts import add_transition, save_alert
from watcher.store.migrate import create
from watcher.store.outbox import claim, settle
from watcher.store.schema import delivery, message, message_item, waiting_item
from watcher.store.silences import add_silence, expire_silence, find_silences
from watcher.switchboard import Switchboard, Terms

START = moment("2026-03-27 12:00")
NAMES = "abc"
NAME = f"{OURS}a rule"
RULE = Rule.model_construct(alert="a rule", id=NAME, labels={})
RULES = RuleSet(Catalogue(), ())
ENDPOINT = "desk/tape/1"
INTERVALS = {"office": (TimeInterval.model_validate({"times": [{"start_time": "07:00", "end_time": "18:00"}]}),)}
INHIBITION = Inhibition.model_validate({"source_matchers": ["name=c"], "target_matchers": ["name=a"]})
CHILD = {"matchers": ['name=~".+"']}
TERMS: dict[str, tuple[dict[str, object], Terms]] = {
    "a group for each": ({"group_by": ["..."]}, Terms()),
    "one group for all": ({"group_wait": "10m", "group_interval": "2h"}, Terms()),
    "in office hours": ({"routes": [{**CHILD, "active_time_intervals": ["office"]}]}, Terms()),
    "a digest": ({}, Terms(Digest.model_validate({"at": "02:30", "timezone": "Europe/Berlin"}))),
    "one message an hour": ({"group_by": ["name"]}, Terms(max_per_hour=1)),
    "a digest and a limit": (
        {"group_by": ["name"], "group_interval": "1h"},
        Terms(Digest.model_validate({"at": "07:00"}), 2),
    ),
}


class World:
    """Three alerts, one endpoint, and a clock."""

    def __init__(self, tx, route: dict[str, object], terms: Terms) -> None:
        self.tx, self.now = tx, START
        self.alerts = {name: Alert(name, NAME, (("name", name),)) for name in NAMES}
        tape = Tape(Desk())
        access = Access(egress=Egress(), now=lambda: self.now)
        self.board = Switchboard(
            Route.model_validate({"receiver": "desk", **route}),
            {ENDPOINT: Endpoint(ENDPOINT, "desk", tape, None, access)},
            Desk(),
            INTERVALS,
            (INHIBITION,),
            {"desk": terms},
        )
        #: Beginnings and changes for the worse: each must be told, or wait, or have been dropped with a reason.
        self.due: set[tuple[str, int]] = set()

    def step(self, minutes: int, what: str, name: str, *, patient: bool) -> None:
        self.now += timedelta(minutes=minutes)
        if what == "silence":
            self._silence(name)
        elif what == "speak":
            for each in find_silences(self.tx):
                expire_silence(self.tx, each.silence.id, by="b", now=self.now)
        elif what == "send":
            self._send()
        told = [self._move(name, what)] if what in {"fire", "worse", "end"} else []
        self.turn([each for each in told if each is not None], patient=patient)

    def turn(self, told=(), *, patient: bool = False) -> None:
        bench = Bench(self.tx, RULES, {}, self.now)
        tell(bench, told, board=self.board, clock=self.now, patient=patient)
        self.check()

    def _send(self) -> None:
        """Every message that is due arrives; one that has arrived stays as it is."""
        while sent := claim(self.tx, self.now, boot="b", endpoint=ENDPOINT, lease=timedelta(minutes=1)):
            [each] = sent
            settle(self.tx, each, Outcome(OutcomeClass.OK), boot="b", started_at=self.now, now=self.now)

    def _silence(self, name: str) -> None:
        tests, end = matchers(f"name={name}"), self.now + timedelta(days=1)
        add_silence(self.tx, tests, starts_at=self.now, ends_at=end, author="a", comment="c", now=self.now)

    def _move(self, name: str, what: str) -> Told | None:
        before = self.alerts[name]
        if (what == "fire") is before.state.is_open or (what == "worse" and before.severity is Severity.CRITICAL):
            return None
        after = replace(before, seq=before.seq + 1, told=True)
        reason = Reason.HOLDS
        if what == "fire":
            after = replace(
                after, state=State.FIRING, severity=Severity.WARNING, episode=before.episode + 1, fired_at=self.now
            )
        elif what == "worse":
            after, reason = replace(after, severity=Severity.CRITICAL), Reason.WORSE
        else:
            after, reason = replace(after, state=State.RESOLVED, ended_at=self.now), Reason.CEASED
        self.alerts[name] = after
        moved = transition(
            fingerprint=name,
            rule=NAME,
            group=after.group,
            seq=after.seq,
            episode=after.episode,
            before=before.state,
            after=after.state,
            severity=after.severity,
            reason=reason,
            tick=self.now,
            rule_hash="",
            evidence={},
        )
        save_alert(self.tx, after)
        add_transition(self.tx, moved, now=self.now)
        if what != "end":
            self.due.add((name, after.seq))
        return Told(RULE, Group(), after, moved)

    def check(self) -> None:
        told = [
            tuple(row)
            for row in self.tx.execute(
                select(message_item.c.fingerprint, message_item.c.seq).where(message_item.c.seq > 0)
            )
        ]
        waits = [tuple(row) for row in self.tx.execute(select(waiting_item.c.fingerprint, waiting_item.c.seq))]
        assert len(told) == len(set(told)), "nothing is told twice"
        assert not set(told) & set(waits), "what is told does not wait"
        assert self.due <= {*told, *waits}, "nothing is lost"

    def waits(self) -> int:
        return len(self.tx.execute(select(waiting_item.c.seq).where(waiting_item.c.dropped_at.is_(None))).all())

    def in_order(self) -> bool:
        query = (
            select(message_item.c.fingerprint, message.c.number, message_item.c.seq)
            .join(message, message.c.id == message_item.c.message)
            .where(message_item.c.seq > 0)
            .order_by(message.c.number, message_item.c.seq)
        )
        last: dict[str, int] = {}
        for name, _, seq in self.tx.execute(query):
            if seq < last.get(name, 0):
                return False
            last[name] = seq
        return True

    def let_everything_go(self) -> None:
        """Whatever fires ends, and four days pass, in which every silence, muting, limit and digest comes to its end."""
        for name in NAMES:
            self.step(1, "end", name, patient=False)
        for _ in range(4 * 24):
            self.now += timedelta(hours=1)
            self.turn()


class _UndoneError(Exception):
    """Nothing of an example stays."""


@contextmanager
def undone(store):
    """A transaction of which nothing stays."""
    with suppress(_UndoneError), store.writing() as tx:
        yield tx
        raise _UndoneError


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 7, 45, 180, 700]),
        st.sampled_from(["fire", "fire", "worse", "end", "silence", "speak", "send", "nothing"]),
        st.sampled_from(NAMES),
        st.booleans(),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def memory():
    with create("sqlite://") as made:
        yield made


@pytest.mark.parametrize(("route", "terms"), TERMS.values(), ids=TERMS.keys())
@settings(
    max_examples=max(4, settings().max_examples // 3),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_every_item_is_in_exactly_one_message_and_in_order(memory, route, terms, steps):
    with undone(memory) as tx:
        world = World(tx, route, terms)
        for minutes, what, name, patient in steps:
            world.step(minutes, what, name, patient=patient)
        world.let_everything_go()
        assert world.in_order()
        assert world.waits() == 0


def test_on_both_engines_the_same_happens(store):
    route, terms = TERMS["a digest and a limit"]
    steps = [
        ("fire", "a"),
        ("silence", "b"),
        ("fire", "b"),
        ("worse", "a"),
        ("send", ""),
        ("fire", "c"),
        ("end", "a"),
        ("end", "b"),
    ]
    with store.writing() as tx:
        world = World(tx, route, terms)
        for what, name in steps:
            world.step(45, what, name, patient=True)
        world.let_everything_go()
        assert world.in_order()
        assert world.waits() == 0
        reasons = list(tx.execute(select(message.c.reason).order_by(message.c.number)).scalars())
    assert reasons == ["first", "worse", "all_resolved", "digest"]


def test_on_both_engines_a_silence_takes_back_what_is_queued(store):
    with store.writing() as tx:
        world = World(tx, *TERMS["one group for all"])
        for what, name in [("fire", "a"), ("worse", "a"), ("fire", "b"), ("silence", "a")]:
            world.step(180, what, name, patient=False)
        assert world.waits() == 2
        states = tx.execute(select(delivery.c.state).order_by(delivery.c.number)).scalars().all()
        assert states == ["cancelled", "cancelled", "pending"]
        world.let_everything_go()
        assert world.in_order()
