"""How many messages a history of alerts makes, by the routes as they stand.

The same rules as in use: what changes at one tick in one group of a route is one message, an end is told to whoever was
told of the beginning, and what still fires is repeated after the route's ``repeat_interval``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from watcher.core.message.grouping import group_key, group_labels
from watcher.core.route import Route


class Happening(NamedTuple):
    """A change of an alert that receivers are to be told."""

    tick: datetime
    fingerprint: str
    episode: int
    #: What routes ask for.
    labels: Mapping[str, str]
    is_over: bool = False
    #: Part of the one summary of what held when the rule came into force.
    at_start: bool = False
    #: Occurrences are told once.
    repeats: bool = True


@dataclass(slots=True)
class _Open:
    """What a receiver was told and is not over."""

    key: str
    repeat: timedelta | None
    told: datetime


@dataclass(slots=True)
class Mailbag:
    """Messages by receiver: the news, and the reminders."""

    route: Route
    #: Receivers that are not told of ends.
    without_ends: frozenset[str] = frozenset()
    _messages: dict[tuple[str, str, datetime], bool] = field(default_factory=dict)
    _open: dict[tuple[str, str, int], _Open] = field(default_factory=dict)

    def fill(self, happenings: Iterable[Happening], end: datetime) -> None:
        """Go through what happened, in the order of time, up to an end."""
        for each in sorted(happenings, key=lambda one: one.tick):
            if each.is_over:
                self._tell_end(each)
            else:
                self._tell(each)
        for (receiver, _, _), going_on in self._open.items():
            self._remind(receiver, going_on, end)

    @property
    def news(self) -> Mapping[str, int]:
        """Messages with something new, by receiver."""
        return Counter(receiver for (receiver, _, _), is_news in self._messages.items() if is_news)

    @property
    def reminders(self) -> Mapping[str, int]:
        """Messages that repeat what still fires, by receiver."""
        return Counter(receiver for (receiver, _, _), is_news in self._messages.items() if not is_news)

    def _tell(self, each: Happening) -> None:
        targets = self.route.targets(each.labels)
        self._leave_alone(each, {target.receiver for target in targets})
        for target in targets:
            labels = {} if each.at_start else group_labels(each.labels, target.group_by)
            key = group_key(target.receiver, labels)
            before = self._open.get((target.receiver, each.fingerprint, each.episode))
            if before is not None:
                self._remind(target.receiver, before, each.tick)
            self._messages[target.receiver, key, each.tick] = True
            repeat = target.repeat_interval if each.repeats else None
            self._open[target.receiver, each.fingerprint, each.episode] = _Open(key, repeat, each.tick)

    def _leave_alone(self, each: Happening, receivers: Collection[str]) -> None:
        """Whoever it no longer goes to is not reminded any more, and still told of its end."""
        for name, going_on in self._open.items():
            if name[1:] == (each.fingerprint, each.episode) and name[0] not in receivers:
                self._remind(name[0], going_on, each.tick)
                going_on.repeat = None

    def _tell_end(self, each: Happening) -> None:
        mine = [name for name in self._open if name[1:] == (each.fingerprint, each.episode)]
        for name in mine:
            over = self._open.pop(name)
            self._remind(name[0], over, each.tick)
            if name[0] not in self.without_ends:
                self._messages[name[0], over.key, each.tick] = True

    def _remind(self, receiver: str, going_on: _Open, before: datetime) -> None:
        """Repeat what goes on after each interval, up to a moment."""
        if going_on.repeat is None:
            return
        moment = going_on.told + going_on.repeat
        while moment < before:
            self._messages.setdefault((receiver, going_on.key, moment), False)
            moment += going_on.repeat
