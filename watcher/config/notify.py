"""``notify.yaml``: who is told, in the part of Alertmanager's grammar that is in force.

The options of a channel stay as they were written; the channel's own module knows what they mean. What Alertmanager
knows and this version does not do is refused in plain words: a route that silently does less loses alerts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from watcher.config.document import KeyPath, MarkedDocument, load_document
from watcher.config.problem import Mistake, mistakes, near, unknown_key
from watcher.core.errors import ConfigError, Problem, ProblemSeverity
from watcher.core.route import Route, unreachable

#: Ways out, by the key of their options without ``_configs``.
CHANNELS = ("webhook", "email", "slack", "msteamsv2", "alertmanager", "apprise", "file", "stdout")
_SECTIONS = ("route", "receivers")

_AT_ONCE = ("every turn flushes groups at once", "remove it")
_ANY_HOUR = ("messages go out at any hour", "remove it")
_NOT_IN_FORCE: Mapping[str, tuple[str, str]] = {
    "group_wait": _AT_ONCE,
    "group_interval": _AT_ONCE,
    "inhibit_rules": ("no alert mutes another", "remove it"),
    **dict.fromkeys(("time_intervals", "mute_time_intervals", "active_time_intervals"), _ANY_HOUR),
    "templates": ("messages have their own texts", "write 'summary' and 'description' in the rule"),
    "global": ("a receiver has its own options", "the mail server and the secrets stand in watcher.yaml"),
    "tracing": ("nothing is traced", "remove it"),
    **dict.fromkeys(("match", "match_re"), ("tests of labels are matchers", 'write matchers: [severity="critical"]')),
}
_RECEIVER_NAME = re.compile(r"\w[\w .@-]{0,63}")

#: Raw options of each channel of a receiver, in the order of the file.
Channels = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is told of what."""

    route: Route
    #: Channels and their raw options, by receiver.
    receivers: Mapping[str, Channels]
    document: MarkedDocument
    #: What loads, and probably does not do what its author meant.
    warnings: tuple[Problem, ...] = ()

    def place_of(self, receiver: str, channel: str, index: int) -> KeyPath:
        """Where the options of a channel stand in the document, for the problems that its own module finds."""
        position = list(self.receivers).index(receiver)
        return ("receivers", position, f"{channel}_configs", index)


def load_notify(path: Path) -> Notify:
    """Read routes and receivers.

    :raises ConfigError: with everything that is wrong with them.
    """
    document = load_document(path, check="route/syntax")
    raw = document.value if document.value is not None else {}
    if not isinstance(raw, dict):
        raise ConfigError([Mistake((), "expected the keys 'route' and 'receivers'").placed(document)])
    found = [_unknown((key,), _SECTIONS) for key in raw if key not in _SECTIONS]
    route, in_route = _route(raw.get("route"), document)
    receivers, in_receivers = _receivers(raw.get("receivers"))
    found += in_route + in_receivers
    if route is not None and not in_receivers:
        found += _names(route, receivers)
    if found or route is None:
        raise ConfigError([mistake.placed(document) for mistake in found])
    return Notify(route, receivers, document, tuple(mistake.placed(document) for mistake in _warnings(route)))


def _unknown(path: KeyPath, known: Iterable[str]) -> Mistake:
    key = str(path[-1])
    if key in _NOT_IN_FORCE:
        why, advice = _NOT_IN_FORCE[key]
        return Mistake(path, f"{key!r} is not in force in this version: {why}", advice, at_key=True)
    return unknown_key(path, known)


def _route(raw: object, document: MarkedDocument) -> tuple[Route | None, list[Mistake]]:
    if not isinstance(raw, dict):
        return None, [Mistake(("route",), "the key 'route' is missing", "write route: {receiver: desk}")]
    found = list(_root_mistakes(raw))
    try:
        return Route.model_validate(raw), found
    except ValidationError as error:
        each = mistakes(error, document, Route, ("route",))
        return None, found + [_unknown(f.path, ()) if f.at_key and f.path[-1] in _NOT_IN_FORCE else f for f in each]


def _root_mistakes(raw: Mapping[str, object]) -> Iterator[Mistake]:
    if not raw.get("receiver"):
        yield Mistake(
            ("route",), "the root route has no receiver", "name the one that is told when no other route matches"
        )
    for key in ("matchers", "continue"):
        if raw.get(key):
            yield Mistake(
                ("route", key),
                f"the root route takes every alert and has no {key!r}",
                "write a route below it",
                at_key=True,
            )


def _receivers(raw: object) -> tuple[dict[str, Channels], list[Mistake]]:
    if not isinstance(raw, list) or not raw:
        return {}, [Mistake(("receivers",), "the list 'receivers' is missing", "write receivers: [{name: desk, ...}]")]
    receivers: dict[str, Channels] = {}
    found: list[Mistake] = []
    for index, item in enumerate(raw):
        path: KeyPath = ("receivers", index)
        if not isinstance(item, dict):
            found.append(
                Mistake(path, "expected a map with a name and channels", "write {name: desk, webhook_configs: [...]}")
            )
            continue
        found += _name_mistakes(item.get("name"), path, receivers)
        found += _channel_mistakes(item, path)
        receivers[str(item.get("name"))] = {
            channel: item[f"{channel}_configs"] or [] for channel in CHANNELS if f"{channel}_configs" in item
        }
    return receivers, found


def _name_mistakes(name: object, path: KeyPath, receivers: Mapping[str, Channels]) -> Iterator[Mistake]:
    if name is None:
        yield Mistake(path, "the key 'name' is missing")
    elif not isinstance(name, str) or not _RECEIVER_NAME.fullmatch(name):
        yield Mistake((*path, "name"), "a receiver's name is text of letters, digits, spaces and . _ - @")
    elif name in receivers:
        yield Mistake((*path, "name"), f"a second receiver {name!r}", "give each a name of its own")


def _channel_mistakes(item: Mapping[str, object], path: KeyPath) -> Iterator[Mistake]:
    known = [f"{channel}_configs" for channel in CHANNELS]
    for key, value in item.items():
        here = (*path, key)
        if key == "name":
            continue
        if key not in known:
            yield _unknown_channel(here, known)
        elif not isinstance(value, list | None):
            yield Mistake(here, "expected a list of maps", "write [{...}], one map per destination")
        else:
            for index, options in enumerate(value or ()):
                if not isinstance(options, dict):
                    yield Mistake((*here, index), "expected a map of the channel's options")


def _unknown_channel(path: KeyPath, known: list[str]) -> Mistake:
    key = str(path[-1])
    name = key.removesuffix("_configs")
    if name != key and not near(name, CHANNELS):
        return Mistake(
            path, f"the channel {name!r} is not in this version", f"there are: {', '.join(CHANNELS)}", at_key=True
        )
    return unknown_key(path, ["name", *known])


def _names(route: Route, receivers: Mapping[str, Channels], path: KeyPath = ("route",)) -> Iterator[Mistake]:
    if route.receiver and route.receiver not in receivers:
        hint = near(route.receiver, receivers) or f"there are: {', '.join(receivers)}"
        yield Mistake((*path, "receiver"), f"no receiver {route.receiver!r}", hint)
    for index, child in enumerate(route.routes):
        yield from _names(child, receivers, (*path, "routes", index))


def _warnings(route: Route) -> Iterator[Mistake]:
    for position in unreachable(route):
        path: KeyPath = ("route", *(step for index in position for step in ("routes", index)))
        yield Mistake(
            path,
            "no alert ever comes to this route",
            "a route before it takes them all without 'continue', or its matchers exclude each other",
            severity=ProblemSeverity.WARNING,
        )
