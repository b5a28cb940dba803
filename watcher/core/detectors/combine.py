"""``combine``: and, or, not over other alerts within a time.

A member is another rule, by its name, and stands for all of its alerts. It counts while one of them fires, and for
``within`` after it fired; an alert whose ground was taken away never fired.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from pydantic import Field, model_validator

from watcher.core.catalogue import Catalogue
from watcher.core.condition import condition
from watcher.core.detectors.frame import Defaults, Place, counted, unknown_name
from watcher.core.document import Document
from watcher.core.indicator import Indicator
from watcher.core.label import slug
from watcher.core.period import Duration, duration_text
from watcher.core.picture import Lane, Span, StatePicture
from watcher.core.reading import Kind, Output, Reading, Telling, day_text
from watcher.core.snapshot import Episode, Snapshot

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output("members", Kind.COUNT, "Member rules with an alert that counts, those under 'not' left out."),
        Output("alerts", Kind.COUNT, "Alerts of these that count."),
        Output("which", Kind.TEXT, "The names of these rules, joined by '; '."),
        Output("first", Kind.DATE, "The day on which the first of these alerts fired."),
        Output("last", Kind.DATE, "The day on which the last of these alerts fired."),
    )
}
EVENT_LIKE = False


class Members(Document):
    """What is combined: names of rules, or combinations of them."""

    all: tuple[str | Members, ...] = ()
    """Each of these must count."""
    any: tuple[str | Members, ...] = ()
    """At least one of these must count."""
    none: tuple[str | Members, ...] = Field(default=(), alias="not")
    """None of these may count (``not``)."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> Members:
        if not (self.all or self.any):
            msg = "a combination asks for something: write 'all' or 'any', each with the names of other rules"
            raise ValueError(msg)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every rule in it, nested ones too, in the order of writing."""
        each = (*self.all, *self.any, *self.none)
        return tuple(name for member in each for name in ([member] if isinstance(member, str) else member.names))

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every rule that is to count, those under ``not`` left out."""
        each = (*self.all, *self.any)
        return tuple(name for member in each for name in ([member] if isinstance(member, str) else member.wanted))


class Parameters(Members):
    """What stands under ``combine``."""

    within: Duration = timedelta(days=30)
    """How long an alert counts after it fired; while it goes on it counts in any case."""
    in_order: bool = False
    """Whether those under ``all`` must have fired in the order of writing, at most ``within`` apart."""


class Count(NamedTuple):
    """Whether a member counts, and the episodes by which it does."""

    holds: bool
    episodes: tuple[tuple[str, Episode], ...] = ()


def defaults(_parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """It fires while the combination holds."""
    return Defaults(condition=condition(["members >= 1"]))


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[Place, str]]:
    """Rules that are not there, and an order of less than two."""
    known = {slug(name): name for name in catalogue.alerts}
    for place, name in places(parameters):
        if slug(name) not in known:
            yield place, unknown_name("rule", name, known.values())
    if parameters.in_order and len(parameters.all) < 2:  # noqa: PLR2004 - an order is of two
        yield ("in_order",), "an order needs at least two under 'all'"


def places(members: Members) -> Iterator[tuple[Place, str]]:
    """Every rule in a combination, nested ones too, with the way to its name."""
    for key, listed in (("all", members.all), ("any", members.any), ("not", members.none)):
        for index, each in enumerate(listed):
            if isinstance(each, str):
                yield (key, index), each
            else:
                yield from (((key, index, *place), name) for place, name in places(each))


