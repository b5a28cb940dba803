"""Wording: a whole message as a letter (subject, opening, passages), and the letter as plain text.

Every channel says the same sentences: the text is laid out here, the HTML in :mod:`watcher.receivers.html`.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from watcher.core.message import Desk, Item, Notification, NotifyReason
from watcher.core.message.entry import Entry
from watcher.core.message.note import alive_line, alive_sentences
from watcher.core.message.passage import Passage, Section, headline, mark, passage
from watcher.core.message.phrase import clean, counted, moment_text
from watcher.core.severity import Severity

#: Columns of the text.
WIDTH = 78
#: Characters of a subject.
SUBJECT_LENGTH = 160
#: So many alerts are told in full, and so many are listed; the rest is counted.
DETAILED = 20
LISTED = 100
#: Columns before what a section says.
_INDENT = 9


@dataclass(frozen=True, slots=True)
class Letter:
    """One message in words."""

    subject: str
    #: What is said before any alert; empty for a message about one.
    opening: tuple[str, ...]
    #: The list at the head of a message about several alerts, each with its mark and its first line.
    overview: tuple[Passage, ...]
    #: The alerts in full.
    passages: tuple[Passage, ...]
    #: What was left out, and where to find it; empty when nothing was.
    more: str
    #: Who sent it and when, and the message's key.
    closing: tuple[str, ...]


def subject(notification: Notification, desk: Desk) -> str:
    """One line of at most 160 characters: how bad, what, how sure."""
    head, tail = _head(notification, desk), _tail(notification)
    return clean(f"{clean(head, limit=SUBJECT_LENGTH - len(tail))}{tail}", limit=SUBJECT_LENGTH)


def letter(notification: Notification, desk: Desk) -> Letter:
    """Put a notification into words."""
    items = worst_first(notification.items)
    listed = tuple(passage(item, notification, desk) for item in items[:LISTED])
    at_start = notification.reason is NotifyReason.STATE_AT_START
    in_full = () if at_start else listed[:DETAILED]
    overview = listed if at_start or len(items) > 1 else ()
    return Letter(
        subject=subject(notification, desk),
        opening=tuple(_opening(notification, desk)),
        overview=overview,
        passages=in_full,
        more=_more(len(items), listed=len(listed), in_full=len(in_full)),
        closing=_closing(notification, desk),
    )


def text(notification: Notification, desk: Desk) -> str:
    """The message as plain text, wrapped at 78 columns."""
    said = letter(notification, desk)
    blocks = [_lines(said.opening), _overview(said)]
    for number, each in enumerate(said.passages, start=1):
        title = f"{number} of {len(notification.items)}. [{each.mark}] {each.headline}" if said.overview else ""
        blocks += [_ruled(title), _lines(each.lead), _sections(each.sections)]
    blocks += [_lines([said.more]), _lines(["--", *said.closing])]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def worst_first(items: Sequence[Item]) -> list[Item]:
    """What goes on before what is over, the worst first, else in the order given."""
    return sorted(items, key=lambda item: (item.is_over, -item.transition.severity.rank))


def _head(notification: Notification, desk: Desk) -> str:
    items = worst_first(notification.items)
    if notification.reason is NotifyReason.DRILL:
        return f"[DRILL] {f'{mark(items[0])} {headline(items[0])}' if items else f'message from {desk.instance}'}"
    if notification.reason is NotifyReason.ALIVE:
        return f"[ALIVE] {alive_line(notification.pulse)}"
    if notification.reason is NotifyReason.STATE_AT_START:
        return f"[STATE AT START] {_held(items)}"
    if not items:
        return f"[INFO] nothing to tell from {desk.instance}"
    first = items[0]
    return f"[{mark(first)}] {_several(notification)}{_note(notification, first)}{headline(first)}"


def _tail(notification: Notification) -> str:
    rest = len(notification.items) - 1
    told = notification.reason not in {NotifyReason.DRILL, NotifyReason.STATE_AT_START}
    return f", and {rest} more" if rest > 0 and told else ""


def _several(notification: Notification) -> str:
    total = len(notification.items)
    if notification.reason is NotifyReason.DIGEST:
        return f"digest of {counted(total, 'alert')}: "
    return f"{total} alerts: " if total > 1 else ""


def _note(notification: Notification, item: Item) -> str:
    """What the mark does not say: that it got worse, or that it is a reminder."""
    if item.is_over:
        return ""
    if notification.reason is NotifyReason.REPEAT:
        return "(reminder) "
    was = clean((item.before or {}).get("severity") or "")
    worse = was in list(Severity) and Severity(was).rank < item.transition.severity.rank
    return f"(was {was}) " if worse else ""


def _held(items: Sequence[Item]) -> str:
    """``3 alerts already hold (1 critical, 2 warning)``."""
    return f"{counted(len(items), 'alert')} already {'holds' if len(items) == 1 else 'hold'} ({_tally(items)})"


def _tally(items: Iterable[Item]) -> str:
    return ", ".join(f"{total} {word.lower()}" for word, total in Counter(mark(item) for item in items).items())


def _opening(notification: Notification, desk: Desk) -> Iterator[str]:
    items = worst_first(notification.items)
    if notification.reason is NotifyReason.DRILL:
        yield "This is a drill: nothing happened, and nobody has to do anything."
        yield f"Messages of {clean(desk.instance)} to {clean(notification.receiver)} arrive this way."
    elif notification.reason is NotifyReason.ALIVE:
        yield from alive_sentences(notification.pulse)
    elif notification.reason is NotifyReason.STATE_AT_START:
        yield f"Watching began: {_held(items)}."
        yield "This is how things stand, not news: from now on you hear of what changes."
    elif len(items) > 1:
        yield f"{len(items)} alerts: {_tally(items)}."
        yield f"{'The first' if items[0].is_over else 'The worst'}: {headline(items[0])}"


def _more(total: int, *, listed: int, in_full: int) -> str:
    """What was left out; a message at the start only lists."""
    parts = [f"Listed: the first {listed} of {total}."] if listed < total else []
    if 0 < in_full < total:
        parts.append(f"In full: the first {in_full}." if parts else f"In full: the first {in_full} of {total}.")
    others = "The others: watcher explain and the fingerprint, which watcher alerts lists."
    return " ".join([*parts, others]) if parts else ""


def _closing(notification: Notification, desk: Desk) -> tuple[str, ...]:
    sent = f"{clean(desk.instance)}, {moment_text(notification.created_at, desk.timezone)}"
    return (sent, f"Message {clean(notification.id)}") if notification.id else (sent,)


def _lines(sentences: Iterable[str]) -> list[str]:
    return [line for each in sentences if each for line in _wrapped(each)]


def _overview(said: Letter) -> list[str]:
    lines: list[str] = []
    for number, each in enumerate(said.overview, start=1):
        word = each.mark if said.passages else each.mark.lower()
        first = f"{number:>3}. {word:<10}"
        lines += _wrapped(each.headline, first=first, rest=" " * len(first))
        if not said.passages:
            lines += _wrapped(f"{each.lead[0]}  Why: {each.explain}", first=" " * len(first), rest=" " * len(first))
    return lines


def _ruled(title: str) -> list[str]:
    return ["-" * WIDTH, *_wrapped(title)] if title else []


def _sections(sections: Iterable[Section]) -> list[str]:
    return [line for section in sections for line in _section(section)]


def _section(section: Section) -> list[str]:
    """The label, and beside it what is said."""
    dash = "- " if section.label == "UNKNOWN" and len(section.entries) > 1 else ""
    lines = [line for entry in section.entries for line in _entry(entry, dash)]
    return [f"{section.label:<{_INDENT}}{lines[0]}", *(f"{'':<{_INDENT}}{line}" for line in lines[1:])]


def _entry(entry: Entry, dash: str) -> list[str]:
    said = _wrapped(entry.text, first=dash, rest=" " * len(dash), width=WIDTH - _INDENT)
    return said + [f"{link.text}: {link.url}" for link in entry.links]


def _wrapped(line: str, *, first: str = "", rest: str = "", width: int = WIDTH) -> list[str]:
    """Lines of at most ``width`` columns; a longer word stands alone. A number and its % stay together."""
    kept = line.replace(" %", "\0%")
    wrapped = textwrap.wrap(
        kept, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return [each.replace("\0%", " %") for each in wrapped]
