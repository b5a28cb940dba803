"""Replay: what a rule would have done on past days, by what was known on each, and nothing written.

::

    day → snapshot as known then → readings → findings → step → episodes

The detectors, the snapshots and the life cycle are those of a turn; only the alerts are kept in memory. A day on which
nothing that the rule reads could have changed is not judged again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from watcher.agenda import life
from watcher.core.across import Weighed
from watcher.core.alert import Alert, State, Step, begins_episode, due_at, may_be_taken_back, over_limit, retract, step
from watcher.core.choice import weigh_together
from watcher.core.detectors.combine import member_identity
from watcher.core.label import Labels
from watcher.core.period import DAY, Period, day_start
from watcher.core.reading import Reading, Status
from watcher.core.rule import Finding, Group, Rule, RuleSet, judge
from watcher.core.snapshot import Episode, Snapshot
from watcher.core.tick import midnights
from watcher.replayed import PastEpisode, PastStep, Point, Replay, watched_output
from watcher.store.alerts import moments_of_knowledge
from watcher.store.past import HindsightSnapshot, Memory, PastSnapshot
from watcher.store.schema import Tx

#: Told how many of the days have been gone through.
Progress = Callable[[int, int], None]


class Stage(Protocol):
    """Where rules are replayed."""

    @property
    def rules(self) -> RuleSet:
        """All rules."""

    @property
    def days(self) -> Period:
        """The days to go through."""

    @property
    def memory(self) -> Memory:
        """What its snapshots share."""

    @property
    def moments(self) -> Sequence[datetime]:
        """When, on these days, anything became known or was taken back, ascending."""

    def group_of(self, rule: Rule) -> Group:
        """The group that a rule stands in."""

    def snapshot(self, rule: Rule, tick: datetime, *, hindsight: datetime | None = None) -> Snapshot:
        """What was known at a tick, as the rule sees it; of other alerts also, by hindsight, which were taken back."""


@dataclass(frozen=True, slots=True)
class StoredDays:
    """Days of which the store tells what was known; what the rules of one replay share."""

    tx: Tx
    rules: RuleSet
    #: Each source's query offset.
    offsets: Mapping[str, timedelta]
    #: The days to go through.
    days: Period
    memory: Memory
    #: When, on these days, anything became known or was taken back, ascending.
    moments: Sequence[datetime]
    #: The group of each rule, by its identity.
    groups: Mapping[str, Group]
    #: Where each day is judged by what is known of it now: the moment that is now.
    hindsight: datetime | None = None

    def group_of(self, rule: Rule) -> Group:
        """The group that a rule stands in."""
        return self.groups.get(rule.identity, Group())

    def last_snapshot(self, rule: Rule) -> PastSnapshot:
        """What was known at the last tick, as the rule sees it."""
        return self.snapshot(rule, day_start(self.days.last))

    def snapshot(self, rule: Rule, tick: datetime, *, hindsight: datetime | None = None) -> PastSnapshot:
        """What was known at a tick, as the rule sees it; of other alerts also, by hindsight, which were taken back."""
        group = self.group_of(rule)
        offset = group.query_offset if rule.query_offset is None else rule.query_offset
        if self.hindsight is not None:
            return HindsightSnapshot(
                self.tx,
                self.memory,
                as_known=tick,
                now=self.hindsight,
                offsets=self.offsets,
                query_offset=offset,
                hindsight=hindsight,
            )
        return PastSnapshot(
            self.tx,
            self.memory,
            as_known=tick,
            offsets=self.offsets,
            query_offset=offset,
            hindsight=hindsight,
        )


def replay_on(stage: Stage, rule: Rule, progress: Progress | None = None) -> Replay:
    """Go through the days of a stage with one rule that combines no others."""
    return _Run(stage, rule).whole(progress)


class Player:
    """Replays rules over the same days; what one has read serves the next.

    :param progress: told, after each tick of each rule, how many of the ticks it has gone through.
    :param every: the time from one tick to the next.
    :param hindsight: judge each day by what was known of it at this moment, instead of by what was known on it.
    """

    def __init__(
        self,
        tx: Tx,
        rules: RuleSet,
        *,
        offsets: Mapping[str, timedelta],
        days: Period,
        progress: Progress | None = None,
        every: timedelta = DAY,
        hindsight: datetime | None = None,
    ) -> None:
        moments = moments_of_knowledge(tx, day_start(days.start), day_start(days.last))
        if hindsight is not None:
            # By hindsight a record is known from the end of its day: each day may bring something.
            moments = midnights(day_start(days.start), day_start(days.last))
        groups = {rule.identity: group for group in rules.groups for rule in group.rules}
        self.stage = StoredDays(tx, rules, offsets, days, Memory(self._episodes), moments, groups, hindsight)
        self._every = every
        self._progress = progress
        self._by_identity = {rule.identity: rule for rule in rules.rules}
        self._played: dict[str, Replay | None] = {}

    def play(self, rule: Rule) -> Replay:
        """Go through the days with a rule; first with the rules that it combines."""
        known = self._played.get(rule.identity)
        if known is not None:
            return known
        self._played[rule.identity] = None
        for member in self._members(rule):
            # A rule that waits for itself never fires.
            if member.identity not in self._played:
                self.play(member)
        played = _Run(self.stage, rule).whole(self._progress, every=self._every)
        self._played[rule.identity] = played
        return played

    def _members(self, rule: Rule) -> Iterator[Rule]:
        identities = (member_identity(name, self.stage.rules.catalogue) for name in rule.members)
        return (self._by_identity[each] for each in dict.fromkeys(identities) if each in self._by_identity)

    def _episodes(self, rule: str, since: datetime, up_to: datetime) -> Sequence[Episode]:
        """What another rule sees of a replayed one."""
        played = self._played.get(rule)
        seen = [_as_seen(each, up_to) for each in played.episodes if each.since <= up_to] if played else []
        return [each for each in seen if each.ended_at is None or each.fired_at > since]


def _as_seen(past: PastEpisode, moment: datetime) -> Episode:
    ended_at = past.until if past.until is not None and past.until <= moment else None
    return Episode(
        fingerprint=past.fingerprint,
        labels=past.group,
        episode=past.number,
        severity=past.severity_at(moment).value,
        fired_at=past.since,
        ended_at=ended_at,
        was_retracted=ended_at is not None and past.is_taken_back_by(moment),
        headline=past.finding.reading.telling.headline,
    )


class _Move(NamedTuple):
    """A change that an alert is about to make, and what it was found on."""

    before: Alert
    change: Step
    finding: Finding

    @property
    def begins(self) -> bool:
        """Whether an episode begins."""
        return begins_episode(self.before, self.change.alert)


class _Run:
    """One rule on its way through the days."""

    def __init__(self, stage: Stage, rule: Rule) -> None:
        self.stage = stage
        self.rule = rule
        self.catalogue = stage.rules.catalogue
        self.life = life(rule, self.catalogue)
        self.output = watched_output(rule, self.catalogue)
        #: What is counted for it: by the rule, and by those that are weighed with it.
        together = stage.group_of(rule).weighed_with(rule) or (rule,)
        self.counted = tuple(each for other in together for each in other.indicators(self.catalogue))
        self.alerts: dict[str, Alert] = {}
        self.episodes: dict[tuple[str, int], PastEpisode] = {}
        self.steps: list[PastStep] = []
        #: The first tick at which it could be judged: what holds then is how things stood at the start.
        self.activated_at: datetime | None = None
        self.judged: Counter[Labels] = Counter()
        self.course: dict[Labels, list[Point]] = defaultdict(list)
        #: The last tick that was judged, the watermarks at it, and whether the day itself was asked for.
        self.last: datetime | None = None
        self.watermarks: tuple[date | None, ...] = ()
        self.by_the_day = False
        #: The groups that could be read at it, and why others could not.
        self.readable: tuple[Labels, ...] = ()
        self.problem = ""

    def whole(self, progress: Progress | None, *, every: timedelta = DAY) -> Replay:
        """Go through all days, from tick to tick."""
        days = self.stage.days
        begin = day_start(days.start)
        ticks = (day_start(days.last) - begin) // every + 1
        for number in range(ticks):
            self._tick(begin + number * every)
            if progress is not None:
                progress(number + 1, ticks)
        return Replay(
            rule=self.rule,
            days=days,
            episodes=tuple(sorted(self.episodes.values(), key=lambda each: (each.since, each.group))),
            judged=dict(self.judged),
            output=self.output,
            course={group: tuple(points) for group, points in self.course.items()},
            problem=self.problem,
            steps=tuple(self.steps),
        )

    def _tick(self, tick: datetime) -> None:
        snapshot = self.stage.snapshot(self.rule, tick)
        watermarks = tuple(snapshot.watermark(each) for each in self.counted)
        if self._may_differ(tick, watermarks):
            self._judge(tick, snapshot)
            self.last, self.watermarks = tick, watermarks
        self.judged.update(self.readable)

    def _may_differ(self, tick: datetime, watermarks: tuple[date | None, ...]) -> bool:
        """Whether anything that the rule reads, or the time that an alert waits for, may have changed."""
        if self.last is None or self.by_the_day or watermarks != self.watermarks:
            return True
        moments = self.stage.moments
        if bisect_right(moments, self.last) < bisect_right(moments, tick):
            return True
        due = (due_at(alert, self.life) for alert in self.alerts.values())
        return any(moment is not None and moment <= tick for moment in due)

    def _judge(self, tick: datetime, snapshot: Snapshot) -> None:
        self.stage.memory.asked_the_time = False
        readings = tuple(self.rule.detector.read(self.rule.parameters, self.catalogue, snapshot))
        self.by_the_day = self.stage.memory.asked_the_time
        self.readable = tuple(each.labels for each in readings if each.status is Status.OK)
        self.problem = next((each.reason for each in readings if each.status is not Status.OK), "")
        weighed = self._weighed(tick, readings)
        moves = [
            self._move(reading, tick, weighed.get(reading.labels))
            for reading in (*readings, *self._vanished(readings, tick))
        ]
        for move in self._within_limit([move for move in moves if move is not None]):
            self.alerts[move.change.alert.fingerprint] = move.change.alert
            self._note(move, tick)
        nothing_happened = self.rule.is_event_like and not readings
        if self.activated_at is None and (self.readable or nothing_happened):
            self.activated_at = tick
        for reading in readings:
            value = reading.values.get(self.output)
            if isinstance(value, int | float):
                self.course[reading.labels].append(Point(tick, value))

    def _vanished(self, readings: Iterable[Reading], tick: datetime) -> list[Reading]:
        """Alerts that go on, or may still be taken back, although their group is not seen: it is absent, or no group can be judged at all."""
        seen = {self.rule.fingerprint(reading.labels) for reading in readings}
        blind = next((each for each in readings if each.status is not Status.OK and not each.labels), None)
        going_on = (
            each for each in self.alerts.values() if each.state is State.PENDING or self._is_watched(each, tick)
        )
        return [
            replace(blind or Reading(present=False), labels=each.group)
            for each in going_on
            if each.fingerprint not in seen
        ]

    def _weighed(self, tick: datetime, readings: Iterable[Reading]) -> Mapping[Labels, Weighed]:
        """What the rule's series come to among all that are weighed together."""

        def read(rule: Rule) -> Iterable[Reading]:
            if rule.identity == self.rule.identity:
                return readings
            return rule.detector.read(rule.parameters, self.catalogue, self.stage.snapshot(rule, tick))

        return weigh_together(self.stage.group_of(self.rule), self.rule, self.catalogue, read)

    def _move(self, reading: Reading, tick: datetime, weighed: Weighed | None) -> _Move | None:
        """What an alert does at a tick; None when it stays as it is."""
        fingerprint = self.rule.fingerprint(reading.labels)
        alert = self.alerts.get(fingerprint) or Alert(fingerprint, self.rule.identity, reading.labels)
        finding = judge(self.rule, reading, self.catalogue, weighed=weighed)
        change = step(alert, finding, life=self.life, tick=tick, activated_at=self.activated_at)
        if self._lost_ground(alert, finding, tick):
            change = retract(alert, tick)
        return None if change is None else _Move(alert, change, finding)

    def _within_limit(self, moves: Sequence[_Move]) -> Sequence[_Move]:
        """The changes that may be made: with more alerts at once than the rule's limit, none of the new ones begins."""
        changes = [(move.before, move.change) for move in moves]
        too_many = over_limit(self.rule.limit, changes, self.alerts.values(), event_like=self.life.event_like)
        return [move for move in moves if not move.begins] if too_many else moves

    def _lost_ground(self, alert: Alert, finding: Finding, tick: datetime) -> bool:
        """Whether the condition fails now and, by what is known now, failed when it fired."""
        reading = finding.reading
        is_asked = self._is_watched(alert, tick) and not finding.holds and reading.status is Status.OK
        if not is_asked or self.life.event_like or self.rule.on_revision == "ignore":
            return False
        if self.rule.members and alert.fired_at is not None:
            return self._lost_members(alert.fired_at, tick)
        if alert.fired_watermark is None:
            return False
        if alert.period is not None and reading.period not in {None, alert.period}:
            return False
        then = self.stage.snapshot(self.rule, tick).up_to(alert.fired_watermark)
        readings = self.rule.detector.read(self.rule.parameters, self.catalogue, then)
        again = next((each for each in readings if each.labels == alert.group and each.status is Status.OK), None)
        return again is None or not judge(self.rule, again, self.catalogue).holds

    def _is_watched(self, alert: Alert, tick: datetime) -> bool:
        """Whether its ground may go: while it is open, and when something came in, for some time after its end."""
        if alert.state.is_open or self.last is None:
            return alert.state.is_open
        moments = self.stage.moments
        return may_be_taken_back(alert, tick) and bisect_right(moments, self.last) < bisect_right(moments, tick)

    def _lost_members(self, fired_at: datetime, tick: datetime) -> bool:
        """Whether a combination would not have fired without the alerts that were withdrawn since."""
        snapshot = self.stage.snapshot(self.rule, fired_at, hindsight=tick)
        [without] = self.rule.detector.read(self.rule.parameters, self.catalogue, snapshot)
        return not judge(self.rule, without, self.catalogue).holds

    def _note(self, move: _Move, tick: datetime) -> None:
        """Write a change down."""
        before, alert = move.before, move.change.alert
        self.steps.append(PastStep(tick, move.change))
        key = (alert.fingerprint, alert.episode)
        if alert.episode > before.episode:
            # A new occurrence takes the place of the last one.
            self._end((before.fingerprint, before.episode), State.EXPIRED, tick)
            if alert.state.is_open:
                self.episodes[key] = PastEpisode(
                    fingerprint=alert.fingerprint,
                    group=alert.group,
                    number=alert.episode,
                    since=tick,
                    finding=move.finding,
                    severities=((tick, alert.severity),),
                )
        elif before.state.is_open and not alert.state.is_open:
            self._end(key, alert.state, tick)
        elif alert.state is State.RETRACTED and key in self.episodes:
            # It had ended already.
            self.episodes[key] = replace(self.episodes[key], end=alert.state, taken_back=tick)
        elif alert.severity is not before.severity and key in self.episodes:
            past = self.episodes[key]
            self.episodes[key] = replace(past, severities=(*past.severities, (tick, alert.severity)))

    def _end(self, key: tuple[str, int], state: State, tick: datetime) -> None:
        past = self.episodes.get(key)
        if past is not None and past.until is None:
            self.episodes[key] = replace(past, until=tick, end=state)
