"""A model of an installation: whatever is done to it, in whatever order, it tells every alert of its input.

The commands run in this process, on a clock that the model sets. The receiver is a function that answers as the model
says. A turn may die before or after any of its commits, and a sender with a message on the wire.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime, timedelta, tzinfo
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import func, select

from tests.chaos.points import around_commit
from tests.chaos.receiver import TAKEN, Request
from tests.chaos.rows import Figures, row, whole
from tests.chaos.scene import Scene, judge
from tests.installation import at, empty_store
from watcher import cli, clock, deliver
from watcher.core.delivery import Outcome, OutcomeClass, Outgoing
from watcher.core.errors import ExitCode
from watcher.store.deliveries import WAITING, find_deliveries
from watcher.store.engine import Store
from watcher.store.schema import delivery, event

START = at("2020-06-01")
SILENT, DIES = 0, -1
OUTCOMES = {
    TAKEN: Outcome(OutcomeClass.OK, "204"),
    500: Outcome(OutcomeClass.RECOVERABLE, "500"),
    503: Outcome(OutcomeClass.RECOVERABLE, "503", retry_after=timedelta(seconds=90)),
    401: Outcome(OutcomeClass.CONFIG, "401"),
    SILENT: Outcome(OutcomeClass.AMBIGUOUS, "timeout"),
}
#: How far the clock goes, or is set back, between two turns.
STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 20, 61, 300, -90))
LATER = timedelta(hours=3)
#: A turn that dies, and a command that does.
DIED = 137


class Desk:
    """A receiver without a wire: it answers as it is told to, and writes down what it heard."""

    url = "http://127.0.0.1:9/"

    def __init__(self) -> None:
        self.answer = TAKEN
        self._heard: list[Request] = []

    def send(self, _endpoint: Any, outgoing: Outgoing) -> Outcome:
        if self.answer == DIES:
            raise SystemExit(DIED)
        self._heard.append(Request(outgoing.message, outgoing.body, self.answer, 0.0))
        return OUTCOMES[self.answer]

    def requests(self) -> list[Request]:
        return list(self._heard)

    def taken(self) -> list[Request]:
        return [each for each in self._heard if each.answer == TAKEN]


class Dies:
    """Ends the process at the n-th call."""

    def __init__(self, n: int) -> None:
        self._left = n

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise SystemExit(DIED)


@contextmanager
def replaced(place: Any, name: str, value: Any) -> Iterator[None]:
    """Something else, for a while, under a name of the product."""
    before = getattr(place, name)
    setattr(place, name, value)
    try:
        yield
    finally:
        setattr(place, name, before)


class Stopped:
    """A clock that shows the model's moment."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def now(self, _zone: tzinfo) -> datetime:
        """The moment it is."""
        return self._model.now


class Model(RuleBasedStateMachine):
    """One installation, and everything that may be done to it."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="watcher-model-")))
        self.desk = Desk()
        self.now = START
        self._stack.enter_context(replaced(clock, "datetime", Stopped(self)))
        self._stack.enter_context(replaced(deliver, "send", self.desk.send))
        self.scene = Scene(folder, self.desk, seed=0)
        store = folder / "state" / "watcher.db"
        store.touch(mode=0o600)
        store.write_bytes(empty_store())
        self.scene.start()
        self.command("check")

    def command(self, *arguments: str) -> int:
        """The exit code of a command."""
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as said:
            code = cli.main([*arguments, "--config", str(self.scene.settings)])
        assert code in {ExitCode.OK, ExitCode.DELIVERY, DIED}, (arguments, code, said.getvalue())
        return code

    @rule()
    def a_file_falls_into_the_drop_folder(self) -> None:
        self.scene.release()

    @rule()
    def a_file_brings_what_was_there_before(self) -> None:
        self.scene.release_again()

    @rule(answer=st.sampled_from((*OUTCOMES, DIES)))
    def the_receiver_answers_otherwise(self, answer: int) -> None:
        self.desk.answer = answer

    @rule(step=st.sampled_from(STEPS))
    def time_passes(self, step: timedelta) -> None:
        self.now += step

    @rule()
    def a_turn(self) -> None:
        self.command("check")

    @rule(n=st.integers(1, 8), side=st.sampled_from(("before", "after")))
    def a_turn_dies(self, n: int, side: str) -> None:
        with replaced(Store, "writing", around_commit(Store.writing, side, Dies(n))):
            self.command("check")

    @rule(place=st.integers(0, 4))
    def somebody_silences_a_place(self, place: int) -> None:
        matcher = f'location="Place {self.scene.releases}-{place}"'
        self.command("silence", "add", matcher, "--for", "2h", "--comment", "it is known", "--author", "desk")

    @rule()
    def somebody_cancels_a_message_and_thinks_better_of_it(self) -> None:
        with self.store() as store, store.reading() as tx:
            waiting = [each.id for each in find_deliveries(tx) if each.state.value in WAITING]
        for each in waiting[-1:]:
            self.command("outbox", "cancel", each)
            self.command("outbox", "replay", each)

    @rule(page=st.sampled_from(("status", "alerts", "history", "outbox list", "silence list")))
    def somebody_looks(self, page: str) -> None:
        self.command(*page.split())

    def store(self) -> Store:
        """The store."""
        return Store.open(f"sqlite:///{self.scene.folder / 'state' / 'watcher.db'}")

    def teardown(self) -> None:
        with self._stack:
            self.desk.answer = TAKEN
            for _ in range(4):
                self.now += LATER
                self.command("check")
            judge(self.scene)
            told = len(self.desk.requests())
            self.scene.release_again()
            self.now += LATER
            self.command("check")
            assert len(self.desk.requests()) == told, "I9 what was there before tells nothing"
            self._judge_store()
            whole(self.scene.settings)

    def _judge_store(self) -> None:
        with self.store() as store, store.reading() as tx:
            events = tx.execute(select(func.count()).select_from(event)).scalar_one()
            ends = {(each.state, each.reason) for each in tx.execute(select(delivery.c.state, delivery.c.reason))}
        assert events == len({line.split(",")[0] for line in self.scene.rows}), "I9 every record, and each once"
        # What a silence took back before it was sent is told after it, in another message.
        open_ends = {
            end for end in ends if end[0] != "delivered" and not (end[0] == "cancelled" and "silence" in end[1])
        }
        assert not open_ends, f"I15 everything is final: {open_ends}"


def runs(seed: int, *, number: int, steps: int) -> int:
    """Play the model; return how many times it was played."""
    played = 0

    class Counted(Model):
        def __init__(self) -> None:
            nonlocal played
            played += 1
            super().__init__()

    how = settings(
        max_examples=number,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seeded(seed)(Counted), settings=how)
    return played


@row(
    "C29",
    "a model of an installation: 50 steps of files, turns, deaths, answers, clocks, silences, commands",
    slices=50,
)
def model(seed: int, folder: Path, number: int = 10, steps: int = 50) -> Figures:
    return {"runs": runs(seed, number=number, steps=steps), "lost": 0}
