"""``notify.yaml``: who is told, and when, in Alertmanager's grammar.

The options of a channel stay as they were written; the channel's own module knows what they mean. What Alertmanager
knows and this version does not do is refused in plain words: a route that silently does less loses alerts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from watcher.config.document import KeyPath, MarkedDocument, load_document
from watcher.config.muting import (
    INHIBIT_SECTION,
    INTERVAL_SECTIONS,
    read_inhibitions,
    read_intervals,
    unknown_intervals,
)
from watcher.config.problem import Mistake, mistakes, near, unknown_key
from watcher.core.errors import ConfigError, Problem, ProblemSeverity
from watcher.core.interval import Intervals
from watcher.core.muting import Inhibition
from watcher.core.route import Route, unreachable

#: Ways out, by the key of their options without ``_configs``.
CHANNELS = ("webhook", "email", "slack", "msteamsv2", "alertmanager", "apprise", "file", "stdout")
_SECTIONS = ("route", "receivers", *INTERVAL_SECTIONS, INHIBIT_SECTION, "global")

_MATCHERS = ("tests of labels are matchers", 'write matchers: [severity="critical"]')
_SIDES = ("tests of labels are matchers", "write source_matchers and target_matchers")
_NOT_IN_FORCE: Mapping[str, tuple[str, str]] = {
    "templates": ("messages have their own texts", "write 'summary' and 'description' in the rule"),
    "tracing": ("nothing is traced", "remove it"),
    **dict.fromkeys(("match", "match_re"), _MATCHERS),
    **dict.fromkeys(("source_match", "source_match_re", "target_match", "target_match_re"), _SIDES),
}
#: Keys of ``global`` that Alertmanager's own tools may ask for.
_GLOBAL = re.compile(r"(?:resolve_timeout|http_config|(?:smtp|slack|pagerduty|opsgenie|wechat|victorops|telegram)_\w+)")
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
    #: Time intervals by the names that routes and silences know them by.
    intervals: Intervals = field(default_factory=dict)
    inhibitions: tuple[Inhibition, ...] = ()

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
    intervals, in_intervals = read_intervals(document)
    inhibitions, in_inhibitions = read_inhibitions(document)
    found += in_route + in_receivers + in_intervals + _in_plain_words(in_inhibitions)
    if route is not None and not in_receivers:
        found += _names(route, receivers)
    if route is not None and not in_intervals:
        found += unknown_intervals(route, intervals)
    if found or route is None:
        raise ConfigError([mistake.placed(document) for mistake in found])
    warnings = tuple(mistake.placed(document) for mistake in (*_warnings(route), *_without_effect(raw.get("global"))))
    return Notify(route, receivers, document, warnings, intervals, inhibitions)


def _in_plain_words(found: Iterable[Mistake]) -> list[Mistake]:
    """The same mistakes; of a key that Alertmanager knows and that is not in force, why it is not."""
    return [_unknown(each.path, ()) if each.at_key and each.path[-1] in _NOT_IN_FORCE else each for each in found]


def _without_effect(raw: object) -> Iterator[Mistake]:
    """What Alertmanager's own tools may ask for under ``global``, and no message of ours needs."""
    for key in raw if isinstance(raw, dict) else ():
        path: KeyPath = ("global", key)
        if _GLOBAL.fullmatch(key):
            hint = "the mail server and the secrets stand in watcher.yaml"
            yield Mistake(path, f"{key!r} has no effect here", hint, at_key=True, severity=ProblemSeverity.WARNING)
        else:
            yield unknown_key(path, ("resolve_timeout", "smtp_smarthost", "smtp_from"))._replace(
                severity=ProblemSeverity.WARNING
            )


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
        return None, found + _in_plain_words(mistakes(error, document, Route, ("route",)))


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
