"""Wiring: from settings, rules and routes to an opened App. The only place that knows every part."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import SecretStr

from watcher import clock
from watcher.alive import Signs
from watcher.app import App
from watcher.config.document import KeyPath
from watcher.config.notify import Notify, load_notify
from watcher.config.options import validated
from watcher.config.problem import Mistake, near
from watcher.config.rules import load_rules
from watcher.config.settings import ReceiverSettings, Settings
from watcher.core.errors import ConfigError, Problem
from watcher.core.message import Desk
from watcher.core.message.link import Links
from watcher.core.rule import RuleSet
from watcher.core.secret import SecretReference
from watcher.deliver import Couriers, Report
from watcher.endpoint import Endpoint
from watcher.feeds import feed_of, query_offsets
from watcher.heartbeat import Heartbeat
from watcher.hidden import revealed
from watcher.inbox import Inbox
from watcher.log import hide
from watcher.net import Egress
from watcher.pull import Pullers
from watcher.receivers import RECEIVERS, Access, Server
from watcher.receivers.cloudevents import CloudEvents
from watcher.spool import Spool
from watcher.store.engine import Store
from watcher.switchboard import Switchboard, Terms
from watcher.web.key import own_key

#: Bytes of the key that signs links: a shorter one could be guessed.
_SHORTEST_KEY = 16


def load_rule_set(settings: Settings) -> RuleSet:
    """The rules that the settings name.

    :raises ConfigError: with every mistake in them, and when there are none at all: a folder that is not mounted must not
        end every alert.
    """
    rules = load_rules(settings.rules)
    if not rules.rules:
        places = ", ".join(str(path) for path in settings.rules)
        hint = "begin with `watcher rules new threshold`, or see what `rules` in watcher.yaml names"
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
    ending = threading.Event()
    feeds = {name: feed_of(settings, name, time=time, ending=ending) for name in settings.sources}
    boot = uuid.uuid4().hex
    spool = Spool(settings.state_dir / "pulls")
    store = Store.open(settings.store.url)
    couriers = Couriers(store, board.endpoints, boot=boot, report=report, patience=patience)
    return App(
        store=store,
        rules=rules,
        feeds=feeds,
        board=board,
        couriers=couriers,
        clock=time,
        inbox=Inbox(),
        offsets=query_offsets(settings),
        signs=signs_of_life(settings, board),
        pullers=Pullers(store, feeds.values(), spool, boot=boot, clock=time, ending=ending),
    )


def switchboard(settings: Settings) -> Switchboard:
    """Who is told of what."""
    routing = load_notify(settings.notify)
    if wrong := fallback_mistakes(settings, routing):
        raise ConfigError([mistake.placed(settings.document) for mistake in wrong])
    endpoints = {endpoint.name: endpoint for endpoint in _endpoints(settings, routing)}
    terms = {
        name: Terms(own.digest, own.max_per_hour or 0, own.fallback, own.fallback_after)
        for name, own in settings.receivers.items()
    }
    spoken = replace(desk(settings), links=links(settings))
    return Switchboard(routing.route, endpoints, spoken, routing.intervals, routing.inhibitions, terms)


def fallback_mistakes(settings: Settings, routing: Notify) -> list[Mistake]:
    """Receivers that fall back on nobody, or in the end on themselves."""
    own = {name: each for name, each in settings.receivers.items() if name in routing.receivers}
    found = []
    for name, each in own.items():
        path: KeyPath = ("receivers", name, "fallback")
        if not each.fallback and each.fallback_after is not None:
            found.append(Mistake((*path[:2], "fallback_after"), "there is no 'fallback' to tell", "name a receiver"))
        elif each.fallback and each.fallback not in routing.receivers:
            hint = near(each.fallback, routing.receivers) or f"there are: {', '.join(routing.receivers)}"
            found.append(Mistake(path, f"there is no receiver {each.fallback!r} in {settings.notify.name}", hint))
        elif each.fallback and not any(routing.receivers[each.fallback].values()):
            found.append(Mistake(path, f"the receiver {each.fallback!r} has no channel", "name one that has"))
        elif name in _fallbacks_of(name, own):
            found.append(Mistake(path, f"{name!r} falls back on itself in the end", "name one that ends elsewhere"))
    return found


def _fallbacks_of(name: str, receivers: Mapping[str, ReceiverSettings]) -> list[str]:
    """The receivers that are told instead, one after the other."""
    chain: list[str] = []
    while (own := receivers.get(name)) is not None and own.fallback and own.fallback not in chain:
        name = own.fallback
        chain.append(name)
    return chain


def links(settings: Settings) -> Links | None:
    """How links in messages are made; None where nobody could follow them."""
    if not settings.base_url:
        return None
    if settings.web.secret is not None:
        key = revealed(settings, settings.web.secret).get_secret_value().encode()
        if len(key) < _SHORTEST_KEY:
            hint = "write at least 16 random characters into it: python3 -c 'import secrets; print(secrets.token_urlsafe())'"
            summary = "the key that signs links is too short"
            raise ConfigError([Mistake(("web", "secret"), summary, hint).placed(settings.document)])
    else:
        key = own_key(settings.state_dir)
        hide([SecretStr(key.decode())])
    return Links(settings.base_url, key)


def signs_of_life(settings: Settings, board: Switchboard) -> Signs:
    """Who wants a note once a week that says that we are at work."""
    wanted = {name: own.alive for name, own in settings.receivers.items() if own.alive is not None}
    return Signs(board.endpoints, board.desk, wanted)


def heartbeat(settings: Settings) -> Heartbeat | None:
    """The sign of life that the settings want; None where they want none.

    :raises ConfigError: when its address cannot be had.
    """
    own = settings.heartbeat
    if own is None:
        return None
    return Heartbeat(revealed(settings, own.url), Egress(allow_networks=own.allow_networks), every=own.every)


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
            yield endpoint_of(routing, slot, access, own=settings.receivers.get(receiver, ReceiverSettings()))


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


def endpoint_of(routing: Notify, slot: Slot, access: Access, *, own: ReceiverSettings | None = None) -> Endpoint:
    """One channel with its options.

    :raises ConfigError: when the channel does not understand them.
    """
    module = RECEIVERS[slot.channel]
    raw = routing.receivers[slot.receiver][slot.channel][slot.position]
    options = validated(module.Settings, raw, document=routing.document, place=routing.place_of(*slot))
    if own is not None and own.format == "cloudevents" and slot.channel == "webhook":
        module = CloudEvents()
    return Endpoint(slot.name, slot.receiver, module, options, access)


def access_of(settings: Settings, receiver: str) -> Access:
    """What the channels of a receiver may use on their way out.

    :raises ConfigError: when the mail server's settings are wrong, or a secret cannot be had.
    """
    own = settings.receivers.get(receiver, ReceiverSettings())
    server = None
    if settings.mail is not None:
        server = validated(Server, settings.mail, document=settings.document, place=("mail",))
    password = revealed(settings, server.password) if server is not None and server.password is not None else None
    return Access(
        egress=Egress(allow_networks=own.allow_networks, proxy=own.proxy),
        now=clock.wall,
        instance=settings.instance,
        mail=server,
        mail_password=password,
        signing_secrets=tuple(revealed(settings, each) for each in own.signing_secrets),
        secret_file=lambda path: revealed(settings, SecretReference(file=str(path))),
        directory=settings.state_dir / "messages",
    )
