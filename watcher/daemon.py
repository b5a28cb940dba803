"""The daemon: turns on a timetable. The only user of APScheduler.

One job calls the turn every few seconds; what is due lies in tables, so a missed call loses nothing. The main thread
lives by the monotonic clock: it notices when the wall clock jumps, when rule files change, and when it is asked to reload or to stop.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from watcher import clock, systemd
from watcher.app import App, Turn, recover_pulls, resume, turn
from watcher.config.files import content_hash, stamps_of
from watcher.control import Ear
from watcher.core.errors import ConfigError, ExitCode, StoreError, WatcherError
from watcher.core.rule import RuleSet
from watcher.heartbeat import Heartbeat
from watcher.log import logger
from watcher.own_alerts import rules_invalid
from watcher.report import Conclusion, conclude, summary_of
from watcher.singleton import holding
from watcher.store.runs import finish_run, start_run
from watcher.web.counter import Counter, plain_name
from watcher.web.listening import Listener
from watcher.web.server import Door
from watcher.web.service import Pulse

#: How often a turn is called; what is due is decided by the turn itself.
EVERY = timedelta(seconds=5)
#: Wall and monotonic clock may drift apart by this much between two looks before it is called a jump.
JUMP = timedelta(seconds=5)
#: How long what is on the wire may take when we are asked to stop.
DRAIN = timedelta(seconds=25)
#: A check that is under way when the daemon starts may finish.
LONGEST_CHECK = timedelta(minutes=5)
_LOOK_S = 1.0
#: A second signal within this is the first one once more: `timeout` for one sends it to the process and to its group.
_ECHO_S = 1.0
_STOP, _RELOAD = "stop", "reload"


class Steady(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 ships no types
    """Every so often from now: after a jump or a freeze it goes on at once and enumerates nothing."""

    def __init__(self, every: timedelta) -> None:
        self._every = every

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The next call, never more than one interval away."""
        return now if previous is None else max(min(previous + self._every, now + self._every), now)


class Lookout:
    """Notices that files have changed, once they lie still: an editor's half-written file is no mistake."""

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._taken_over = self._seen = look()

    def has_changed(self) -> bool:
        """Whether they are not as they were last taken over, and the same as at the last look."""
        found = self._look()
        lies_still, self._seen = found == self._seen, found
        if not lies_still or found == self._taken_over:
            return False
        self._taken_over = found
        return True

    def take_over(self) -> None:
        """What was there at the last look is taken over, whether it lies still or not; a change after it is a change."""
        self._taken_over = self._seen