def indicators(_parameters: Parameters, _catalogue: Catalogue) -> tuple[Indicator, ...]:
    """None: it counts alerts, not events."""
    return ()


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading, without labels."""
    count = _Reader(parameters.within, catalogue, snapshot).weigh(parameters, in_order=parameters.in_order)
    episodes = sorted(count.episodes, key=lambda each: each[1].fired_at)
    names = tuple(dict.fromkeys(name for name, _ in count.episodes))
    yield Reading(
        values={
            "members": len(names),
            "alerts": len(episodes),
            "which": "; ".join(names),
            "first": episodes[0][1].fired_at.date() if episodes else None,
            "last": episodes[-1][1].fired_at.date() if episodes else None,
        },
        present=count.holds,
        tell=partial(_telling, parameters, _only_shown(parameters, catalogue), count, episodes, snapshot.as_known),
    )


def _only_shown(parameters: Parameters, catalogue: Catalogue) -> frozenset[str]:
    """The members that are experimental, of which nothing ever counts."""
    return frozenset(name for name in parameters.names if not member_identity(name, catalogue))


def member_identity(name: str, catalogue: Catalogue) -> str:
    """The identity of a rule by its name or id; empty when there is none, or its alerts never count."""
    return next((identity for known, identity in catalogue.alerts.items() if slug(known) == slug(name)), "")


class _Reader:
    """Looks each member up once."""

    def __init__(self, within: timedelta, catalogue: Catalogue, snapshot: Snapshot) -> None:
        self._within = within
        self._catalogue = catalogue
        self._snapshot = snapshot
        self._known: dict[str, Count] = {}

    def weigh(self, members: Members, *, in_order: bool = False) -> Count:
        """Whether a combination holds, and by which episodes."""
        needed = [self._count(member) for member in members.all]
        wanted = [self._count(member) for member in members.any]
        refused = [self._count(member) for member in members.none]
        holds = all(each.holds for each in needed) and not any(each.holds for each in refused)
        holds = holds and (not wanted or any(each.holds for each in wanted))
        if in_order:
            holds = holds and _in_order([[episode for _, episode in each.episodes] for each in needed], self._within)
        found = (episode for each in (*needed, *wanted) for episode in each.episodes)
        return Count(holds, tuple(dict.fromkeys(found)))

    def _count(self, member: str | Members) -> Count:
        if isinstance(member, Members):
            return self.weigh(member)
        if member not in self._known:
            self._known[member] = self._look_up(member)
        return self._known[member]

    def _look_up(self, name: str) -> Count:
        since = self._snapshot.as_known - self._within
        identity = member_identity(name, self._catalogue)
        # Of a rule that is only shown, nothing counts.
        found = self._snapshot.episodes(identity, since) if identity else ()
        episodes = tuple((name, each) for each in found if not each.was_retracted)
        return Count(bool(episodes), episodes)


def _in_order(needed: Sequence[Sequence[Episode]], within: timedelta) -> bool:
    """Whether one episode of each can be chosen so that they fired in this order, and close enough together."""
    return any(_follow(first, needed[1:], within) for first in needed[0]) if all(needed) else False


def _follow(first: Episode, rest: Sequence[Sequence[Episode]], within: timedelta) -> bool:
    # The earliest that fits leaves most room for those that follow.
    before = first
    for episodes in rest:
        later = [each for each in episodes if each.fired_at >= before.fired_at]
        if not later:
            return False
        before = min(later, key=lambda each: each.fired_at)
    return before.fired_at - first.fired_at <= within


def _telling(
    parameters: Parameters,
    shown: Collection[str],
    count: Count,
    episodes: Sequence[tuple[str, Episode]],
    moment: datetime,
) -> Telling:
    names = tuple(dict.fromkeys(name for name, _ in count.episodes))
    return Telling(
        headline=f"{'Together' if count.holds else 'Not together'}: {'; '.join(names) or 'none of the members'}",
        sentence=_sentence(parameters, len(names), len(episodes)),
        what=" ".join(_line(episode) for _, episode in episodes),
        sure="As sure as its members: each alert tells its own evidence.",
        unknown=tuple(
            f"{name} never counts: it is experimental." if name in shown else f"{name} does not count now."
            for name in parameters.wanted
            if name not in names
        ),
        source=tuple(f"alert {episode.fingerprint}" for _, episode in episodes),
        arithmetic=tuple(_steps(parameters, shown, episodes)),
        picture=_picture(parameters, episodes, moment),
    )


def _picture(parameters: Parameters, episodes: Sequence[tuple[str, Episode]], moment: datetime) -> StatePicture:
    """When each member's alerts went on, from the time on from which they count."""
    since = (moment - parameters.within).date()
    begun = min((episode.fired_at.date() for _, episode in episodes), default=since)
    lanes = (Lane(name, tuple(_spans(name, episodes))) for name in dict.fromkeys(parameters.names))
    return StatePicture("alerts of the members", tuple(lanes), min(since, begun), moment.date())


def _spans(name: str, episodes: Sequence[tuple[str, Episode]]) -> Iterator[Span]:
    mine = sorted((episode for member, episode in episodes if member == name), key=lambda each: each.fired_at)
    for each in mine:
        ended = each.ended_at.date() if each.ended_at else None
        yield Span(each.severity, each.fired_at.date(), ended)


def _sentence(parameters: Parameters, rules: int, alerts: int) -> str:
    held = f"going on or fired within {_within(parameters)}"
    if not rules:
        return f"None of its members has an alert that counts, {held}."
    order = ", in this order" if parameters.in_order else ""
    return f"{counted(rules, 'rules')} with {counted(alerts, 'alerts')}, {held}{order}."


def _within(parameters: Parameters) -> str:
    return duration_text(parameters.within)


def _line(episode: Episode) -> str:
    return f"{episode.headline.removesuffix('.')} ({episode.severity}, since {day_text(episode.fired_at.date())})."


def _steps(parameters: Parameters, shown: Collection[str], episodes: Sequence[tuple[str, Episode]]) -> Iterator[str]:
    nothing = f"nothing that goes on or fired within {_within(parameters)}"
    for name in dict.fromkeys(parameters.names):
        mine = [episode for member, episode in episodes if member == name]
        silent = "its alerts do not count, because the rule is experimental" if name in shown else nothing
        yield f"{name}: {', '.join(map(_fired, mine)) or silent}"


def _fired(episode: Episode) -> str:
    group = " ".join(f"{name}={value}" for name, value in episode.labels)
    ended = f", ended {day_text(episode.ended_at.date())}" if episode.ended_at else ", goes on"
    return f"{episode.fingerprint}{f' ({group})' if group else ''} fired {day_text(episode.fired_at.date())}{ended}"
