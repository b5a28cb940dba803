"""What most commands begin with: the settings, the rules, the store.

A command that opens none of them waits for none of their imports.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from watcher.core.errors import UsageError
from watcher.core.period import partial_date

if TYPE_CHECKING:
    from watcher.config.settings import Settings
    from watcher.store.engine import Store

#: How long a command waits for a turn that is going on.
PATIENCE = timedelta(minutes=4)
#: Moments outside these years are slips of the pen.
_FIRST_YEAR, _LAST_YEAR = 1900, 2100

Command = TypeVar("Command", bound=Callable[..., Any])


def config_option(command: Command) -> Command:
    """Give a command ``--config``."""
    return click.option(
        "--config",
        "config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The settings; else $WATCHER_CONFIG, ./watcher.yaml, /etc/watcher/watcher.yaml.",
    )(command)


def open_settings(config: Path | None) -> Settings:
    """Find and read the settings."""
    from watcher.config.settings import find_settings, load_settings

    return load_settings(find_settings(config, os.environ, Path()))


def open_store(settings: Settings, *, read_only: bool = False) -> Store:
    """Open the store that the settings name."""
    from watcher.store.engine import Store

    return Store.open(settings.store.url, read_only=read_only)


@contextmanager
def alone(settings: Settings, *, who: str) -> Iterator[None]:
    """While nobody else judges or sends.

    :raises Locked: when somebody else does not finish.
    """
    from watcher.singleton import holding

    with (
        holding(settings.state_dir / "sender.lock", who=who, patience=PATIENCE),
        holding(settings.state_dir / "turn.lock", who=who, patience=PATIENCE),
    ):
        yield


def quiet_log(settings: Settings, *, verbose: bool = False) -> None:
    """The log of a command: warnings and worse, unless asked for more."""
    from watcher.log import configure

    configure(level=settings.log.level if verbose else "warning", style=settings.log.format)


def moment(text: str) -> datetime:
    """Read a moment: ``2020-07-07`` (its first instant, UTC), or ``2020-07-07T03:00:00Z``.

    :raises UsageError: for anything else.
    """
    try:
        if "T" in text or " " in text:
            read = datetime.fromisoformat(text)
            return _of_our_time(read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC))
        day = partial_date(text)
    except ValueError:
        day = None
    except OverflowError:
        day = None
    if day is None or not day.is_exact or day.first is None:
        raise UsageError(f"{text!r} is no moment", todo="write 2020-07-07 or 2020-07-07T03:00:00Z")
    return _of_our_time(datetime.combine(day.first, time(), UTC))


def _of_our_time(read: datetime) -> datetime:
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        raise UsageError(f"{read:%Y-%m-%d} is no day of our time", todo=f"a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    return read


def end_of(text: str) -> datetime:
    """What was known on a day: ``2020-07-07`` means its last instant; a moment means itself.

    :raises UsageError: when it is neither.
    """
    begin = moment(text)
    return begin if "T" in text or " " in text else begin.replace(hour=23, minute=59, second=59, microsecond=999_000)


def as_known_option(help_: str, *others: str) -> Callable[[Command], Command]:
    """Give a command ``--as-known``.

    :param others: what else it may be called.
    """
    return click.option("--as-known", *others, "as_known", metavar="MOMENT", help=help_)


def on_terminal() -> bool:
    """Whether a person is watching."""
    return sys.stdout.isatty()


def draws() -> bool:
    """Whether what is printed may hold the signs that charts are drawn with; in the C locale only ASCII is printed."""
    try:
        "▲└─⠒█".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
