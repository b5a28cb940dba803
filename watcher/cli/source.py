"""`watcher source`: the sources: list, test, pull, add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.opening import PATIENCE, config_option, moment, open_settings, open_store, quiet_log
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_json, print_rows, safe
from watcher.config.settings import Settings, find_settings, load_settings
from watcher.config.stanza import OWN, inserted, keys_of, stanza
from watcher.core.errors import ConfigError, DataError, ExitCode, UsageError
from watcher.core.message.phrase import counted
from watcher.feeds import feed_of
from watcher.ingest import Feed, Ingested, ingest_batch, note_failure
from watcher.pull import Pullers
from watcher.singleton import holding
from watcher.source_trial import Tried, try_files, try_pull
from watcher.source_troubles import ABOUT, SOURCE_FAILING, source_troubles
from watcher.sources import SOURCES
from watcher.sources.pull import PULLS
from watcher.spool import Spool
from watcher.store.engine import Store
from watcher.store.pulls import PullState, find_pulls
from watcher.store.schema import Tx
from watcher.store.sources import SourceState, find_sources
from watcher.wiring import load_rule_set

_COLUMNS = (
    Column("source"),
    Column("kind"),
    Column("how"),
    Column("newest event"),
    Column("newest change"),
    Column("last read"),
    Column("next"),
    Column("state", gives=True),
)


@click.group()
def command() -> None:
    r"""The sources: where records come from, and whether they do.

    \b
    watcher source list
    watcher source test acled        # asks for one page, stores nothing, says what is wrong
    watcher source pull acled        # asks now, due or not
    watcher source add acled         # what to write into watcher.yaml
    """


@command.command("list")
@config_option
@format_option(*LIST_FORMATS)
def list_(config: Path | None, *, style: str) -> int:
    """List the sources: what each brought last, when it is asked next, and what is wrong with it."""
    settings = open_settings(config)
    feeds = {name: feed_of(settings, name) for name in settings.sources}
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        rows = _rows(tx, feeds, clock.wall())
    print_rows(rows, _COLUMNS, style, empty="no source is named in watcher.yaml (see: watcher source add)")
    return 0


@command.command("test")
@config_option
@click.argument("name")
@click.option("--since", metavar="DATE", help="Ask for what is new since this day.")
@format_option("text", "json")
def test_(config: Path | None, name: str, *, since: str | None, style: str) -> int:
    """Ask for the first page of a source, or look into its newest file; store nothing, and say what is wrong.

    The exit code is 69 when it cannot be had, and 65 when more of its rows than `bad_rows` cannot be read.
    """
    settings = open_settings(config)
    quiet_log(settings)
    feed, now = feed_of(settings, name), clock.wall()
    if feed.pull is not None:
        tried = try_pull(feed, feed.pull, now=now, since=_day(since))
    elif feed.paths:
        tried = try_files(feed, now=now)
    else:
        raise UsageError(f"{name} has neither 'paths' nor 'pull'", todo=f"it is fed by: watcher ingest --source {name}")
    if style == "json":
        print_json(_as_row(tried))
    else:
        for line in _sentences(name, tried):
            print(safe(line))
    return ExitCode.DATA if feed.refuses(tried.rows, bad=len(tried.rejections)) else ExitCode.OK


@command.command()
@config_option
@click.argument("name")
@click.option("--since", metavar="DATE", help="Ask anew for everything from this day on.")
def pull(config: Path | None, name: str, *, since: str | None) -> int:
    """Ask a source now, due or not, and store what it answers; the next turn judges it."""
    settings = open_settings(config)
    quiet_log(settings)
    feed = feed_of(settings, name)
    if feed.pull is None:
        raise UsageError(f"{name} is not asked over the network", todo="it has no 'pull' in watcher.yaml")
    rules = load_rule_set(settings)
    with open_store(settings) as store, holding(settings.state_dir / "turn.lock", who="a pull", patience=PATIENCE):
        done = _pulled(settings, store, feed, rules, _day(since))
    for each in done:
        print(safe(_sentence(each)))
    if not done:
        print(f"{name}: nothing new")
    return ExitCode.SOURCE if any(each.held for each in done) else ExitCode.OK


@command.command()
@config_option
@click.argument("kind", type=click.Choice([*SOURCES]))
@click.argument("name", required=False)
@click.option(
    "--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A key that is known: countries=[Mali, Niger]."
)
@click.option("--files", is_flag=True, help="For files that are dropped into a folder, also where it could be asked.")
@click.option("--write", is_flag=True, help="Write it into watcher.yaml, rather than print it.")
def add(config: Path | None, kind: str, name: str | None, *, pairs: tuple[str, ...], files: bool, write: bool) -> int:
    r"""Show what to write into watcher.yaml for a source, with a comment on every key; with --write, write it.

    \b
    watcher source add acled
    watcher source add table log --files --write
    """
    import os

    name = name or kind
    given = dict(_pair(pair) for pair in pairs)
    pulling = None if files or kind not in PULLS else PULLS[kind].Settings
    text = stanza(name, kind, reading=SOURCES[kind].Settings, pulling=pulling, given=given)
    known = keys_of(SOURCES[kind].Settings, pulling) | {*OWN}
    if unknown := sorted(set(given) - known):
        raise UsageError(f"the kind {kind!r} has no key {unknown[0]!r}", todo=f"there are: {', '.join(sorted(known))}")
    if not write:
        print("sources:")
        print(text, end="")
        return 0
    path = find_settings(config, os.environ, Path())
    _write(path, name, text)
    print(f"{path}: {name} is written; fill in what is needed, and then: watcher source test {name}")
    return 0


def _write(path: Path, name: str, text: str) -> None:
    """Add a source to the settings, unless they would not load any more."""
    before = path.read_text(encoding="utf-8")
    if name in load_settings(path).sources:
        raise UsageError(f"there is a source {name!r} already", where=str(path), todo="give it another name")
    after = inserted(before, text)
    if after is None:
        todo = "print it without --write, and put it there"
        raise UsageError("its 'sources' are not a block with a line for each", where=str(path), todo=todo)
    path.write_text(after, encoding="utf-8")
    try:
        load_settings(path)
    except ConfigError:
        path.write_text(before, encoding="utf-8")
        raise


def _pulled(settings: Settings, store: Store, feed: Feed, rules: Any, since: date | None) -> list[Ingested]:
    import threading
    import uuid

    spool = Spool(settings.state_dir / "pulls")
    waiting = spool.batches(feed.name)
    if not waiting:
        workers = Pullers(store, [feed], spool, boot=uuid.uuid4().hex, clock=clock.wall, ending=threading.Event())
        if not workers.pull(feed, since=since):
            raise UsageError(f"{feed.name} is being asked at this moment", todo="try again in a minute")
    done = []
    for batch in spool.batches(feed.name):
        try:
            done.append(ingest_batch(store, feed, batch, rules, spool=spool, now=clock.wall()))
        except DataError as error:
            note_failure(store, feed, error, now=clock.wall())
            raise
        if done[-1].held:
            break
    return done


def _day(text: str | None) -> date | None:
    return None if text is None else moment(text).date()


def _pair(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise UsageError(f"--set {text!r}: write KEY=VALUE")
    return key.strip(), value.strip()


def _sentence(done: Ingested) -> str:
    if done.held:
        return done.warning
    counts = {"new": done.added, "revised": done.revised, "deleted": done.deleted, "unchanged": done.unchanged}
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number or word == "new")
    rest = f"; {done.quarantined} in quarantine (see: watcher quarantine list)" if done.quarantined else ""
    return f"{done.source}: {counted(done.rows, 'row')}: {told}{rest}"


def _sentences(name: str, tried: Tried) -> Iterator[str]:
    if not tried.rows:
        yield f"{name}: it answers, and has no row for us in {tried.what}: a quiet time, or a filter that is too narrow"
        return
    more = "" if tried.is_all else ", and there is more behind it"
    yield f"{name}: {counted(tried.rows, 'row')} in {tried.what}{more}"
    if tried.newest is not None:
        yield f"  its newest event is of {tried.newest}"
    if tried.deletions:
        yield f"  {counted(tried.deletions, 'row')} of no event, or of one that was taken back"
    if tried.rejections:
        first = tried.rejections[0]
        yield f"  {counted(len(tried.rejections), 'row')} cannot be read; the first, {first.column or 'as a whole'}: {first.reason}"
    if tried.unknown:
        yield f"  keys that this version does not know: {', '.join(tried.unknown)}"


def _as_row(tried: Tried) -> dict[str, Any]:
    first = tried.rejections[0] if tried.rejections else None
    return {
        "what": tried.what,
        "is_all": tried.is_all,
        "rows": tried.rows,
        "events": tried.events,
        "deletions": tried.deletions,
        "rejections": len(tried.rejections),
        "first_rejection": None if first is None else {"column": first.column, "reason": first.reason},
        "newest_event": tried.newest,
        "unknown": list(tried.unknown),
    }


def _rows(tx: Tx, feeds: Mapping[str, Feed], now: datetime) -> list[dict[str, Any]]:
    states = {state.name: state for state in find_sources(tx)}
    pulls = {each.source: each for each in find_pulls(tx)}
    troubles: dict[str, list[str]] = {}
    for trouble in source_troubles(tx, feeds, now):
        # Why a source fails stands with the source, also before it is a trouble.
        if trouble.alert != SOURCE_FAILING:
            troubles.setdefault(dict(trouble.labels)[ABOUT], []).append(trouble.headline)
    return [_row(feed, states.get(name), pulls.get(name), troubles.get(name, [])) for name, feed in feeds.items()]


def _row(feed: Feed, state: SourceState | None, pulled: PullState | None, troubles: list[str]) -> dict[str, Any]:
    fails = [f"fails: {state.failure}"] if state is not None and state.failure else []
    return {
        "source": feed.name,
        "kind": feed.source.KIND,
        "how": _how(feed),
        "newest event": state.newest_event if state is not None else None,
        "newest change": state.newest_change if state is not None else None,
        "last read": state.last_success if state is not None else None,
        "next": pulled.due_at if pulled is not None else None,
        "state": "; ".join(fails + troubles)
        or ("ok" if state is not None and state.last_success is not None else "never read"),
    }


def _how(feed: Feed) -> str:
    ways = [way for way, there in (("pull", feed.pull is not None), ("paths", bool(feed.paths))) if there]
    return " and ".join(ways) or "by hand"
