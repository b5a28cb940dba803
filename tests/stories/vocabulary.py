"""Every step that a story may say. README.md lists them for those who write stories."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

from structlog.testing import capture_logs

from tests.stories.page import Step, as_written, moment
from tests.stories.receiver import HANGS
from tests.stories.records import acled_file, deletions_file, demo_file
from tests.stories.stage import Stage
from tests.stories.telling import reading_line
from watcher.app import turn
from watcher.config.document import load_document
from watcher.config.facts import read_fact
from watcher.core.fact import Fact
from watcher.core.matcher import matchers
from watcher.daemon import Daemon
from watcher.inquiry import inquire
from watcher.report import conclude
from watcher.store.alerts import find_alerts, find_transitions, mark_dirty
from watcher.store.facts import assert_fact, confirm_fact, withdraw_fact
from watcher.store.silences import add_silence
from watcher.store.waiting import find_held
from watcher.wiring import load_rule_set

#: Plays a step: (stage, the step, what its text says in parentheses). Returns how it really was; None: as written.
Play = Callable[..., Step | list[Step] | None]
PLAYS: dict[re.Pattern[str], Play] = {}
#: Steps that only look: whatever arrives before any other must have been expected.
LOOKS: set[Play] = set()


def does(words: str) -> Callable[[Play], Play]:
    """Name the words of a step that does something."""

    def register(play: Play) -> Play:
        PLAYS[re.compile(words)] = play
        return play

    return register


def looks(words: str) -> Callable[[Play], Play]:
    """Name the words of a step that says what is to be seen."""

    def register(play: Play) -> Play:
        LOOKS.add(play)
        return does(words)(play)

    return register


def play_of(wanted: Step) -> tuple[Play, tuple[str, ...]]:
    """How a step is played, and what its text says in parentheses.

    :raises ValueError: when no story can say this.
    """
    for words, play in PLAYS.items():
        if match := words.fullmatch(wanted.text):
            return play, match.groups()
    raise ValueError(f"a story cannot say {wanted.text!r}; see README.md")


# --- what is done -----------------------------------------------------------------------------------------------------


@does("the source releases")
def _release(stage: Stage, step: Step) -> None:
    stage.release(acled_file(step.lines, stage.now))


@does("the source deletes (.+)")
def _delete(stage: Stage, step: Step, ids: str) -> None:
    stage.release(deletions_file(ids.split(", "), stage.now))


@does("the demo's source releases")
def _release_of_the_demo(stage: Stage, step: Step) -> None:
    stage.release(demo_file(stage.released, stage.now))
    stage.released = stage.now


@does("turn(?: exits \\d+)?")
def _turn(stage: Stage, step: Step) -> Step:
    done, stage.is_busy = turn(stage.app, stage.now), False
    with stage.app.store.reading() as tx:
        result = conclude(tx, done, strict=False, now=stage.now)
    text = f"turn exits {result.exit_code}" if result.exit_code else "turn"
    return Step(text, as_written(step.lines, [stage.plain(each) for each in result.problems]))


@does("turn without waiting for answers")
def _turn_without_waiting(stage: Stage, step: Step) -> None:
    turn(stage.app, stage.now, wait=False)
    stage.is_busy = True


@does("turn of a daemon")
def _turn_of_a_daemon(stage: Stage, step: Step) -> None:
    turn(stage.app, stage.now, patient=True)
    stage.is_busy = False


@does("silence (.+) until (\\S+ \\S+)")
def _silence(stage: Stage, step: Step, tests: str, end: str) -> None:
    with stage.app.store.writing() as tx:
        add_silence(
            tx,
            matchers(tests),
            starts_at=stage.now,
            ends_at=moment(end),
            author="amina",
            comment="known",
            now=stage.now,
        )


@does("a new process begins")
def _begin(stage: Stage, step: Step) -> None:
    stage.open()


@does("the rules become")
def _change_rules(stage: Stage, step: Step) -> None:
    stage.write_rules("\n".join(step.lines) + "\n")


@does("the daemon reloads the rules")
def _reload(stage: Stage, step: Step) -> Step:
    daemon = Daemon(
        stage.app,
        state_dir=stage.settings.state_dir,
        rules=stage.settings.rules,
        load_rules=lambda: load_rule_set(stage.settings),
        raise_alarm=lambda _: None,
    )
    with capture_logs():
        daemon._take_over_rules()
    stage.app = daemon._app
    return step._replace(lines=as_written(step.lines, stage.plain(daemon._problem).splitlines()))


@does("check exits \\d+")
def _check(stage: Stage, step: Step) -> Step:
    """A process of its own, as cron starts it."""
    command = [sys.executable, "-m", "watcher", "check", "--config", str(stage.settings.path)]
    done = subprocess.run(command, cwd=stage.folder, env=os.environ, text=True, capture_output=True, check=False)
    told = stage.plain(done.stdout + done.stderr).splitlines()
    return Step(f"check exits {done.returncode}", as_written(step.lines, told))


@does("(desk|duty|test) answers (\\d+)")
def _answer(stage: Stage, step: Step, receiver: str, answer: str) -> None:
    stage.receivers.let(receiver, int(answer))


@does("(desk|duty|test) hangs")
def _hang(stage: Stage, step: Step, receiver: str) -> None:
    stage.receivers.let(receiver, HANGS)


@does("(assert|confirm|withdraw) (\\{.*\\})")
def _say(stage: Stage, step: Step, verb: str, said: str) -> None:
    document = load_document(said)
    fact = read_fact(document.value, (), document, stage.app.rules.catalogue)
    assert isinstance(fact, Fact), fact
    with stage.app.store.writing() as tx:
        if verb == "assert":
            version = assert_fact(tx, fact, now=stage.now)
        else:
            act = confirm_fact if verb == "confirm" else withdraw_fact
            version = act(tx, fact.identity, now=stage.now)
        mark_dirty(tx, "facts", version.known_to or version.known_from)


# --- what is to be seen -----------------------------------------------------------------------------------------------


@looks("nothing arrives")
def _nothing(stage: Stage, step: Step) -> list[Step]:
    return list(stage.unexpected())


@looks("(desk|duty|test) (receives|refuses)")
def _receive(stage: Stage, step: Step, receiver: str, verb: str) -> Step:
    expected = stage.teller.messages(step.lines)
    arrivals = stage.receivers.take(receiver, taken=verb == "receives", at_least=len(expected) * stage.is_busy)
    missing = [()] * (len(arrivals) - len(expected))
    told = [stage.teller.told(*each) for each in zip(arrivals, [*expected, *missing], strict=False)]
    real = [line for each in told for line in each] or ["nothing"]
    return step._replace(lines=as_written(step.lines, real))


@looks("the alerts")
def _alerts(stage: Stage, step: Step) -> Step:
    names = {rule.identity: rule.alert for rule in stage.app.rules.rules}
    with stage.app.store.reading() as tx:
        found = find_alerts(tx)
    rows = [
        " ".join((each.state, each.severity, names.get(each.rule, each.rule), *(value for _, value in each.group)))
        for each in found
    ]
    return step._replace(lines=as_written(step.lines, sorted(rows) or ["none"]))


@looks("what waits")
def _waits(stage: Stage, step: Step) -> Step:
    with stage.app.store.reading() as tx:
        rows = [f"{each.endpoint}: {each.why}" for each in find_held(tx)]
    return step._replace(lines=as_written(step.lines, rows or ["nothing"]))


@looks("what was dropped")
def _dropped(stage: Stage, step: Step) -> Step:
    with stage.app.store.reading() as tx:
        rows = [f"{each.endpoint}: {each.why}" for each in find_held(tx, dropped=True) if each.dropped_at]
    return step._replace(lines=as_written(step.lines, rows or ["nothing"]))


@looks("the history of (.+)")
def _history(stage: Stage, step: Step, name: str) -> Step:
    with stage.app.store.reading() as tx:
        found = find_transitions(tx, rule=stage.rule(name).identity)
    moves = [each.transition for each in reversed(found)]
    rows = [f"{each.tick:%Y-%m-%d %H:%M} {each.after} {each.severity}: {each.reason}" for each in moves]
    return step._replace(lines=as_written(step.lines, rows or ["none"]))


@looks("the reading of (.+)")
def _reading(stage: Stage, step: Step, name: str) -> Step:
    with stage.app.store.reading() as tx:
        found = inquire(tx, stage.app.rules, stage.rule(name), offsets=stage.app.offsets, moment=stage.now)
    [answer] = found.answers
    lines = [reading_line(line, answer.reading.values) for line in step.lines]
    return step._replace(lines=as_written(step.lines, lines))
