"""The log: one canonical line per turn and per delivery, JSON off a terminal, and never a secret in it."""

from __future__ import annotations

import logging
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote

from pydantic import SecretStr

from watcher.later import Later

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor

_structlog = Later("structlog")

#: Shorter values are words that a log may well hold.
_SHORTEST_SECRET = 6


class _Setup:
    """How the log was asked to be; what it needs is imported when something is logged, and most commands log nothing."""

    def __init__(self) -> None:
        self.due: Callable[[], None] | None = None


_SETUP = _Setup()


def configure(*, level: str = "info", style: str = "auto", stream: TextIO | None = None) -> None:
    """Set the log up once, at the start of a process.

    :param style: ``json``, ``console``, or ``auto``: console on a terminal, JSON elsewhere.
    """
    _SETUP.due = partial(_configure, level, style, stream or sys.stderr)
    # Where Python would print what libraries log, a job's traceback for one, as it is.
    logging.lastResort = _Libraries(logging.WARNING)
    # Both print the URL of each request, which for a chat webhook is the secret itself.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # A turn that takes longer than the pause between two is no news, and it would be no line of JSON.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _configure(level: str, style: str, out: TextIO) -> None:
    on_terminal = out.isatty() if style == "auto" else style == "console"
    dev, processors = _structlog.dev, _structlog.processors
    renderer: Processor = processors.JSONRenderer()
    tracebacks: Processor = processors.ExceptionRenderer(_brief_traceback())
    if on_terminal:
        renderer = dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=dev.plain_traceback)
        tracebacks = processors.format_exc_info
    _structlog.configure(
        processors=[
            processors.add_log_level,
            processors.TimeStamper(fmt="iso", utc=True),
            tracebacks,
            _redact,
            *([_printable] if on_terminal else []),
            renderer,
        ],
        wrapper_class=_structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=_structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )


def logger() -> FilteringBoundLogger:
    """The log of this process."""
    if _SETUP.due is not None:
        _SETUP.due()
        _SETUP.due = None
    log: FilteringBoundLogger = _structlog.get_logger()
    return log


def tell_of(fault: BaseException, event: str, **about: object) -> None:
    """Log a fault that nobody caught like any other; a process that has not set up a log gets the usual one."""
    if _SETUP.due is None and not _structlog.is_configured():
        configure()
    logger().error(event, exc_info=fault, **about)


class _Libraries(logging.Handler):
    """What libraries log, in our log: structured, and without secrets."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log it; the base class's hook."""
        say = logger().error if record.levelno >= logging.ERROR else logger().warning
        say(record.getMessage(), library=record.name, exc_info=record.exc_info and record.exc_info[1])


def hide(secrets: Iterable[SecretStr]) -> None:
    """Take note of secrets that must never be printed, in any of their usual spellings."""
    for secret in secrets:
        value = secret.get_secret_value()
        if len(value) >= _SHORTEST_SECRET:
            _HIDDEN.update({value, quote(value, safe=""), b64encode(value.encode()).decode()})


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


def _printable(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For people's eyes: nothing in a value can play with the terminal. JSON escapes by itself."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            lines = value.split("\n") if key == "exception" else [value]
            event[key] = "\n".join(repr(each)[1:-1] for each in lines)
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


def _brief_traceback() -> Any:
    """Tracebacks without the values of local variables, which may be secrets."""
    return _structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=12)
