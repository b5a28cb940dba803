"""The log: one canonical line per turn and per delivery, JSON off a terminal, and never a secret in it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, TextIO
from urllib.parse import quote

import structlog
from pydantic import SecretStr

#: Shorter values are words that a log may well hold.
_SHORTEST_SECRET = 6


def configure(*, level: str = "info", style: str = "auto", stream: TextIO | None = None) -> None:
    """Set the log up once, at the start of a process.

    :param style: ``json``, ``console``, or ``auto``: console on a terminal, JSON elsewhere.
    """
    out = stream or sys.stderr
    on_terminal = out.isatty() if style == "auto" else style == "console"
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty()) if on_terminal else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_brief_traceback()),
            _redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    # Both print the URL of each request, which for a chat webhook is the secret itself.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def logger() -> structlog.typing.FilteringBoundLogger:
    """The log of this process."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log


def hide(secrets: Iterable[SecretStr]) -> None:
    """Take note of secrets that must never be printed, in any of their usual spellings."""
    for secret in secrets:
        value = secret.get_secret_value()
        if len(value) >= _SHORTEST_SECRET:
            _HIDDEN.update({value, quote(value, safe="")})


_HIDDEN: set[str] = set()


def redacted(text: str) -> str:
    """A text without the secrets of this process."""
    for secret in _HIDDEN:
        text = text.replace(secret, "***")
    return text


def _redact(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items() if _HIDDEN else ():
        event[key] = _without_secrets(value)
    return event


def _without_secrets(value: Any) -> Any:
    """A value of a log line without secrets, however deep they lie in it."""
    match value:
        case str():
            return redacted(value)
        case Mapping():
            return {key: _without_secrets(each) for key, each in value.items()}
        case list() | tuple():
            return [_without_secrets(each) for each in value]
        case _:
            return value


def _brief_traceback() -> structlog.tracebacks.ExceptionDictTransformer:
    """Tracebacks without the values of local variables, which may be secrets."""
    return structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=12)
