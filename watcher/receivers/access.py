"""What a channel is handed: a message to render, and everything it may use to send it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, model_validator

from watcher.core.document import Document
from watcher.core.errors import ConfigError, Problem
from watcher.core.secret import SecretReference
from watcher.net import Egress
from watcher.receivers.mime import address


def _beside_its_file(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return Path(folder) / path if folder else path


#: A path as written in a settings file; a relative one starts at the ``folder`` of the validation context.
WrittenPath = Annotated[Path, AfterValidator(_beside_its_file)]


class Security(StrEnum):
    """How a mail server is spoken to."""

    #: Begin in the clear and go over to TLS before anything is said; refuse a server that cannot.
    STARTTLS = "starttls"
    #: TLS from the first byte.
    TLS = "tls"
    #: In the clear, for a relay on this machine.
    NONE = "none"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


class Server(Document):
    """The mail server that takes our messages: ``mail`` in watcher.yaml."""

    host: Annotated[str, Field(min_length=1, pattern=r"^[A-Za-z0-9._:-]+$")]
    """Its name, which its certificate must prove."""
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    """587 with starttls, 465 with tls and 25 with none, unless given."""
    security: Security = Security.STARTTLS
    """``starttls``, ``tls``, or ``none``."""
    username: str = ""
    """Log in as this; empty: do not log in."""
    password: SecretReference | None = None
    """Where the password is kept."""
    sender: Annotated[str, AfterValidator(address)]
    """The address in ``From``, and the one that bounces go to."""
    ca_file: WrittenPath | None = None
    """Authorities to trust beside the usual ones (PEM)."""

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if bool(self.username) != (self.password is not None):
            msg = "'username' and 'password' need each other"
            raise ValueError(msg)
        if self.username and self.security is Security.NONE:
            msg = "a password is not sent in the clear: use security: starttls or tls"
            raise ValueError(msg)
        return self

    @property
    def effective_port(self) -> int:
        """The port, given or usual."""
        return self.port or _PORTS[self.security]


def _no_secret(path: Path) -> SecretStr:
    raise ConfigError([Problem(str(path), 0, 0, "no secret file can be read here")])


@dataclass(frozen=True, slots=True)
class Access:
    """Everything an endpoint may use on its way out."""

    egress: Egress
    #: The moment it is, asked at each attempt.
    now: Callable[[], datetime]
    #: Name of this installation.
    instance: str = "watcher"
    mail: Server | None = None
    mail_password: SecretStr | None = None
    #: The newest first; each signs every webhook, so that receivers can change over.
    signing_secrets: tuple[SecretStr, ...] = ()
    #: Reads a file that only its owner may read, and keeps what it says out of the log; a ConfigError says why not.
    secret_file: Callable[[Path], SecretStr] = _no_secret
    #: Where ``file`` writes when its settings do not say.
    directory: Path = field(default_factory=Path)
    #: A shorter deadline than the channel's own.
    deadline: timedelta | None = None

    def within(self, deadline: timedelta) -> timedelta:
        """The channel's deadline, or the shorter one that was given."""
        return min(deadline, self.deadline or deadline)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it will be sent, at every attempt."""

    #: One line for lists and logs.
    subject: str
    content_type: str
    body: bytes
