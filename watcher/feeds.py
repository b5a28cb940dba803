"""Feeds: the sources of the settings, each with what its kind needs to be read and to be asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from watcher import clock
from watcher.config.document import KeyPath
from watcher.config.options import validated
from watcher.config.problem import Mistake
from watcher.config.settings import Settings
from watcher.config.source import SourceSettings
from watcher.core.errors import ConfigError, Problem, SourceUnavailable, UsageError
from watcher.hidden import revealed
from watcher.ingest import Feed, Pulling
from watcher.net import Egress
from watcher.sources import READY, SOURCES
from watcher.sources.pull import PULLS
from watcher.sources.pull import Access as PullAccess
from watcher.timetable import Following, cron, every

#: How often the daemon looks at paths when nothing else is said.
_LOOK = timedelta(minutes=1)


def feed_of(
    settings: Settings, name: str, *, time: Callable[[], datetime] = clock.wall, ending: threading.Event | None = None
) -> Feed:
    """A source of the settings by its name; the name of a kind stands for one with the kind's defaults.

    :param time: the clock of the wire.
    :param ending: set when the process is to end, so that nothing waits for the next page.
    :raises UsageError: when there is neither.
    :raises ConfigError: for a kind that cannot be read without options.
    """
    own = settings.sources.get(name)
    if own is None and name not in READY:
        if name in SOURCES:
            raise ConfigError([_without_options(settings, name)])
        there = ", ".join([*settings.sources, *(kind for kind in READY if kind not in settings.sources)])
        raise UsageError(f"there is no source {name!r}", todo=f"one of: {there}")
    return _feed(settings, name, own or SourceSettings(kind=name), time, ending or threading.Event())


def _without_options(settings: Settings, kind: str) -> Problem:
    """What to write for a kind that cannot be read before it is told more."""
    needed = ", ".join(name for name, field in SOURCES[kind].Settings.model_fields.items() if field.is_required())
    summary = f"the kind {kind!r} needs a source here with the options: {needed}"
    example = f"sources: {{log: {{kind: {kind}, options: {{columns: {{id: ref, date: day, country: land}}}}}}}}"
    return Problem(str(settings.path), 0, 0, summary, hint=f"write e.g. {example} and then: --source log")


def query_offsets(settings: Settings) -> dict[str, timedelta]:
    """How many of the newest days of each source are not complete yet; a kind's own where nothing else is said.

    `watcher ingest --source acled` needs no such source in the settings, and its records are no more complete for it.
    """
    own = {name: feed_of(settings, name).query_offset for name in settings.sources}
    return {**{kind: source.DEFAULTS.query_offset for kind, source in SOURCES.items()}, **own}


def _feed(
    settings: Settings, name: str, own: SourceSettings, time: Callable[[], datetime], ending: threading.Event
) -> Feed:
    place: KeyPath = ("sources", name)
    if own.kind not in SOURCES:
        mistake = Mistake((*place, "kind"), f"there is no kind {own.kind!r}", f"one of: {', '.join(SOURCES)}")
        raise ConfigError([mistake.placed(settings.document)])
    source = SOURCES[own.kind]
    defaults = source.DEFAULTS
    options = validated(source.Settings, own.options, document=settings.document, place=(*place, "options"))
    pulling = None if own.pull is None else _pulling(settings, name, own, time, ending)
    return Feed(
        name=name,
        source=source,
        settings=options,
        paths=own.paths,
        query_offset=defaults.query_offset if own.query_offset is None else own.query_offset,
        lag=own.lag,
        trust_stamp=defaults.trust_stamp if own.trust_stamp is None else own.trust_stamp,
        bad_rows=own.bad_rows,
        every=own.every or _LOOK,
        hold_above=own.hold_above,
        pull=pulling,
        stale_after=own.stale_after or (None if pulling is None else PULLS[own.kind].DEFAULTS.stale_after),
    )


def _pulling(
    settings: Settings, name: str, own: SourceSettings, time: Callable[[], datetime], ending: threading.Event
) -> Pulling:
    """How a source is asked over the network."""
    place: KeyPath = ("sources", name)
    module = PULLS.get(own.kind)
    if module is None:
        hint = f"these can: {', '.join(PULLS)}; for the others name files under 'paths'"
        mistake = Mistake((*place, "pull"), f"the kind {own.kind!r} cannot be asked over the network", hint)
        raise ConfigError([mistake.placed(settings.document)])
    options = validated(module.Settings, own.pull or {}, document=settings.document, place=(*place, "pull"))
    access = PullAccess(
        egress=Egress(allow_networks=own.allow_networks, proxy=own.proxy),
        secret=lambda reference: revealed(settings, reference),
        now=time,
        wait=lambda pause: _wait(ending, pause),
        tokens=settings.state_dir / "pulls" / f"{name}.tokens",
        agent=f"watcher ({settings.contact})" if settings.contact else "watcher",
    )
    return Pulling(module, options, access, _following(settings, name, own), repr(own.pull))


def _wait(ending: threading.Event, pause: timedelta) -> None:
    if ending.wait(pause.total_seconds()):
        raise SourceUnavailable("watcher was stopped meanwhile")


def _following(settings: Settings, name: str, own: SourceSettings) -> Following:
    if not own.cron:
        return every(own.every or PULLS[own.kind].DEFAULTS.every)
    try:
        return cron(own.cron, settings.timezone)
    except ValueError as error:
        raise ConfigError([Mistake(("sources", name, "cron"), str(error), "").placed(settings.document)]) from None
