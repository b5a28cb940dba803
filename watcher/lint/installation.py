"""A whole installation, looked at: settings, sources, routes, channels, secrets, rules, and the records in its store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from functools import partial

from watcher.config.notify import Notify, load_notify
from watcher.config.problem import Mistake, near
from watcher.config.rules import Loaded, read_rules
from watcher.config.settings import Settings
from watcher.core.errors import Problem, ProblemSeverity, WatcherError
from watcher.core.rule import RuleStatus
from watcher.feeds import feed_of, query_offsets
from watcher.lint.check import Context, Fetch
from watcher.lint.data import StoreData
from watcher.lint.run import Linted, gather, in_order, left_out, run_checks
from watcher.replay import Progress
from watcher.sources import SOURCES
from watcher.store.engine import Store
from watcher.switchboard import TEST_RECEIVER
from watcher.wiring import access_of, endpoint_of, fallback_mistakes, slots_of

#: In the folder of the state: what lint worked out last time.
KEPT_IN = "lint.json"


def lint_installation(
    settings: Settings, *, today: date, fetch: Fetch | None = None, progress: Progress | None = None
) -> Linted:
    """Look at everything that the settings name; the store is only read.

    :param progress: told, after each day of each rule, how many days the rule has been replayed over.
    """
    problems: list[Problem] = []
    for name in settings.sources:
        gather(problems, partial(feed_of, settings, name))
    routing = gather(problems, lambda: load_notify(settings.notify))
    if routing is not None:
        problems += _lint_receivers(settings, routing)
    loaded = gather(problems, lambda: read_rules(settings.rules))
    ignored, note = 0, ""
    if loaded is not None:
        problems += _lint_across(settings, routing, loaded)
        context = Context(loaded, today, settings=settings, routing=routing, fetch=fetch)
        found, ignored, note = _with_store(context, settings, progress)
        problems += found
    return Linted(
        in_order(problems),
        len(loaded.rules.rules) if loaded else 0,
        receivers=len(routing.receivers) if routing else 0,
        sources=len(settings.sources),
        ignored=ignored,
        note=note,
    )


def _with_store(context: Context, settings: Settings, progress: Progress | None) -> tuple[list[Problem], int, str]:
    """Run the checks with the records that there are, and say why when there are none."""
    offsets = gather([], lambda: query_offsets(settings))
    if offsets is None:
        return *run_checks(context), left_out("the sources in the settings cannot be read")
    with ExitStack() as stack:
        try:
            store = stack.enter_context(Store.open(settings.store.url, read_only=True))
            tx = stack.enter_context(store.reading())
        except WatcherError as error:
            return *run_checks(context), left_out(f"{error.where}: {error.what}" if error.where else error.what)
        keep_in = settings.state_dir / KEPT_IN
        data = StoreData.of(tx, context.rules, offsets=offsets, keep_in=keep_in, progress=progress)
        if data is None:
            return *run_checks(context), left_out("there is no record in the store")
        found, ignored = run_checks(context.with_data(data))
        data.save()
        return found, ignored, ""


def _lint_receivers(settings: Settings, routing: Notify) -> list[Problem]:
    problems: list[Problem] = []
    for receiver in routing.receivers:
        access = gather(problems, partial(access_of, settings, receiver))
        if access is not None:
            for slot in slots_of(routing, receiver):
                gather(problems, partial(endpoint_of, routing, slot, access))
    problems += [mistake.placed(settings.document) for mistake in _unknown_receivers(settings, routing)]
    problems += [mistake.placed(settings.document) for mistake in fallback_mistakes(settings, routing)]
    problems += [mistake.placed(routing.document) for mistake in _mail_without_server(settings, routing)]
    return problems


def _unknown_receivers(settings: Settings, routing: Notify) -> Iterator[Mistake]:
    for name in settings.receivers:
        if name not in routing.receivers:
            summary = f"there is no receiver {name!r} in {settings.notify.name}"
            hint = near(name, routing.receivers) or f"there are: {', '.join(routing.receivers)}"
            yield Mistake(("receivers", name), summary, hint, at_key=True, severity=ProblemSeverity.WARNING)


def _mail_without_server(settings: Settings, routing: Notify) -> Iterator[Mistake]:
    if settings.mail is not None:
        return
    for receiver in routing.receivers:
        for slot in slots_of(routing, receiver):
            if slot.channel == "email":
                place = routing.place_of(*slot)
                hint = "write 'mail' in watcher.yaml"
                yield Mistake(place, "no mail server is set", hint, severity=ProblemSeverity.WARNING)


# --- what only shows when everything is seen together -----------------------------------------------------------------


def _lint_across(settings: Settings, routing: Notify | None, loaded: Loaded) -> Iterator[Problem]:
    rules = loaded.rules
    if not rules.rules:
        path = str(settings.rules[0]) if settings.rules else settings.document.path
        yield Problem(
            path,
            0,
            0,
            "there is no rule",
            hint="begin with: watcher rules new threshold",
            severity=ProblemSeverity.WARNING,
        )
    on_test = [rule.alert for rule in rules.rules if rule.status is RuleStatus.TEST]
    if routing is not None and on_test and not routing.receivers.get(TEST_RECEIVER):
        summary = f"{on_test[0]!r} is on test, and there is no receiver named {TEST_RECEIVER!r} to be told"
        hint = f"add a receiver {TEST_RECEIVER!r} with a channel"
        yield Mistake(("receivers",), summary, hint, severity=ProblemSeverity.WARNING).placed(routing.document)
    for page in loaded.pages:
        for below, raw in page.items("indicators"):
            for mistake in _unknown_sources(settings, raw.get("source")):
                yield mistake.below(below).placed(page.document)


def _unknown_sources(settings: Settings, named: object) -> Iterator[Mistake]:
    known = [*settings.sources, *SOURCES]
    for name in [named] if isinstance(named, str) else named if isinstance(named, list) else []:
        if name not in known:
            summary = f"no source of the settings is called {name!r}"
            hint = near(name, known) or f"there are: {', '.join(known)}"
            yield Mistake(("source",), summary, hint, severity=ProblemSeverity.WARNING)
