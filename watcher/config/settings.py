"""``watcher.yaml``: where the store, the rules and the secrets are, and how the sources are read.

An environment variable wins over the file: ``WATCHER_STORE__URL`` is ``store.url`` (see :mod:`watcher.config.environment`).
The defaults stand here, at their fields, and nowhere else.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
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
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _from_folder(value: Path, info: ValidationInfo) -> Path:
    try:
        return _folder(info) / value.expanduser()
    except RuntimeError:
        msg = "there is no such home folder; write the whole path"
        raise ValueError(msg) from None


def _folder(info: ValidationInfo) -> Path:
    return Path((info.context or {}).get("folder", ""))


def _store_url(value: str, info: ValidationInfo) -> str:
    if value.startswith("postgresql+psycopg://"):
        return value
    file = value.removeprefix(_SQLITE)
    if file in {"", value} or "?" in file:
        msg = "no store of this kind; write sqlite:///path/to/watcher.db or postgresql+psycopg://host/name"
        raise ValueError(msg)
    return f"{_SQLITE}{_folder(info) / file}"


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _network(value: object) -> Network:
    try:
        return ipaddress.ip_network(str(value))
    except ValueError:
        msg = f"{value!r} is no network; write 10.1.0.0/16, with zeros after the mask, or one address"
        raise ValueError(msg) from None


def _web_address(value: str) -> str:
    if value and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
        msg = "expected a web address; write https://..."
        raise ValueError(msg)
    return value.rstrip("/")


#: A path; a relative one starts at the folder of the settings file.
LocalPath = Annotated[Path, AfterValidator(_from_folder)]
#: One or several of them.
LocalPaths = Annotated[tuple[LocalPath, ...], BeforeValidator(_one_or_many)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


class StoreSettings(Document):
    """Where the records are kept."""

    url: Annotated[str, AfterValidator(_store_url), Field(repr=False)]
    """sqlite:///path or postgresql+psycopg://host/name; absent: the file watcher.db in ``state_dir``."""


class SourceSettings(Document):
    """One source of records."""

    kind: str
    """How it is read: acled, ucdp, table, ..."""
    paths: LocalPaths = ()
    """Files, or patterns such as incoming/*.csv: what appears there is read at the next turn."""
    query_offset: Duration | None = None
    """Ignore the newest days, because they are not complete yet; absent: the kind's own."""
    lag: Duration | None = None
    """How long after the event a record is taken as known, where the source gives no time stamp."""
    trust_stamp: bool | None = None
    """Whether the source's time stamps are the times of publication; absent: the kind's own."""
    bad_rows: Annotated[float, Field(ge=0, le=1)] = 0.05
    """A file of which a larger share of rows is unusable is refused whole."""
    hold_above: Annotated[float, Field(ge=0, le=1)] = 0.1
    """A file that would revise or delete a larger share of the stored records is held for a person; 1 lets all in."""
    pull: Mapping[str, Any] | None = None
    """Ask for it over the network: what the kind has to be told, such as an account and the countries."""
    every: Duration | None = None
    """How often it is asked, or its paths are looked at; absent: the kind's own, and 1m for paths."""
    cron: str = ""
    """When it is asked instead, in the installation's time zone: '0 7 * * 1-5'."""
    stale_after: Duration | None = None
    """After so long without anything new somebody is told; absent: the kind's own where it is asked, else never."""
    allow_networks: tuple[Annotated[Network, BeforeValidator(_network)], ...] = ()
    """Private networks that it may be asked in: 10.1.0.0/16."""
    proxy: Annotated[WebAddress, Field(repr=False)] = ""
    """The proxy to go through; the environment's proxies are not used."""
    options: Mapping[str, Any] = Field(default_factory=dict)
    """Options of the kind, such as the columns of a table."""

    @model_validator(mode="after")
    def _one_timetable(self) -> Self:
        if self.cron and (self.every is not None or self.pull is None):
            other = "'every', not both" if self.every is not None else "'every': it is for what is asked with 'pull'"
            msg = f"write 'cron' or {other}" if self.every is not None else f"write {other}"
            raise ValueError(msg)
        return self


class ReceiverSettings(Document):
    """What a receiver of notify.yaml needs and what must not stand there."""

    signing_secrets: tuple[SecretReference, ...] = ()
    """Secrets that sign webhooks, the newest first; two of them while one is being replaced."""
    allow_networks: tuple[Annotated[Network, BeforeValidator(_network)], ...] = ()
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
