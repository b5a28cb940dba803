"""Wiring: from settings, rules and routes to an opened App. The only place that knows every part."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr, ValidationError

from watcher import clock
from watcher.app import App
from watcher.config.document import KeyPath, MarkedDocument
from watcher.config.notify import Notify, load_notify
from watcher.config.problem import Mistake, mistakes
from watcher.config.rules import load_rules
from watcher.config.secret import reveal
from watcher.config.settings import ReceiverSettings, Settings, SourceSettings
from watcher.core.errors import ConfigError, Problem, UsageError
from watcher.core.message import Desk
from watcher.core.rule import RuleSet
from watcher.core.secret import SecretReference
from watcher.deliver import Couriers, Report
from watcher.endpoint import Endpoint
from watcher.ingest import Feed, Lookout
from watcher.log import hide
from watcher.net import Egress
from watcher.notify import Switchboard
from watcher.receivers import RECEIVERS, Access, Server
from watcher.sources import READY, SOURCES
from watcher.store.engine import Store


def load_rule_set(settings: Settings) -> RuleSet:
    """The rules that the settings name.

    :raises ConfigError: with every mistake in them, and when there are none at all: a folder that is not mounted must not
        end every alert.
    """
    rules = load_rules(settings.rules)
    if not rules.rules:
        places = ", ".join(str(path) for path in settings.rules)
        hint = "write one, or see what `rules` in watcher.yaml names"
        raise ConfigError([Problem(places, 0, 0, "there is not a single rule here", hint=hint)])
    return rules


def open_app(
    settings: Settings,
    *,
    time: Callable[[], datetime] = clock.wall,
    report: Report | None = None,
    patience: timedelta = timedelta(),
) -> App:
    """Open everything that a turn needs.

    :param time: the clock of the outbox and of the wire.
    :param patience: how long an answer is kept while the store cannot be written.
    :raises ConfigError: when rules, routes or settings are invalid.
    :raises StoreError: when the store cannot be opened.
    """
    rules = load_rule_set(settings)
    board = switchboard(settings)
    feeds = {name: _feed(settings, name, source) for name, source in settings.sources.items()}
    store = Store.open(settings.store.url)
    couriers = Couriers(store, board.endpoints, boot=uuid.uuid4().hex, report=report, patience=patience)
    return App(
        store=store,
        rules=rules,
        feeds=feeds,
        board=board,
        couriers=couriers,
        clock=time,
        lookout=Lookout(),
        offsets=query_offsets(settings),
    )


def switchboard(settings: Settings) -> Switchboard:
    """Who is told of what."""
    routing = load_notify(settings.notify)
    endpoints = {endpoint.name: endpoint for endpoint in _endpoints(settings, routing)}
    return Switchboard(routing.route, endpoints, desk(settings), _fallbacks(settings, routing))


def _fallbacks(settings: Settings, routing: Notify) -> dict[str, str]:
    """Who is told when a receiver cannot be.

    :raises ConfigError: when that is nobody, or the receiver itself.
    """
    chosen = {name: own.fallback for name, own in settings.receivers.items() if own.fallback}
    for name, fallback in chosen.items():
        if fallback not in routing.receivers or fallback == name:
            others = ", ".join(each for each in routing.receivers if each != name)
            what = "cannot stand in for itself" if fallback == name else "is no receiver of notify.yaml"
            place: KeyPath = ("receivers", name, "fallback")
            raise ConfigError([Mistake(place, f"{fallback!r} {what}", f"one of: {others}").placed(settings.document)])
    return chosen


def desk(settings: Settings) -> Desk:
    """What messages say about this installation."""
    return Desk(
        instance=settings.instance,
        timezone=settings.timezone,
        base_url=settings.base_url,
        contact=settings.contact,
        runbook=settings.runbook,
    )


def _endpoints(settings: Settings, routing: Notify) -> Iterator[Endpoint]:
    for receiver in routing.receivers:
        access = access_of(settings, receiver)
        for slot in slots_of(routing, receiver):
            yield endpoint_of(routing, slot, access)


class Slot(NamedTuple):
    """One channel of one receiver, as notify.yaml has it."""

    receiver: str
    channel: str
    #: Which of several of the same kind, from 0.
    position: int

    @property
    def name(self) -> str:
        """``desk/webhook/1``."""
        return f"{self.receiver}/{self.channel}/{self.position + 1}"


def slots_of(routing: Notify, receiver: str) -> Iterator[Slot]:
    """The channels of a receiver, in the order of the file."""
    for channel, configs in routing.receivers[receiver].items():
        for position in range(len(configs)):
            yield Slot(receiver, channel, position)


def endpoint_of(routing: Notify, slot: Slot, access: Access) -> Endpoint:
    """One channel with its options.

    :raises ConfigError: when the channel does not understand them.
    """
    module = RECEIVERS[slot.channel]
    raw = routing.receivers[slot.receiver][slot.channel][slot.position]
    options = _validated(module.Settings, raw, document=routing.document, place=routing.place_of(*slot))
    return Endpoint(slot.name, slot.receiver, module, options, access)


def access_of(settings: Settings, receiver: str) -> Access:
    """What the channels of a receiver may use on their way out.

    :raises ConfigError: when the mail server's settings are wrong, or a secret cannot be had.
    """
    own = settings.receivers.get(receiver, ReceiverSettings())
    server = None
    if settings.mail is not None:
        server = _validated(Server, settings.mail, document=settings.document, place=("mail",))
    password = _secret(settings, server.password) if server is not None and server.password is not None else None
    return Access(
        egress=Egress(allow_networks=own.allow_networks, proxy=own.proxy),
        now=clock.wall,
        instance=settings.instance,
        mail=server,
        mail_password=password,
        signing_secrets=tuple(_secret(settings, each) for each in own.signing_secrets),
        secret_file=lambda path: _secret(settings, SecretReference(file=str(path))),
        directory=settings.state_dir / "messages",
    )


def _secret(settings: Settings, reference: SecretReference) -> SecretStr:
    """A secret, read and from now on kept out of the log."""
    secret = reveal(reference, environ=os.environ, folder=settings.path.parent)
    hide([secret])
    return secret


def feed_of(settings: Settings, name: str) -> Feed:
    """A source of the settings by its name; the name of a kind stands for one with the kind's defaults.

    :raises UsageError: when there is neither.
    :raises ConfigError: for a kind that cannot be read without options.
    """
    own = settings.sources.get(name)
    if own is None and name not in READY:
        if name in SOURCES:
            raise ConfigError([_without_options(settings, name)])
        there = ", ".join([*settings.sources, *(kind for kind in READY if kind not in settings.sources)])
        raise UsageError(f"there is no source {name!r}", todo=f"one of: {there}")
    return _feed(settings, name, own or SourceSettings(kind=name))


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


def _feed(settings: Settings, name: str, own: SourceSettings) -> Feed:
    place: KeyPath = ("sources", name)
    if own.kind not in SOURCES:
        mistake = Mistake((*place, "kind"), f"there is no kind {own.kind!r}", f"one of: {', '.join(SOURCES)}")
        raise ConfigError([mistake.placed(settings.document)])
    source = SOURCES[own.kind]
    defaults = source.DEFAULTS
    options = _validated(source.Settings, own.options, document=settings.document, place=(*place, "options"))
    return Feed(
        name=name,
        source=source,
        settings=options,
        paths=own.paths,
        query_offset=defaults.query_offset if own.query_offset is None else own.query_offset,
        lag=own.lag,
        trust_stamp=defaults.trust_stamp if own.trust_stamp is None else own.trust_stamp,
        bad_rows=own.bad_rows,
        every=own.every,
    )


def _validated(model: Any, raw: Mapping[str, Any], *, document: MarkedDocument, place: KeyPath) -> Any:
    """Options that a source or a channel understands; what it does not is a problem at its place in the file."""
    try:
        return model.model_validate(raw, context={"folder": Path(document.path).parent})
    except ValidationError as error:
        raise ConfigError([each.placed(document) for each in mistakes(error, document, model, place)]) from None
