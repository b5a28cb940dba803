"""`watcher doctor`: what is wrong with the house, and what to do about it."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import click

from watcher import clock
from watcher.cli.opening import config_option, open_settings, open_store
from watcher.cli.table import format_option, paint, print_json, safe
from watcher.config.settings import Settings
from watcher.config.source import SourceSettings
from watcher.core.document import Document
from watcher.core.errors import ConfigError, ExitCode, StoreError, WatcherError
from watcher.core.indicator import Indicator
from watcher.core.period import duration_text
from watcher.core.rule import RuleSet
from watcher.core.secret import SecretReference
from watcher.core.severity import Severity
from watcher.feeds import feed_of
from watcher.hidden import revealed
from watcher.ingest import Feed
from watcher.source_troubles import source_troubles
from watcher.store.address import Address
from watcher.store.deliveries import endpoint_faults, outbox_summary
from watcher.store.fault import RESTORE
from watcher.store.filesystem import is_on_network, is_on_overlay
from watcher.store.inspection import inspect
from watcher.store.runs import last_runs
from watcher.store.schema import Tx
from watcher.store.sources import find_sources
from watcher.wiring import load_rule_set, switchboard

#: The first SQLite that cannot lose a commit to a checkpoint in another process.
SOUND_SQLITE = (3, 51, 3)
#: Less room than this on the disk is too little.
LEAST_SHARE, LEAST_BYTES = 0.05, 256 * 1024 * 1024
_SKEW = timedelta(seconds=60)


class Finding(NamedTuple):
    """One thing that was looked at."""

    what: str
    #: ``ok``, ``warning`` or ``error``.
    level: str
    said: str
    #: The exit code that it asks for.
    code: ExitCode = ExitCode.OK


@click.command()
@config_option
@click.option("--deep", is_flag=True, help="Every page, reference, message and record; reads the whole store.")
@format_option("text", "json")
def command(config: Path | None, *, deep: bool, style: str) -> int:
    r"""Look at the settings, the rules, the secrets, who may write them, the disk, the clock, the store, the sources and the ways out; say what to do.

    With --deep the hash of every message and of every record is worked out anew, and the sums that rates rest on are
    compared with the records: a disk that flips a bit is seen by nobody else.

    \b
    watcher doctor
    watcher doctor --deep      # after a crash of the machine, or once a month

    The exit code is that of the worst finding: 0 also when there are warnings, 74 for the store, 78 for the settings.
    """
    found = list(_findings(open_settings(config), deep=deep))
    if style == "json":
        print_json({"findings": [{**each._asdict(), "code": int(each.code)} for each in found]})
    else:
        for each in found:
            severity = each.level if each.level != "ok" else ""
            print(f"{paint(f'{each.level:8}', severity)}{each.what:12}{safe(each.said)}")
    return next((each.code for each in found if each.code), ExitCode.OK)


def _findings(settings: Settings, *, deep: bool) -> Iterator[Finding]:
    rules: list[RuleSet] = []
    yield _tried("rules", lambda: rules.append(load_rule_set(settings)), "they load")
    yield _tried("routes", lambda: switchboard(settings), "they load, and every secret can be read")
    yield from _permissions(settings)
    yield from _disk(settings)
    yield from _library(settings)
    yield from _store(settings, rules[0].indicators if rules else (), deep=deep)
    yield from _sources(settings)


def _tried(what: str, act: Callable[[], object], said: str) -> Finding:
    try:
        act()
    except ConfigError as error:
        return Finding(what, "error", str(error.problems[0]), error.exit_code)
    except WatcherError as error:
        return Finding(what, "error", str(error), error.exit_code)
    return Finding(what, "ok", said)


def _permissions(settings: Settings) -> Iterator[Finding]:
    """Who may change what we do, or read what we keep."""
    found = []
    for path in (settings.path, settings.notify, *settings.rules):
        with suppress(OSError):
            if stat.S_IMODE(path.stat().st_mode) & stat.S_IWOTH:
                found.append(
                    Finding("permission", "error", f"everybody may write {path}: chmod o-w {path}", ExitCode.CONFIG)
                )
    with suppress(OSError):
        if stat.S_IMODE(settings.state_dir.stat().st_mode) & stat.S_IRWXO:
            said = (
                f"everybody may look into {settings.state_dir}, where the records lie: chmod 750 {settings.state_dir}"
            )
            found.append(Finding("permission", "warning", said))
    yield from found or [Finding("permission", "ok", "nobody else may change the settings or read the store")]


def _clock(tx: Tx) -> Finding:
    """A clock that is behind what it said before judges yesterday."""
    ended = [run.finished_at for run in last_runs(tx, 5) if run.finished_at is not None]
    ahead = max(ended, default=clock.wall()) - clock.wall()
    if ahead > _SKEW:
        said = f"it is {duration_text(ahead)} behind the end of the last run: see timedatectl; nothing is judged until then"
        return Finding("clock", "error", said, ExitCode.CONFIG)
    return Finding("clock", "ok", f"{clock.wall():%Y-%m-%d %H:%M:%S} UTC")


def _sources(settings: Settings) -> Iterator[Finding]:
    """Whether records come in; `watcher source test` asks over the network, this does not."""
    feeds: dict[str, Feed] = {}
    for name, own in settings.sources.items():
        yield from _loads(settings, name, own, feeds)
    try:
        with open_store(settings, read_only=True) as store, store.reading() as tx:
            yield _clock(tx)
            troubles = source_troubles(tx, feeds, clock.wall())
            states = {state.name: state for state in find_sources(tx)}
    except StoreError:
        # What is wrong with the store has been said.
        return
    for each in troubles:
        level = "ok" if each.severity is Severity.INFO else "warning"
        yield Finding("source", level, f"{each.headline}: {each.sentence}")
    wrong = {dict(each.labels)["source"] for each in troubles}
    for name in sorted(feeds.keys() - wrong):
        state = states.get(name)
        if state is None or state.last_success is None:
            yield Finding("source", "warning", f"{name}: never read (see: watcher source test {name})")
        else:
            yield Finding("source", "ok", f"{name}: its newest event is of {state.newest_event or 'no day'}")


def _loads(settings: Settings, name: str, own: SourceSettings, feeds: dict[str, Feed]) -> Iterator[Finding]:
    """Whether a source can be used as it is written, and its secrets can be read."""
    found = _tried("source", lambda: feeds.update({name: feed_of(settings, name)}), "")
    if found.level != "ok":
        yield found
        return
    references = [] if feeds[name].pull is None else _references(feeds[name].pull.settings)  # type: ignore[union-attr]
    for reference in [*references, *([own.push.token] if own.push else [])]:
        found = _tried("source", lambda: revealed(settings, reference), "")  # noqa: B023 - called at once
        if found.level != "ok":
            yield found._replace(said=f"{name}: {found.said}")


def _references(options: Document) -> list[SecretReference]:
    values = (getattr(options, name) for name in type(options).model_fields)
    return [value for value in values if isinstance(value, SecretReference)]


def _disk(settings: Settings) -> Iterator[Finding]:
    path = Address.parse(settings.store.url).path
    for folder in {settings.state_dir, path.parent if path is not None else settings.state_dir}:
        try:
            usage = shutil.disk_usage(folder)
        except OSError as error:
            yield Finding("disk", "error", f"{folder}: {error.strerror}", ExitCode.STORE)
            continue
        said = f"{usage.free / 2**30:.1f} GiB free under {folder}"
        is_short = usage.free < max(LEAST_BYTES, LEAST_SHARE * usage.total)
        yield Finding("disk", "warning" if is_short else "ok", f"{said}; make room" if is_short else said)


def _library(settings: Settings) -> Iterator[Finding]:
    path = Address.parse(settings.store.url).path
    if path is None:
        return
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < SOUND_SQLITE:
        said = (
            f"{version}; before 3.51.3 it can lose a commit when another program checkpoints the file: open the store"
        )
        yield Finding("sqlite", "warning", f"{said} with watcher only")
    else:
        yield Finding("sqlite", "ok", version)
    if is_on_network(path):
        said = "on a network file system: it does without a write-ahead log, slowly; better a local disk"
        yield Finding("filesystem", "warning", said)
    elif is_on_overlay(path):
        said = "in the layer of a container, and gone with it: put the state directory on a volume"
        yield Finding("filesystem", "warning", said)
    else:
        yield Finding("filesystem", "ok", "a local disk")


def _store(settings: Settings, indicators: Iterable[Indicator], *, deep: bool) -> Iterator[Finding]:
    try:
        with open_store(settings, read_only=True) as store:
            damage = list(inspect(store, indicators, deep=deep))
            if damage:
                yield from (Finding("store", "error", f"{each} ({RESTORE})", ExitCode.STORE) for each in damage)
                return
            yield Finding("store", "ok", "every page, message and record is whole" if deep else "it can be read")
            with store.reading() as tx:
                summary = outbox_summary(tx, clock.wall())
                faults = endpoint_faults(tx, clock.wall())
    except StoreError as error:
        yield Finding("store", "error", str(error), error.exit_code)
        return
    for each in faults:
        yield Finding("outbox", "warning", f"{each.endpoint}: {each.why} (see: watcher status)")
    if summary.dead:
        yield Finding("outbox", "warning", f"{summary.dead} dead (see: watcher outbox list --state dead)")
    if not faults and not summary.dead:
        yield Finding("outbox", "ok", f"{summary.waiting} waiting, none dead")
