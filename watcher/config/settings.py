"""``watcher.yaml``: where the store, the rules and the secrets are, and how the sources are read.

An environment variable wins over the file: ``WATCHER_STORE__URL`` is ``store.url`` (see :mod:`watcher.config.environment`).
The defaults stand here, at their fields, and nowhere else.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from watcher.config.document import MarkedDocument, load_document
from watcher.config.environment import Overlay, literal_secrets, overlay
from watcher.config.problem import Mistake, mistakes, near
from watcher.config.source import SourceSettings
from watcher.config.value import LocalPath, LocalPaths, Networks, WebAddress, folder_of
from watcher.core.alive import WrittenAlive
from watcher.core.digest import Digest
from watcher.core.document import Document
from watcher.core.errors import ConfigError, Problem
from watcher.core.period import Duration
from watcher.core.secret import SecretReference

_SOURCE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)
#: Names that facts have as their source.
_RESERVED = frozenset({"desk"})
CHECK = "settings/syntax"
_SQLITE = "sqlite:///"
_LAST_PORT = 65_535


def _store_url(value: str, info: ValidationInfo) -> str:
    if value.startswith("postgresql+psycopg://"):
        return value
    file = value.removeprefix(_SQLITE)
    if file in {"", value} or "?" in file:
        msg = "no store of this kind; write sqlite:///path/to/watcher.db or postgresql+psycopg://host/name"
        raise ValueError(msg)
    return f"{_SQLITE}{folder_of(info) / file}"


_UNIX = "unix:"


def _service_address(value: str) -> str:
    if not value or (value.startswith(_UNIX) and Path(value.removeprefix(_UNIX)).is_absolute()):
        return value
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= _LAST_PORT):
        msg = f"{value!r} is no place to listen; write 127.0.0.1:8481 or unix:/run/watcher/service.sock"
        raise ValueError(msg)
    return value


def is_local(place: str) -> bool:
    """Whether only this machine reaches a place to listen at."""
    if place.startswith(_UNIX):
        return True
    try:
        return ipaddress.ip_address(place.rpartition(":")[0].strip("[]")).is_loopback
    except ValueError:
        return False


class StoreSettings(Document):
    """Where the records are kept."""

    url: Annotated[str, AfterValidator(_store_url), Field(repr=False)]
    """sqlite:///path or postgresql+psycopg://host/name; absent: the file watcher.db in ``state_dir``."""


class ReceiverSettings(Document):
    """What a receiver of notify.yaml needs and what must not stand there."""

    signing_secrets: tuple[SecretReference, ...] = ()
    """Secrets that sign webhooks, the newest first; two of them while one is being replaced."""
    allow_networks: Networks = ()
    """Private networks that it may reach: 10.1.0.0/16."""
    proxy: Annotated[WebAddress, Field(repr=False)] = ""
    """The proxy to go through; the environment's proxies are not used."""
    digest: Digest | None = None
    """Tell what is not critical once a day, in one message: {at: '07:00', timezone: Africa/Maputo}."""
    max_per_hour: Annotated[int, Field(ge=1)] | None = None
    """Messages in an hour at each of its channels; the rest waits and comes as one; absent: any number."""
    fallback: str = ""
    """The receiver that is told instead while this one takes nothing."""
    fallback_after: Duration | None = None
    """How long it may take nothing before the fallback is told; absent: 10m for what is critical, else 1h."""
    alive: WrittenAlive | None = None
    """Send a note once a week that says that watcher is at work: weekly, or {every: weekly, on: friday, at: '07:30'}."""
    format: Literal["alertmanager", "cloudevents"] = "alertmanager"
    """The body of its webhooks: Alertmanager's own, or the same as the data of a CloudEvent."""


