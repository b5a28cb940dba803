"""Time intervals and inhibitions of ``notify.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from pydantic import ValidationError

from watcher.config.document import KeyPath, MarkedDocument
from watcher.config.problem import Mistake, mistakes, near
from watcher.core.document import Document
from watcher.core.interval import Intervals, NamedInterval, TimeInterval
from watcher.core.muting import Inhibition
from watcher.core.route import Route

#: The sections that hold time intervals; the second is Alertmanager's older name of the first.
INTERVAL_SECTIONS = ("time_intervals", "mute_time_intervals")
INHIBIT_SECTION = "inhibit_rules"

Model = TypeVar("Model", bound=Document)


def read_intervals(document: MarkedDocument) -> tuple[Intervals, list[Mistake]]:
    """The time intervals by name, and what is wrong with them."""
    found: dict[str, tuple[TimeInterval, ...]] = {}
    wrong: list[Mistake] = []
    for section in INTERVAL_SECTIONS:
        for index, each in _models(section, NamedInterval, document, wrong):
            path = (section, index, "name")
            if each.name in found:
                wrong.append(Mistake(path, f"a second time interval {each.name!r}", "give each a name of its own"))
            found.setdefault(each.name, each.time_intervals)
    return found, wrong


def read_inhibitions(document: MarkedDocument) -> tuple[tuple[Inhibition, ...], list[Mistake]]:
    """The inhibitions, and what is wrong with them."""
    wrong: list[Mistake] = []
    return tuple(each for _, each in _models(INHIBIT_SECTION, Inhibition, document, wrong)), wrong


def _models(
    section: str, model: type[Model], document: MarkedDocument, wrong: list[Mistake]
) -> Iterator[tuple[int, Model]]:
    raw = document.at((section,))
    if not isinstance(raw, list | None):
        wrong.append(Mistake((section,), "expected a list of maps", f"write {section}: [{{...}}]"))
        return
    for index, item in enumerate(raw or ()):
        try:
            yield index, model.model_validate(item)
        except ValidationError as error:
            wrong.extend(mistakes(error, document, model, (section, index)))


def unknown_intervals(route: Route, intervals: Intervals, path: KeyPath = ("route",)) -> Iterator[Mistake]:
    """Time intervals that a route names and nobody explains, and those of the root, which has none."""
    named: Mapping[str, tuple[str, ...]] = {
        "mute_time_intervals": route.mute_time_intervals,
        "active_time_intervals": route.active_time_intervals,
    }
    for key, names in named.items():
        if names and path == ("route",):
            what = "the root route takes every alert at any hour"
            yield Mistake((*path, key), what, "write a route below it", at_key=True)
        for index, name in enumerate(names):
            if name not in intervals:
                hint = near(name, intervals) or "explain it under 'time_intervals'"
                yield Mistake((*path, key, index), f"no time interval {name!r}", hint)
    for index, child in enumerate(route.routes):
        yield from unknown_intervals(child, intervals, (*path, "routes", index))
