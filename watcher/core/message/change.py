"""What changed: the numbers then and now, and what became of the records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from watcher.core.message import Desk, Item
from watcher.core.message.phrase import any_day_text, clean, mapping, moment_of, moment_text, number
from watcher.core.message.record import LATEST
from watcher.core.reading import Kind, Output, Value

#: The outputs whose change since the last message is told, in this order.
_TELLING = ("value", "observed", "count", "ratio", "change", "evidence", "from", "to")
#: What a source does to records, as the evidence names it.
_REVISIONS = ("deleted", "revised", "new")
#: What else may become of them, where the days that are counted have moved.
_MOVES = {"left": "left the window", "entered": "entered the window"}


def since_then(item: Item, desk: Desk) -> str:
    """What changed since the last message: the numbers, and what the source did to the records."""
    last, changes = moment_of(item.changed.get("since")), ", ".join(value_changes(item))
    since = f"Since the last message ({moment_text(last, desk.timezone)})" if last else "Since then"
    what = clean(item.changed.get("what") or "")
    if not changes and not what:
        return "The numbers are the same."
    return f"{since}: {'; '.join(filter(None, (changes or 'the numbers are the same', what)))}."


def value_changes(item: Item) -> Iterator[str]:
    """``ratio 1.315 → 0.940`` for each telling output that differs from the last message."""
    for name in _TELLING:
        before, after = item.previous_values.get(name), item.transition.values.get(name)
        shown = (value_text(item.outputs.get(name), before), value_text(item.outputs.get(name), after))
        if before is not None and after is not None and shown[0] != shown[1]:
            yield f"{name} {shown[0]} → {shown[1]}"


def value_text(output: Output | None, value: object) -> str:
    """A value in its output's unit; without one, whole numbers as counts and others with four digits."""
    if output is None:
        kind = Kind.COUNT if isinstance(value, float | int) and float(value).is_integer() else Kind.NUMBER
        output = Output("", kind, "")
    if output.kind is Kind.DATE:
        return any_day_text(value)
    plain: Value = value if isinstance(value, str | int | float | date) or value is None else str(value)
    return clean(output.format(plain))


def revisions(item: Item) -> str:
    """What became of the records: ``1 deleted (MOZ7), 0 revised, 2 new``."""
    difference = mapping(item.transition.evidence.get("difference") if item.is_withdrawn else item.changed)
    if difference.keys().isdisjoint(_REVISIONS):
        return ""
    parts = [_counted_ids(difference, verb) for verb in _REVISIONS]
    parts += [part for verb in _MOVES if not (part := _counted_ids(difference, verb)).startswith("0")]
    return f"Records: {', '.join(parts)}."


def _counted_ids(difference: Mapping[str, object], verb: str) -> str:
    """How many records something became of, and which: ``2 new (MOZ7, MOZ8)``."""
    ids, counts = _ids(difference.get(verb)), mapping(difference.get("counts"))
    in_all = _total(counts.get(verb)) or len(ids) or _total(difference.get(verb))
    some = ", ".join([*ids[:LATEST], *(["..."] if in_all > LATEST else [])])
    return f"{in_all} {_MOVES.get(verb, verb)}{f' ({some})' if some else ''}"


def _ids(value: object) -> list[str]:
    """The ids of revised records, from a list of ids or of records."""
    parts = value if isinstance(value, list | tuple) else ()
    return [clean(part.get("id") if isinstance(part, Mapping) else part, limit=80) for part in parts]


def _total(value: object) -> int:
    return int(number(value) or 0)
