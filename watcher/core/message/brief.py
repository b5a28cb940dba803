"""A message for a small screen: few paragraphs, the important ones first, for chat services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watcher.core.message import Desk, Item, Notification
from watcher.core.message.entry import Link
from watcher.core.message.passage import Passage, Section, actions, passage
from watcher.core.message.wording import Letter, letter, worst_first

#: So many alerts of a message about several are listed; the rest is counted.
LISTED = 20
#: So many of them have links of their own.
LINKED = 5
#: The sections in the order in which a phone shows them, and how many entries of each.
_ORDER = {"WHAT": 2, "SURE?": 2, "CHANGED": 3, "NEXT": 1, "DO": 9, "UNKNOWN": 4, "WHERE": 2, "SOURCE": 3, "RECORDS": 4}
#: What only those read who want to know more.
_SMALL = frozenset({"UNKNOWN", "WHERE", "SOURCE", "RECORDS"})


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A few sentences, under a label or without, and links."""

    text: str
    label: str = ""
    links: tuple[Link, ...] = ()
    #: Whether it can be shown small, and left out first.
    is_small: bool = False
    #: Whether it is what must be read.
    is_lead: bool = False


@dataclass(frozen=True, slots=True)
class Brief:
    """One message, short."""

    subject: str
    #: WARNING, ENDED, ...; empty where it is about no alert.
    mark: str
    paragraphs: tuple[Paragraph, ...]
    #: Who sent it and when.
    closing: str
    #: Everything that can be done about it, for channels that have buttons.
    links: tuple[Link, ...] = ()


def brief(notification: Notification, desk: Desk) -> Brief:
    """Put a notification into few words."""
    said = letter(notification, desk)
    items = worst_first(notification.items)
    paragraphs = [Paragraph(line) for line in said.opening]
    if said.overview:
        paragraphs += _overview(said, items, notification, desk)
        links: tuple[Link, ...] = ()
    else:
        paragraphs += [part for each in said.passages for part in _whole(each)]
        links = _links(said.passages)
    mark = passage(items[0], notification, desk).mark if items else ""
    return Brief(said.subject, mark, tuple(paragraphs), ", ".join(said.closing[:1]), links)


def _overview(said: Letter, items: Sequence[Item], notification: Notification, desk: Desk) -> Iterator[Paragraph]:
    for number, (each, item) in enumerate(zip(said.overview[:LISTED], items, strict=False)):
        links = (*each.quoted, *(actions(item, notification, desk) if number < LINKED else ()))
        yield Paragraph(f"{each.headline}. {each.lead[0]}" if number < LINKED else each.headline, each.mark, links)
    more = len(items) - LISTED
    if more > 0:
        yield Paragraph(f"And {more} more: watcher alerts", is_small=True)


def _whole(each: Passage) -> Iterator[Paragraph]:
    yield Paragraph("\n".join(filter(None, each.lead)), is_lead=True)
    by_label = {section.label: section for section in each.sections}
    for label, most in _ORDER.items():
        if label in by_label:
            yield _paragraph(by_label[label], most)


def _paragraph(section: Section, most: int) -> Paragraph:
    entries = section.entries[:most]
    # A record's links would be many; a phone shows the record itself.
    links = tuple(link for entry in entries if section.label == "DO" or entry.is_quote for link in entry.links)
    return Paragraph(
        "\n".join(entry.text for entry in entries if entry.text), section.label, links, is_small=section.label in _SMALL
    )


def _links(passages: Sequence[Passage]) -> tuple[Link, ...]:
    sections = (section for each in passages for section in each.sections if section.label == "DO")
    return tuple(link for section in sections for entry in section.entries for link in entry.links)
