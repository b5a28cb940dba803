"""A story, played: a turn at every moment at which something could change, and a look at each that is asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from watcher.bench import Bench
from watcher.core.across import Weighed
from watcher.core.alert import Alert, Reason, State
from watcher.core.catalogue import Catalogue
from watcher.core.label import Labels
from watcher.core.period import DAY, day_start, tick_at_or_after, tick_at_or_before
from watcher.core.reading import Output, Reading, Status, Value
from watcher.core.rule import Group, Rule, judge
from watcher.ruletest.load import Loaded
from watcher.ruletest.stage import Stage
from watcher.ruletest.story import AlertCheck, Story
from watcher.ruletest.tape import Message
from watcher.store.alerts import find_alerts, find_transitions, moments_of_knowledge

#: A turn that comes later than this is not asked to catch up.
LONGEST_STRETCH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Found:
    """One alert as it stands."""

    state: State
    #: Everything it is routed by.
    labels: Mapping[str, str]
    #: What the detector reads now; of an occurrence, what it was told by.
    values: Mapping[str, Value]
    outputs: Mapping[str, Output]
    #: What the last message said of it.
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to see at one moment of one rule."""

    check: AlertCheck
    found: tuple[Found, ...]
    #: Why the rule does not hold, one line for each group.
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """What a rule went through in a story."""

    rule: str
    severity: str
    after: State
    reason: Reason


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a story."""

    looks: tuple[Look, ...]
    messages: tuple[Message, ...]
    passed: frozenset[Passed]


def play(loaded: Loaded, story: Story, *, every_moment: bool = False) -> Played:
    """Play a story on a store of its own.

    :param every_moment: take a turn at every moment, also where a late one does the same.
    """
    sources = sorted({each.record.source for each in story.records})
    with Stage(story.rules, loaded.routing, sources=sources, query_offset=loaded.query_offset) as stage:
        return _Player(stage, story, every_moment=every_moment or loaded.routing is not None).play()


class _Player:
    """Walks through the moments of a story."""

    def __init__(self, stage: Stage, story: Story, *, every_moment: bool) -> None:
        self._every_moment = every_moment
        self._stage = stage
        self._story = story
        self._groups = {rule.identity: (group, rule) for group in story.rules.groups for rule in group.rules}
        self._intervals = {group.interval for group in story.rules.groups}
        self._records = _Queue(story.records)
        self._facts = _Queue(story.facts)
        self._looks: dict[int, Look] = {}

    def play(self) -> Played:
        """From the start to the end."""
        story, stage = self._story, self._stage
        self._take_in(story.start)
        stage.open(story.start)
        self._look(story.start)
        for moment in self._moments():
            self._take_in(moment)
            stage.turn(moment)
            self._look(moment)
        return Played(
            looks=tuple(self._looks.get(n) or self._too_early(each) for n, each in enumerate(story.checks)),
            messages=tuple(each for each in stage.tape.messages() if story.tested & set(each.alerts)),
            passed=frozenset(self._passed()),
        )

    def _moments(self) -> list[datetime]:
        """When turns are taken; a late turn judges every tick that it missed.

        Routes of the author's own may put alerts of different moments into one message when a turn comes late, so that
        with these a turn is taken at every moment at which something becomes known, or a day begins.
        """
        story = self._story
        asked = {check.moment for check in story.checks} | {story.end}
        if self._every_moment:
            with self._stage.app.store.reading() as tx:
                asked |= set(moments_of_knowledge(tx, story.start, story.end))
            asked |= {each.moment for each in story.records} | {each.moment for each in story.facts}
            asked = {tick_at_or_after(moment, interval) for moment in asked for interval in self._intervals} | asked
        step = DAY if self._every_moment else LONGEST_STRETCH
        day = story.start.date() + step
        while day_start(day) < story.end:
            asked.add(day_start(day))
            day += step
        return sorted(moment for moment in asked if story.start < moment <= story.end)

    def _take_in(self, now: datetime) -> None:
        records, facts = self._records.up_to(now), self._facts.up_to(now)
        if records or facts:
            self._stage.take_in(records, facts, now)

    # --- what there is to see ---------------------------------------------------------------------------------------

    def _look(self, now: datetime) -> None:
        due = {n: check for n, check in enumerate(self._story.checks) if check.moment == now}
        if due:
            app = self._stage.app
            with app.store.reading() as tx:
                bench = Bench(tx, app.rules, app.offsets, now)
                self._looks |= {n: self._seen(bench, check) for n, check in due.items()}

    def _too_early(self, check: AlertCheck) -> Look:
        return Look(check, (), (f"the rules come into force on {self._story.start:%Y-%m-%d %H:%M}",))

    def _seen(self, bench: Bench, check: AlertCheck) -> Look:
        group, rule = self._groups[check.rule.identity]
        tick = tick_at_or_before(check.moment, group.interval)
        readings = bench.readings(rule, group, tick)
        now = {reading.labels: reading.values for reading in readings if reading.status is Status.OK}
        asks = any(line.said.exp_annotations.named for line in check.alerts)
        found = []
        for alert in find_alerts(bench.tx, rule=rule.identity):
            told = find_transitions(bench.tx, fingerprint=alert.fingerprint, limit=1)[0].transition
            values = told.values if rule.is_event_like else now.get(alert.group, told.values)
            if alert.state is not State.INACTIVE:
                found.append(self._found(alert, group, rule, values=values, asks=asks))
        return Look(
            check, tuple(found), tuple(_reasons(rule, readings, bench.catalogue, bench.weighed(rule, group, tick)))
        )

    def _found(self, alert: Alert, group: Group, rule: Rule, *, values: Mapping[str, Value], asks: bool) -> Found:
        own = {"alertname": rule.alert, "severity": alert.severity.value}
        return Found(
            state=alert.state,
            labels={**group.labels, **rule.labels, **dict(alert.group), **own},
            # Worked out now: some are asked of the store, which is another one at the next moment.
            values=dict(values),
            outputs=rule.detector.OUTPUTS,
            annotations=self._stage.tape.annotations(alert.fingerprint, self._stage.now) if asks else {},
        )

    def _passed(self) -> Iterator[Passed]:
        with self._stage.app.store.reading() as tx:
            for stored in find_transitions(tx):
                step = stored.transition
                yield Passed(step.rule, step.severity.value, step.after, step.reason)


def _reasons(
    rule: Rule, readings: Sequence[Reading], catalogue: Catalogue, weighed: Mapping[Labels, Weighed]
) -> Iterator[str]:
    """Why no alert begins, one line for each group for which none does."""
    if not readings:
        yield "nothing is seen that it looks for"
    for reading in readings:
        finding = judge(rule, reading, catalogue, weighed=weighed.get(reading.labels))
        if not finding.holds or finding.is_held_back:
            name = " ".join(value for _, value in reading.labels)
            why = reading.reason if reading.status is not Status.OK else "; ".join(finding.because)
            yield f"{name}: {why}" if name else why


class _Timed(Protocol):
    @property
    def moment(self) -> datetime: ...


Timed = TypeVar("Timed", bound=_Timed)


class _Queue(Generic[Timed]):
    """What becomes known, in order."""

    def __init__(self, entries: Sequence[Timed]) -> None:
        self._entries = entries
        self._done = 0

    def up_to(self, now: datetime) -> Sequence[Timed]:
        """What has become known since the last time."""
        begin = self._done
        while self._done < len(self._entries) and self._entries[self._done].moment <= now:
            self._done += 1
        return self._entries[begin : self._done]
