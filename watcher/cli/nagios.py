"""One line and performance data, as Nagios and its heirs read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from watcher.cli.fault import told
from watcher.cli.streams import UnwrittenError
from watcher.core.errors import WatcherError

_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
UNKNOWN = 3


def of_check(
    firing: Mapping[str, int], problems: Sequence[str], data: Mapping[str, int] | None = None
) -> tuple[str, int]:
    """The plugin's line and its status: 0 OK, 1 warning, 2 critical, 3 unknown.

    A fault of our own is unknown: what fires cannot be trusted then.

    :param data: further performance data.
    """
    critical, warning, info = (firing.get(level, 0) for level in ("critical", "warning", "info"))
    status = UNKNOWN if problems else 2 if critical else 1 if warning else 0
    counts = ", ".join(f"{n} {level}" for level, n in (("critical", critical), ("warning", warning)) if n)
    said = _one_line(problems[0]) if problems else counts or "nothing fires"
    more = "".join(f" {name}={number}" for name, number in (data or {}).items())
    return f"WATCHER {_WORDS[status]} - {said} | critical={critical};;1 warning={warning};1; info={info}{more}", status


def guarded(plugin: Callable[[], int]) -> int:
    """Run a plugin; an error that stops it is one line and status 3, as a monitor expects."""
    try:
        return plugin()
    except WatcherError as error:
        return _stopped(error)
    except OSError as error:
        refused = None if isinstance(error, UnwrittenError) else told(error)
        if refused is None:
            raise
        return _stopped(refused)


def _stopped(error: WatcherError) -> int:
    print(f"WATCHER {_WORDS[UNKNOWN]} - {_one_line(str(error))}")
    return UNKNOWN


def _one_line(text: str) -> str:
    """Text without what separates it from the performance data."""
    line = text.splitlines()[0] if text else ""
    return "".join(character if character.isprintable() else " " for character in line).replace("|", "/")