class Daemon:
    """A running watcher."""

    def __init__(
        self,
        app: App,
        *,
        state_dir: Path,
        rules: Sequence[Path],
        load_rules: Callable[[], RuleSet],
        raise_alarm: Callable[[StoreError], object],
        web: tuple[str, int] | None = None,
        open_service: Callable[[App, Callable[[], Pulse]], Listener | None] = lambda _app, _pulse: None,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        """A watcher that works until it is stopped.

        :param raise_alarm: called when the store fails: past it, somebody is told.
        :param web: where links are honoured, when messages have any: host and port.
        :param open_service: opens the door for machines, where there is one.
        """
        self._app = app
        self._web = web
        self._open_service = open_service
        self._heartbeat = heartbeat
        self._ended = clock.monotonic()
        self._state_dir = state_dir
        self._rules = rules
        self._load_rules = load_rules
        self._raise_alarm = raise_alarm
        self._lookout = Lookout(lambda: stamps_of(rules))
        #: What signals have asked for. A handler may run in the middle of anything, also of what an event does under its
        #: lock; this queue is made for that.
        self._asked: SimpleQueue[str] = SimpleQueue()
        #: When we were asked to stop; None until then.
        self._stop_asked: float | None = None
        self._one_turn = threading.Lock()
        self._log = logger()
        self._problem = ""

    def run(self) -> int:
        """Work until SIGTERM or SIGINT.

        :raises Locked: when another daemon is at work on the same state directory.
        """
        with (
            holding(self._state_dir / "daemon.lock", who="the daemon"),
            holding(self._state_dir / "sender.lock", who="the daemon", patience=LONGEST_CHECK),
        ):
            signal.signal(signal.SIGTERM, self._on_stop)
            signal.signal(signal.SIGINT, self._on_stop)
            signal.signal(signal.SIGHUP, self._on_reload)
            freed = self._app.couriers.recover(clock.wall())
            resume(self._app, clock.wall())
            recover_pulls(self._app)
            doors = [
                door for door in (self._open_door(), self._open_service(self._app, self._pulse)) if door is not None
            ]
            ear = Ear(self._state_dir / "daemon.sock", self._answer)
            scheduler = BackgroundScheduler(timezone=UTC)
            settings = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
            job = scheduler.add_job(self._turn_on_timetable, Steady(EVERY), **settings)
            scheduler.start()
            systemd.tell("READY=1")
            self._log.info("started", rules=len(self._app.rules.rules), freed=freed)
            try:
                self._look_after(lambda: job.modify(next_run_time=clock.wall()))
            finally:
                systemd.tell("STOPPING=1")
                scheduler.shutdown(wait=False)
                ear.close()
                for door in doors:
                    door.close()
                self._drain()
        return ExitCode.OK

    def _open_door(self) -> Door | None:
        """Listen for those who follow links, when messages have links."""
        desk = self._app.board.desk
        if self._web is None or desk.links is None:
            return None
        counter = Counter(
            self._app.store, desk.links, clock.wall, self._name_of, instance=desk.instance, timezone=desk.timezone
        )
        return Door(*self._web, counter)

    def _pulse(self) -> Pulse:
        return Pulse(timedelta(seconds=clock.monotonic() - self._ended), self._problem)

    def _name_of(self, identity: str) -> str:
        rules = self._app.rules.rules
        return next((rule.alert for rule in rules if rule.identity == identity), plain_name(identity))

    def _look_after(self, wake: Callable[[], object]) -> None:
        """Until asked to stop: notice jumps of the clock, edits of the rules and requests to reload."""
        wall, monotonic = clock.wall(), clock.monotonic()
        while (asked := self._what_is_asked()) != _STOP:
            now, elapsed = clock.wall(), timedelta(seconds=clock.monotonic() - monotonic)
            jump = now - wall - elapsed
            if abs(jump) > JUMP:
                self._log.warning("clock jumped", seconds=round(jump.total_seconds(), 1))
                wake()
            wall, monotonic = now, clock.monotonic()
            if self._lookout.has_changed() or asked == _RELOAD:
                self._lookout.take_over()
                self._take_over_rules()
                wake()

    def _what_is_asked(self) -> str:
        """What a signal asks for now, or nothing after a while."""
        try:
            return self._asked.get(timeout=_LOOK_S)
        except Empty:
            return ""

    def _turn_on_timetable(self) -> None:
        """One turn; what stands in its way now, a full disk for one, is tried again at the next."""
        if self._stop_asked is not None:
            return
        try:
            done = self._turn(notify=True)
        except WatcherError as error:
            self._log.error("turn failed", error=str(error))
            self._give_sign(error)
            if isinstance(error, StoreError):
                self._raise_alarm(error)
        except Exception as error:  # noqa: BLE001 - a mistake of ours in one turn must not end all turns
            fault = WatcherError(
                f"unforeseen {type(error).__name__}", todo="please report it, with the log's traceback"
            )
            self._log.exception("turn failed", error=str(fault))
            self._give_sign(fault)
        else:
            self._ended = clock.monotonic()
            systemd.tell("WATCHDOG=1")
            self._give_sign(next(iter(done.failures), None))

    def _give_sign(self, error: WatcherError | None) -> None:
        """A sign of life, when it is time for one; of a failure at once, and then as seldom."""
        now = clock.wall()
        if self._heartbeat is None or not self._heartbeat.is_due(now):
            return
        if error is None:
            self._heartbeat.success(now)
        else:
            self._heartbeat.fail(now, str(error))

    def _turn(self, *, notify: bool, asked: bool = False) -> Turn:
        """One turn, while nobody else takes one; one that we are asked for looks everywhere and waits for answers."""
        with (
            self._one_turn,
            holding(self._state_dir / "turn.lock", who="the daemon's turn", patience=timedelta(hours=1)),
        ):
            done = turn(self._app, clock.wall(), notify=notify, wait=asked, eager=asked, patient=not asked)
        if asked or done.did_something:
            self._log.info("turn", **summary_of(done))
        for each in done.ingested:
            if each.warning:
                self._log.warning("a file may be a page only", source=each.source, warning=each.warning)
        for failure in done.failures:
            self._log.error("source failed", error=str(failure))
        return done

    def _answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """What `watcher check` would print, done by us; or, for `watcher status`, how we stand."""
        if question.get("ask") == "status":
            return {"problem": self._problem, "in_force": self._app.rules.content_hash}
        if question.get("ask") != "turn":
            problem = "the daemon understands: turn, status"
            return {"exit_code": int(ExitCode.USAGE), "summary": {}, "problems": [problem]}
        try:
            result = self._recorded_turn(notify=bool(question.get("notify", True)), strict=bool(question.get("strict")))
        except WatcherError as error:
            return {"exit_code": int(error.exit_code), "summary": {}, "problems": [str(error)]}
        return {"exit_code": int(result.exit_code), "summary": result.summary, "problems": result.problems}

    def _recorded_turn(self, *, notify: bool, strict: bool) -> Conclusion:
        """A turn that somebody asked for: it is a run, whether or not there was anything to do."""
        store = self._app.store
        with store.writing() as tx:
            run = start_run(tx, "daemon", now=clock.wall())
        done = self._turn(notify=notify, asked=True)
        with store.writing() as tx:
            result = conclude(tx, done, strict=strict, now=clock.wall())
            if self._problem:
                result = result._replace(exit_code=ExitCode.CONFIG, problems=[self._problem, *result.problems])
            finish_run(tx, run, exit_code=int(result.exit_code), summary=result.summary, now=clock.wall())
        return result

    def _take_over_rules(self) -> None:
        """Load the rules anew; when they are broken, go on with the last good ones and say so."""
        systemd.tell(f"RELOADING=1\nMONOTONIC_USEC={int(clock.monotonic() * 1_000_000)}")
        try:
            rules = self._load_rules()
        except ConfigError as error:
            self._problem = f"rules not reloaded, the last good ones stay in force: {error.problems[0]}"
            trouble = rules_invalid(error, content_hash(self._rules))
            with self._one_turn:
                self._app = replace(self._app, troubles=(trouble,))
            self._log.error(
                "rules invalid, the last good ones stay in force", problems=[str(p) for p in error.problems]
            )
        else:
            self._problem = ""
            with self._one_turn:
                self._app = replace(self._app, rules=rules, troubles=())
            self._log.info("rules reloaded", rules=len(rules.rules), content_hash=rules.content_hash)
        systemd.tell("READY=1")

    def _drain(self) -> None:
        """Let the turn that is going on and what is on the wire finish, free the rest, and close the store."""
        self._app.couriers.stop()
        if self._app.pullers is not None:
            self._app.pullers.stop()
        until = clock.monotonic() + DRAIN.total_seconds()
        is_at_rest = self._one_turn.acquire(timeout=DRAIN.total_seconds())
        finished = self._app.couriers.join(timeout=max(0.0, until - clock.monotonic()))
        if self._app.pullers is not None:
            # What is cut off here goes on behind its last whole page.
            self._app.pullers.join(timeout=max(0.0, until - clock.monotonic()))
        if not finished:
            self._app.couriers.release(clock.wall())
        self._app.store.close()
        if is_at_rest:
            self._one_turn.release()
        self._log.info("stopped", everything_answered=finished and is_at_rest)

    def _on_stop(self, *_: object) -> None:
        now = clock.monotonic()
        if self._stop_asked is None:
            self._stop_asked = now
            self._asked.put(_STOP)
        elif now - self._stop_asked > _ECHO_S:
            os._exit(ExitCode.TERMINATED)

    def _on_reload(self, *_: object) -> None:
        self._asked.put(_RELOAD)
