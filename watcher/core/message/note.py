"""Notes that are about no alert: the words of a sign of life."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from watcher.core.alive import Pulse
from watcher.core.message.phrase import clean, counted
from watcher.core.reading import day_text
from watcher.core.severity import Severity


def alive_line(pulse: Pulse | None) -> str:
    """``all quiet, data to 6 Jul 2020``."""
    if pulse is None:
        return "alive"
    total = sum(pulse.firing.values())
    if pulse.is_quiet:
        state = "all quiet"
    else:
        state = f"{counted(total, 'alert')} {'fires' if total == 1 else 'fire'}" if total else "nothing fires"
        state += ", and something needs a look" if _troubles(pulse) else ""
    return f"{state}, {_data(pulse)}"


def alive_sentences(pulse: Pulse | None) -> Iterator[str]:
    """What a sign of life says."""
    if pulse is None:
        return
    yield f"Watching with {counted(pulse.rules, 'rule')}. {_firing(pulse)}"
    newest = ", ".join(f"{clean(name)} to {_day(day)}" for name, day, _ in pulse.sources)
    yield f"Data: {newest}." if newest else "No source has brought any records yet."
    yield from _troubles(pulse)
    yield "The next note like this comes in a week. When it does not come, look at watcher: watcher status."


def _firing(pulse: Pulse) -> str:
    parts = [f"{pulse.firing[level]} {level.value}" for level in reversed(Severity) if pulse.firing.get(level)]
    return f"Firing: {', '.join(parts)} (see: watcher alerts)." if parts else "Nothing fires."


def _troubles(pulse: Pulse) -> list[str]:
    found = [f"The source {clean(name)} cannot be read: {clean(why)}." for name, _, why in pulse.sources if why]
    return [*found, *([f"{counted(pulse.dead, 'message')} given up (see: watcher status)."] if pulse.dead else [])]


def _data(pulse: Pulse) -> str:
    return f"data to {day_text(pulse.data_to)}" if pulse.data_to else "not every source has data"


def _day(day: date | None) -> str:
    return day_text(day) if day else "no day yet"
