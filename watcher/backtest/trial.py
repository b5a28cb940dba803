"""A trial: some rules gone through past days in one way, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from watcher.backtest.post import Mail, deliver
from watcher.core.label import Labels
from watcher.core.period import DAY, Period, day_start
from watcher.core.rule import Rule, RuleSet
from watcher.core.score import Fired, Labelled, Score, score
from watcher.replay import Player, Progress
from watcher.replayed import PastEpisode, Replay
from watcher.store.schema import Tx
from watcher.switchboard import Switchboard

_YEAR = 365.2425 * DAY


class Knowledge(StrEnum):
    """By what each day is judged."""

    #: By what was known on it.
    AS_KNOWN = "as known"
    #: By what is known of it now.
    HINDSIGHT = "hindsight"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backtest goes through."""

    days: Period
    #: The time from one tick to the next.
    every: timedelta
    offsets: Mapping[str, timedelta]
    #: Who would be told.
    board: Switchboard
    #: The moment that is now.
    now: datetime
    labels: tuple[Labelled, ...] | None = None
    #: An alert that ended this short a time before a label began still found it.
    early: timedelta = timedelta()

    @property
    def years(self) -> float:
        """The length in years."""
        return self.days.days * DAY / _YEAR


@dataclass(frozen=True, slots=True)
class Course:
    """One rule's way through the days."""

    replay: Replay
    #: The episodes that were for telling: not occurrences from before the rule's activation.
    episodes: tuple[PastEpisode, ...]
    score: Score | None

    @property
    def rule(self) -> Rule:
        """The rule."""
        return self.replay.rule

    @property
    def alerts(self) -> int:
        """How many groups fired at least once."""
        return len({each.group for each in self.episodes})


@dataclass(frozen=True, slots=True)
class Trial:
    """Rules in one version, judged by one knowledge."""

    #: Which version of the rules; empty for the one in the settings.
    version: str
    knowledge: Knowledge
    courses: tuple[Course, ...]
    #: What each receiver would have got.
    mail: tuple[Mail, ...]

    @property
    def name(self) -> str:
        """``as known``, ``hindsight, of HEAD~1``."""
        return f"{self.knowledge}, of {self.version}" if self.version else self.knowledge.value

    @property
    def episodes(self) -> int:
        """How many episodes, all rules together."""
        return sum(len(each.episodes) for each in self.courses)


def take(
    tx: Tx,
    rules: RuleSet,
    chosen: Sequence[Rule],
    plan: Plan,
    *,
    knowledge: Knowledge,
    version: str = "",
    progress: Progress | None = None,
) -> Trial:
    """Go through the days with some rules of a set."""
    player = Player(
        tx,
        rules,
        offsets=plan.offsets,
        days=plan.days,
        progress=progress,
        every=plan.every,
        hindsight=plan.now if knowledge is Knowledge.HINDSIGHT else None,
    )
    courses = tuple(_course(player.play(rule), plan) for rule in chosen)
    steps = {course.rule.identity: course.replay.steps for course in courses}
    mail = deliver(rules, steps, plan.board, day_start(plan.days.end))
    return Trial(version, knowledge, courses, tuple(mail))


def _course(replay: Replay, plan: Plan) -> Course:
    told = {(each.alert.fingerprint, each.alert.episode) for each in replay.steps if each.notify}
    episodes = tuple(each for each in replay.episodes if (each.fingerprint, each.number) in told)
    if plan.labels is None:
        return Course(replay, episodes, None)
    fired = [Fired(each.group, each.since, each.until) for each in episodes]
    found = score(fired, plan.labels, days=plan.days, groups=replay.judged, early=plan.early)
    return Course(replay, episodes, found)


class Pair(NamedTuple):
    """The same alert by both kinds of knowledge; None where it is there by one only."""

    rule: str
    group: Labels
    as_known: PastEpisode | None
    hindsight: PastEpisode | None

    @property
    def delay(self) -> timedelta | None:
        """How much later it fired than it would have with what is known now."""
        if self.as_known is None or self.hindsight is None:
            return None
        return self.as_known.since - self.hindsight.since


def compare(as_known: Trial, hindsight: Trial) -> tuple[Pair, ...]:
    """Which alerts would have come only with later knowledge, which later knowledge takes away, and how late each was.

    Two episodes of a group are the same alert when they go on at the same time.
    """
    by_rule = {each.rule.identity: each.episodes for each in hindsight.courses}
    return tuple(pair for course in as_known.courses for pair in _pairs(course, by_rule.get(course.rule.identity, ())))


def _pairs(course: Course, later: Sequence[PastEpisode]) -> Iterator[Pair]:
    name = course.rule.alert
    matched: set[int] = set()
    for mine in course.episodes:
        same = next((each for each in later if _is_same(mine, each)), None)
        matched.update(id(each) for each in later if _is_same(mine, each))
        yield Pair(name, mine.group, mine, same)
    yield from (Pair(name, each.group, None, each) for each in later if id(each) not in matched)


def _is_same(one: PastEpisode, other: PastEpisode) -> bool:
    if one.fingerprint != other.fingerprint:
        return False
    begins_before_end = other.until is None or one.since < other.until
    return begins_before_end and (one.until is None or other.since < one.until)
