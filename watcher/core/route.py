"""Routes: which receivers are told of an alert, and when, in Alertmanager's grammar.

A route matches when all its matchers do. The tree is walked depth first; the first child that matches wins, unless it
says ``continue``; a route of which no child matches is itself the match. What a route does not say it has from the
route above, but for its time intervals: these hold for the route that names them and for no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, field_validator

from watcher.core.document import Document
from watcher.core.matcher import Matchers, all_match
from watcher.core.period import LONGEST

#: In ``group_by``: every label, so that each alert is a group of its own.
EVERY_LABEL = "..."
DEFAULT_WAIT = timedelta(seconds=30)
DEFAULT_INTERVAL = timedelta(minutes=5)
DEFAULT_REPEAT = timedelta(hours=4)

_LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SPAN = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII)
#: Seconds of a year, a week, ..., a second; a millisecond is the last.
_SECONDS = (365 * 86_400, 7 * 86_400, 86_400, 3_600, 60, 1, 0.001)

#: The way to a route in the tree: (1, 0) is the first child of the root's second child.
Position = tuple[int, ...]


def span(text: str) -> timedelta:
    """Read a time as Alertmanager writes it: ``30s``, ``1h30m``, ``7d``, ``0``.

    :raises ValueError: for anything else, saying what is accepted.
    """
    match = _SPAN.fullmatch(text)
    if match is None or not any(match.groups()):
        if text == "0":
            return timedelta()
        msg = f"{text!r} is no length of time; write 30s, 5m, 1h30m or 7d"
        raise ValueError(msg)
    # Years of many digits are no number of seconds that a timedelta holds.
    seconds = sum(int(number[:12]) * unit for number, unit in zip(match.groups("0"), _SECONDS, strict=True))
    if seconds > LONGEST.total_seconds():
        msg = f"{text!r} is longer than a hundred years"
        raise ValueError(msg)
    return timedelta(seconds=seconds)


def span_text(length: timedelta) -> str:
    """A time as Alertmanager writes it: ``1h30m``, not ``90m``."""
    left, parts = length // timedelta(milliseconds=1), []
    for unit, word in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")):
        number, left = divmod(left, unit)
        parts += [f"{number}{word}"] if number else []
    return "".join(parts) or "0s"


def _read_span(value: object) -> object:
    if isinstance(value, int | float) and value != 0:
        msg = f"{value} has no unit; write 30s, 5m, 1h30m or 7d"
        raise ValueError(msg)
    return value if isinstance(value, timedelta) else span(str(value))


#: A length of time in a route: ``1h30m``.
Span = Annotated[
    timedelta,
    BeforeValidator(_read_span),
    PlainSerializer(span_text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["30s", "5m", "1h30m", "7d"]}),
]


@dataclass(frozen=True, slots=True)
class Target:
    """Where an alert goes, and how it is grouped there."""

    receiver: str
    #: Names of the labels that a group shares; ``...`` alone is every label.
    group_by: tuple[str, ...]
    #: How long until what still fires is told again.
    repeat_interval: timedelta
    #: How long the first alert of a group waits for others.
    group_wait: timedelta = DEFAULT_WAIT
    #: How long after one message about a group the next may follow.
    group_interval: timedelta = DEFAULT_INTERVAL
    #: Names of the time intervals in which nothing is sent.
    mute: tuple[str, ...] = ()
    #: Names of the time intervals outside of which nothing is sent; none: it may be sent at any hour.
    active: tuple[str, ...] = ()
    #: The route that sends it there.
    position: Position = field(default=(), compare=False)


class Route(Document):
    """A node of the tree that decides who is told."""

    receiver: str = ""
    """Who is told; absent: as the route above."""
    group_by: tuple[str, ...] = ()
    """Labels whose values a message's alerts share; ['...'] for one message per alert; absent: as the route above."""
    matchers: Matchers = ()
    """Tests of labels, all of which must hold: severity="critical"."""
    continue_: bool = Field(default=False, alias="continue")
    """Whether the routes after this one are asked as well."""
    routes: tuple[Route, ...] = ()
    """Routes below, in the order in which they are asked."""
    group_wait: Span = DEFAULT_WAIT
    """How long the first alert of a group waits for others; absent: as the route above, and 30s at the root."""
    group_interval: Span = DEFAULT_INTERVAL
    """How long after one message about a group the next may follow; absent: as the route above, and 5m at the root."""
    repeat_interval: Span = DEFAULT_REPEAT
    """How long until what still fires is told again; absent: as the route above, and 4h at the root."""
    mute_time_intervals: tuple[str, ...] = ()
    """Names of time intervals in which this route sends nothing: what comes waits for their end."""
    active_time_intervals: tuple[str, ...] = ()
    """Names of time intervals outside of which this route sends nothing; absent: it sends at any hour."""

    @field_validator("group_by")
    @classmethod
    def _labels_or_all(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if EVERY_LABEL in value and len(value) > 1:
            msg = f"{EVERY_LABEL!r} is every label and stands alone"
            raise ValueError(msg)
        for name in value:
            if name != EVERY_LABEL and not _LABEL_NAME.fullmatch(name):
                msg = f"{name!r} is no name of a label; letters, digits and '_', not beginning with a digit"
                raise ValueError(msg)
        return value

    @field_validator("repeat_interval")
    @classmethod
    def _reminds_later(cls, value: timedelta) -> timedelta:
        if value <= timedelta():
            msg = "a reminder needs some time; write e.g. 4h or 7d"
            raise ValueError(msg)
        return value

    @field_validator("group_interval")
    @classmethod
    def _leaves_time(cls, value: timedelta) -> timedelta:
        if value <= timedelta():
            msg = "some time must lie between two messages about a group; write e.g. 5m"
            raise ValueError(msg)
        return value

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether all its matchers hold."""
        return all_match(self.matchers, labels)

    def targets(self, labels: Mapping[str, str]) -> tuple[Target, ...]:
        """Where an alert with these labels goes; no receiver twice."""
        found: dict[str, Target] = {}
        for target in _targets(self, labels, _target(self, None, ())):
            found.setdefault(target.receiver, target)
        return tuple(found.values())

    def at(self, position: Position) -> Route:
        """The route at a position below this one."""
        found = self
        for index in position:
            found = found.routes[index]
        return found


def _targets(route: Route, labels: Mapping[str, str], own: Target) -> Iterator[Target]:
    asked = False
    for index, child in enumerate(route.routes):
        if child.matches(labels):
            asked = True
            yield from _targets(child, labels, _target(child, own, (*own.position, index)))
            if not child.continue_:
                return
    if not asked:
        yield own


def _target(route: Route, above: Target | None, position: Position) -> Target:
    own = route if above is None else above
    said = route.model_fields_set
    return Target(
        receiver=route.receiver if "receiver" in said else own.receiver,
        group_by=route.group_by if "group_by" in said else own.group_by,
        repeat_interval=route.repeat_interval if "repeat_interval" in said else own.repeat_interval,
        group_wait=route.group_wait if "group_wait" in said else own.group_wait,
        group_interval=route.group_interval if "group_interval" in said else own.group_interval,
        mute=route.mute_time_intervals,
        active=route.active_time_intervals,
        position=position,
    )


def unreachable(route: Route) -> tuple[Position, ...]:
    """The positions in the tree of routes that no alert ever comes to: (1, 0) is the first child of the second child.

    Either a route before it takes everything it would match and does not say ``continue``, or its matchers ask a label
    for two values.
    """
    return tuple(_unreachable(route, {}))


def _unreachable(route: Route, asked: Mapping[str, str]) -> Iterator[Position]:
    for index, child in enumerate(route.routes):
        before = (other for other in route.routes[:index] if not other.continue_)
        exact = {each.name: each.value for each in child.matchers if each.op == "="}
        if any(set(other.matchers) <= set(child.matchers) for other in before) or not _agrees(child, asked):
            yield (index,)
        else:
            yield from ((index, *rest) for rest in _unreachable(child, {**asked, **exact}))


def _agrees(route: Route, asked: Mapping[str, str]) -> bool:
    wanted = dict(asked)
    return all(
        wanted.setdefault(each.name, each.value) == each.value if each.op == "=" else True for each in route.matchers
    )