class WebSettings(Document):
    """The daemon's door on the web: the pages behind the links in messages."""

    listen: Annotated[str, Field(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$")] = "127.0.0.1:8480"
    """Where the daemon listens when ``base_url`` is set: host and port, ``[::1]:8480`` for IPv6."""
    secret: SecretReference | None = None
    """Where the key is kept that signs links; absent: one of its own in ``state_dir``."""

    @field_validator("listen")
    @classmethod
    def _usable_port(cls, value: str) -> str:
        if not 1 <= int(value.rpartition(":")[2]) <= _LAST_PORT:
            msg = f"{value!r} has no port from 1 to {_LAST_PORT}"
            raise ValueError(msg)
        return value

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class ServiceSettings(Document):
    """The daemon's door for machines: /healthz, /readyz, /metrics, and POST /ingest."""

    listen: Annotated[str, AfterValidator(_service_address)] = ""
    """Where: `127.0.0.1:8481`, or `unix:/run/watcher/service.sock`; absent: nowhere."""
    token: SecretReference | None = None
    """Where the token is kept that whoever asks must show; needed where others than this machine reach it."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.listen and self.token is None and not is_local(self.listen):
            msg = f"{self.listen!r} can be reached from elsewhere; listen on 127.0.0.1 or a unix: socket, or set a 'token'"
            raise ValueError(msg)
        return self

    @property
    def place(self) -> tuple[str, int] | Path:
        """Host and port, or the path of a socket."""
        if self.listen.startswith(_UNIX):
            return Path(self.listen.removeprefix(_UNIX))
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class HeartbeatSettings(Document):
    """A sign of life to a watchdog elsewhere, in the protocol of Healthchecks."""

    url: SecretReference
    """Where its address is kept: whoever has it can send signs of life."""
    every: Duration = timedelta(minutes=1)
    """How often the daemon gives one; a check gives one each time."""
    allow_networks: Networks = ()
    """Private networks in which it may be."""


class LogSettings(Document):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Nothing less than this."""
    format: Literal["auto", "json", "console"] = "auto"
    """auto is console on a terminal and JSON elsewhere."""


class Settings(Document):
    """Everything an installation decides."""

    store: StoreSettings
    """Where the records are kept."""
    state_dir: Annotated[LocalPath, Field(validate_default=True)] = Path("state")
    """Folder of locks, and of the store where none is named."""
    rules: Annotated[LocalPaths, Field(validate_default=True)] = (Path("rules"),)
    """Rule files and folders of rule files; together they are one set."""
    notify: Annotated[LocalPath, Field(validate_default=True)] = Path("notify.yaml")
    """Routes and receivers."""
    instance: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$")] = "watcher"
    """Name of this installation in messages and their ids."""
    timezone: str = "UTC"
    """Time zone of the times in messages: Africa/Maputo."""
    base_url: WebAddress = ""
    """Where people reach this installation's pages; links in messages begin with it."""
    contact: str = ""
    """Whom to call, in messages of rules that name nobody."""
    runbook: str = ""
    """Where it says what to do, in messages of rules that do not say it."""
    sources: Mapping[str, SourceSettings] = Field(default_factory=dict)
    """Sources of records, by name."""
    mail: Mapping[str, Any] | None = None
    """The mail server: host, port, security, username, password, sender."""
    receivers: Mapping[str, ReceiverSettings] = Field(default_factory=dict)
    """Secrets, networks and proxies of receivers, by their name in notify.yaml."""
    web: WebSettings = WebSettings()
    """The daemon's door on the web: listen, secret."""
    service: ServiceSettings = ServiceSettings()
    """The daemon's door for machines: health, metrics, records that are sent."""
    heartbeat: HeartbeatSettings | None = None
    """A sign of life to a watchdog elsewhere after every complete turn."""
    textfile: LocalPath | None = None
    """A file for node_exporter that `check` writes its metrics to: /var/lib/node_exporter/watcher.prom."""
    log: LogSettings = LogSettings()
    """What is logged, and how."""

    _document: MarkedDocument = PrivateAttr()

    @property
    def document(self) -> MarkedDocument:
        """The file, for the places of problems that other modules find."""
        return self._document

    @property
    def path(self) -> Path:
        """The settings file."""
        return Path(self._document.path)

    @model_validator(mode="before")
    @classmethod
    def _store_in_state_dir(cls, raw: object) -> object:
        if not isinstance(raw, dict) or not isinstance(store := raw.get("store") or {}, dict) or "url" in store:
            return raw
        folder = raw.get("state_dir", cls.model_fields["state_dir"].default)
        return {**raw, "store": {**store, "url": f"{_SQLITE}{folder}/watcher.db"}}

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            msg = f"there is no such time zone; {near(value, available_timezones()) or 'write e.g. Africa/Maputo'}"
            raise ValueError(msg) from None
        return value

    @field_validator("sources")
    @classmethod
    def _usable_names(cls, value: Mapping[str, SourceSettings]) -> Mapping[str, SourceSettings]:
        for name in value:
            if not _SOURCE_NAME.fullmatch(name) or name in _RESERVED:
                msg = f"{name!r} is no name for a source; letters, digits and . _ -, and not 'desk'"
                raise ValueError(msg)
        return value


def find_settings(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The settings file: ``--config``, ``$WATCHER_CONFIG``, ``./watcher.yaml``, ``/etc/watcher/watcher.yaml``.

    :raises ConfigError: when none is named and neither of the last two exists.
    """
    if explicit is not None:
        return explicit
    if environ.get("WATCHER_CONFIG"):
        return Path(environ["WATCHER_CONFIG"])
    usual = (cwd / "watcher.yaml", Path("/etc/watcher/watcher.yaml"))
    found = next((path for path in usual if _is_there(path)), None)
    if found is None:
        looked = " and ".join(str(path) for path in usual)
        hint = "run: watcher init; or name one with --config or $WATCHER_CONFIG"
        raise ConfigError(
            [Problem("watcher.yaml", 0, 0, f"no settings file; looked for {looked}", hint=hint, check=CHECK)]
        )
    return found


def _is_there(path: Path) -> bool:
    """Whether it is; a folder that may not be looked into has nothing for us."""
    try:
        return path.exists()
    except OSError:
        return False


def load_settings(path: Path, *, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings file and what the environment says instead.

    :param environ: the environment; the process's own when absent.
    :raises ConfigError: with everything that is wrong with them.
    """
    document = load_document(path, check=CHECK)
    if not isinstance(document.value, dict | None):
        raise ConfigError([Mistake((), "expected keys and values", "see: watcher init").placed(document)])
    secrets = literal_secrets(document)
    layered = overlay(document, os.environ if environ is None else environ, Settings.model_fields)
    try:
        settings = Settings.model_validate(layered.document.value, context={"folder": path.parent.absolute()})
    except ValidationError as error:
        found = mistakes(error, layered.document, Settings, ())
        told = {mistake.path for mistake in secrets}
        raise _refused(layered, [*secrets, *(mistake for mistake in found if mistake.path not in told)]) from None
    if secrets:
        raise _refused(layered, secrets)
    settings._document = layered.document  # noqa: SLF001 - our own model; the place is no setting
    return settings


def _refused(layered: Overlay, found: list[Mistake]) -> ConfigError:
    return ConfigError([layered.placed(mistake) for mistake in found])
